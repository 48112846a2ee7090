using System.CommandLine;
using System.Globalization;
using System.Text;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Metrics;

namespace Ordinal.Operator.Cli;

/// <summary>Pages of <c>docs/</c> that are made from the code, so that they cannot fall behind it.</summary>
public static class ReferencePages
{
    private const string Notice = "<!-- Made from the code by `make generate`. Do not edit. -->\n";

    /// <summary>Returns all pages: path from the repository's root, and content.</summary>
    public static IReadOnlyList<(string Path, string Content)> All() =>
    [
        ("docs/reference/cli.md", CommandLine(CommandRoot.Create())),
        ("docs/reference/metrics.md", Metrics(MetricRegistry.All)),
        ("docs/runbook.md", Runbook(ReasonCodes.All)),
    ];

    /// <summary>Writes the runbook: one heading for each reason code, which events, conditions and alerts can point to.</summary>
    public static string Runbook(IEnumerable<ReasonCode> codes)
    {
        var page = new StringBuilder(Notice).Append("""
            # Runbook

            Every reason that Ordinal gives has a heading here, spelled as in conditions, events and metrics. Read the message
            beside the reason first: it names the object, the fact and what to do.

            "Needs you" means that nothing will happen by itself; the object's condition `Stalled` is True then.

            """.ReplaceLineEndings("\n"));
        foreach (var area in codes.GroupBy(c => c.Area).OrderBy(g => g.Key))
        {
            page.Append("\n## ").Append(Title(area.Key)).Append('\n');
            foreach (var code in area.OrderBy(c => c.Code, StringComparer.Ordinal))
            {
                page.Append("\n### ").Append(code.Code).Append("\n\n").Append(code.Meaning).Append('\n');
                page.Append("\n- What to do: ").Append(code.Remedy).Append('\n');
                page.Append("- Needs you: ").Append(code.NeedsHuman ? "yes" : "no").Append('\n');
            }
        }

        return page.ToString();
    }

    /// <summary>Writes the reference of the metrics.</summary>
    public static string Metrics(IEnumerable<MetricDefinition> metrics)
    {
        var page = new StringBuilder(Notice).Append("""
            # Metrics

            Served at `/metrics` on `--metrics-bind-address`. The names of controller-runtime are verbatim, so its dashboards work. No label is called `namespace`,
            `pod`, `job` or `instance`: those are the scraper's own. The series of a policy go when the policy goes; no counter or histogram has a pod's name.

            | Metric | Type | Labels | Meaning |
            | --- | --- | --- | --- |

            """.ReplaceLineEndings("\n"));
        foreach (var metric in metrics)
        {
            page.Append("| `").Append(metric.Name).Append("` | ").Append(metric.Type.ToString().ToLowerInvariant()).Append(" | ")
                .Append(string.Join(", ", metric.Labels.Select(label => $"`{label}`"))).Append(" | ").Append(metric.Help);
            if (!metric.Buckets.IsEmpty)
            {
                page.Append(" Buckets: ").Append(string.Join(' ', metric.Buckets.Select(bound => bound.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant()))).Append('.');
            }

            page.Append(" |\n");
        }

        return page.ToString();
    }

    /// <summary>Writes the reference of a command with all that is below it; what is hidden stays out.</summary>
    public static string CommandLine(Command root)
    {
        ArgumentNullException.ThrowIfNull(root);
        var page = new StringBuilder(Notice).Append("# Command line\n\n").Append(root.Description).Append("""


            With `kubectl-ordinal`, which lies beside the program, on the PATH, each verb is there as `kubectl ordinal VERB` too. Data goes to standard
            output, progress and problems to standard error. Without a terminal nothing is redrawn and nothing is asked.

            Objects are named as `rop/NAME` (RolloutPolicy), `stsr/NAME` (StatefulSetRollout), `sts/NAME`, or by a bare name: then a policy goes
            before a rollout, and a rollout before a StatefulSet.

            """.ReplaceLineEndings("\n"));
        foreach (var (verb, command, inherited) in Below(root, "", []))
        {
            page.Append("\n## ordinal ").Append(string.Join(' ', command.Arguments.Select(Placeholder).Prepend(verb))).Append("\n\n");
            page.Append(command.Description).Append('\n');
            if (command.Arguments.Count > 0)
            {
                page.Append("\n| Argument | Meaning |\n| --- | --- |\n");
                foreach (var argument in command.Arguments)
                {
                    page.Append("| `").Append(Placeholder(argument)).Append("` | ").Append(Cell(argument.Description)).Append(" |\n");
                }
            }

            var options = command.Options.Concat(inherited).Where(o => !o.Hidden && o.Name is not ("--help" or "--version")).OrderBy(o => o.Name, StringComparer.Ordinal).ToArray();
            if (options.Length == 0)
            {
                continue;
            }

            page.Append("\n| Option | Default | Meaning |\n| --- | --- | --- |\n");
            foreach (var option in options)
            {
                page.Append("| ").Append(string.Join(", ", option.Aliases.Order(StringComparer.Ordinal).Prepend(option.Name).Select(name => $"`{name}`"))).Append(" | ").Append(Default(option)).Append(" | ").Append(Cell(option.Description)).Append(" |\n");
            }
        }

        return page.Append("""

            ## Exit codes

            | Code | Meaning |
            | --- | --- |
            | 0 | Done. |
            | 1 | The rollout failed or was rolled back, a policy could not be let go of, the proof of a demo did not hold, or the operator broke. |
            | 2 | The command line is wrong, or what it names does not exist or does not allow it. Nothing was touched. |
            | 3 | Time was up while the rollout went on; from `status` without `--wait`: it is still under way. |
            | 4 | The rollout was cancelled or superseded. |
            | 5 | The API server cannot be reached, or does not let us. |
            | 130 | Ctrl-C. |

            """.ReplaceLineEndings("\n")).ToString();
    }

    /// <summary>The commands below one, with the options that each has from those above it, which its help shows too.</summary>
    private static IEnumerable<(string Verb, Command Command, IReadOnlyList<Option> Inherited)> Below(Command parent, string prefix, IReadOnlyList<Option> above)
    {
        IReadOnlyList<Option> inherited = [.. above, .. parent.Options.Where(option => option.Recursive)];
        return parent.Subcommands.Where(c => !c.Hidden).OrderBy(c => c.Name, StringComparer.Ordinal)
            .SelectMany(c => Below(c, $"{prefix}{c.Name} ", inherited).Prepend(($"{prefix}{c.Name}", c, inherited)));
    }

    private static string Placeholder(Argument argument) => argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.Name.ToUpperInvariant()}]" : argument.Name.ToUpperInvariant();

    private static string? Cell(string? text) => text?.Replace("|", "\\|", StringComparison.Ordinal);

    private static string Default(Option option) =>
        !option.HasDefaultValue ? ""
        : option.GetDefaultValue() switch
        {
            null => "",
            bool value => value ? "`true`" : "`false`",
            TimeSpan value => $"`{value.TotalSeconds}s`",
            string value => value.Length == 0 ? "" : $"`{value}`",
            System.Collections.IEnumerable => "",
            var value => $"`{value}`",
        };

    private static string Title(ReasonArea area) => area switch
    {
        ReasonArea.Policy => "Policies",
        ReasonArea.Rollout => "Rollouts",
        ReasonArea.Hold => "Why a pod or a rollout waits",
        ReasonArea.Gate => "Gates",
        ReasonArea.Notice => "Notices",
    };
}
