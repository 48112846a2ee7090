using System.CommandLine;
using System.Text.Json.Nodes;
using Ordinal.Operator.View;
using Ordinal.Runtime.Crds;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal get</c>: the tree of a rollout, a policy or a StatefulSet.</summary>
internal static class GetCommand
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    private static readonly Argument<string?> Target = new("target") { Description = "rop/NAME, stsr/NAME, sts/NAME or a bare name; all policies when absent.", Arity = ArgumentArity.ZeroOrOne };

    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Go on showing changes: redrawn in place on a terminal, else one line a change." };

    private static readonly Option<string> Format = new("--output", "-o") { Description = "tree, wide (nothing is cut, pods with node and address), json, yaml or name.", DefaultValueFactory = _ => "tree" };

    private static readonly Option<bool> Ascii = new("--ascii") { Description = "Draw the tree in ASCII." };

    private static readonly Option<bool> NoColor = new("--no-color") { Description = "No colours; as the variable NO_COLOR." };

    public static Command Create()
    {
        Format.AcceptOnly("tree", "wide", "json", "yaml", "name");
        return new Command("get", "Show a rollout, a policy or a StatefulSet as a tree, with the reason why each pod waits.") { Target, Watch, Format, Ascii, NoColor }
            .WithCluster(takesAll: true, RunAsync);
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var format = parsed.GetRequiredValue(Format);
        var lookup = new Lookup(session);
        var target = parsed.GetValue(Target) is { } word ? TargetRef.Parse(word) : null;
        if (parsed.GetValue(Watch))
        {
            return target is not null && format is "tree" or "wide"
                ? await WatchAsync(session, parsed, target, cancellationToken)
                : throw CliProblem.Usage("-w shows the tree of one object: name it, and leave -o out.");
        }

        List<Subject> subjects = [];
        if (target is not null)
        {
            subjects.Add(await lookup.FindAsync(target, cancellationToken));
        }
        else
        {
            subjects.AddRange((await session.ListAsync(TargetRef.Policies, session.Namespace, null, cancellationToken)).Select(policy => new Subject(TargetKind.Policy, policy, policy)));
        }

        if (subjects.Count == 0)
        {
            await session.Error.WriteLineAsync($"No RolloutPolicy {(session.Namespace is null ? "in any namespace" : $"in namespace {session.Namespace}")}.");
        }

        switch (format)
        {
            case "name":
                foreach (var subject in subjects)
                {
                    await session.Output.WriteLineAsync(NameOf(subject.Object));
                }

                break;
            case "json" or "yaml":
                await WriteAsync(session.Output, target is not null ? subjects[0].Object : ListOf(subjects.Select(each => each.Object)), format);
                break;
            default:
                for (var at = 0; at < subjects.Count; at++)
                {
                    await session.Output.WriteAsync(at > 0 ? Environment.NewLine : "");
                    await WriteTreeAsync(session, parsed, await lookup.PictureAsync(subjects[at], cancellationToken));
                }

                break;
        }

        return ExitCodes.Success;
    }

    /// <summary>Writes an object as JSON or YAML, without managed fields, as kubectl does.</summary>
    public static async Task WriteAsync(TextWriter output, JsonObject document, string format)
    {
        foreach (var each in (document["items"] as JsonArray)?.OfType<JsonObject>() ?? [document])
        {
            (each["metadata"] as JsonObject)?.Remove("managedFields");
        }

        await output.WriteAsync(format == "yaml" ? YamlWriter.Write(document) : document.ToJsonString(Indented) + Environment.NewLine);
    }

    /// <summary>Joins objects to a list, as kubectl prints several.</summary>
    public static JsonObject ListOf(IEnumerable<JsonObject> objects) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "List",
        ["items"] = new JsonArray([.. objects.Select(each => each.DeepClone())]),
    };

    /// <summary>Returns an object's name with its kind, as <c>kubectl -o name</c> prints it.</summary>
    public static string NameOf(JsonObject document)
    {
        var group = document.Text("apiVersion").Split('/') is [var named, _] ? "." + named : "";
        return $"{document.Text("kind").ToLowerInvariant()}{group}/{document.Name()}";
    }

    private static readonly System.Text.Json.JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static async Task WriteTreeAsync(CliSession session, ParseResult parsed, ClusterPicture picture)
    {
        var abilities = AbilitiesOf(session, parsed);
        var isWide = parsed.GetRequiredValue(Format) == "wide";
        var width = isWide || !abilities.IsAnimated ? int.MaxValue : Console.WindowWidth - 1;
        foreach (var line in TreeRenderer.Render(TreeBuilder.Build(picture, session.Now, hasPlaces: isWide), new RenderOptions(width, abilities.Glyphs, abilities.HasColor)))
        {
            await session.Output.WriteLineAsync(line);
        }
    }

    private static async Task<int> WatchAsync(CliSession session, ParseResult parsed, TargetRef target, CancellationToken cancellationToken)
    {
        var lookup = new Lookup(session);
        await using var feed = new ChangeFeed(session, session.Namespace, TargetRef.Policies, TargetRef.Rollouts, TargetRef.StatefulSets, Runtime.Entities.ResourceKind.Of<k8s.Models.V1Pod>());
        var screen = new Screen(session.Output, AbilitiesOf(session, parsed), () => (Console.WindowWidth, Console.WindowHeight), session.Time);
        while (true)
        {
            screen.Show(await lookup.PictureAsync(await lookup.FindAsync(target, cancellationToken), cancellationToken), "watching, Ctrl-C leaves");

            // At most every second: a read of everything costs the server more than a frame costs us.
            await feed.WaitAsync(TimeSpan.FromSeconds(5), cancellationToken);
            await Task.Delay(Refresh, session.Time, cancellationToken);
        }
    }

    private static ScreenAbilities AbilitiesOf(CliSession session, ParseResult parsed)
    {
        // Tests, and whoever embeds the command line, give a writer of their own.
        var isTerminal = ReferenceEquals(session.Output, Console.Out) && !Console.IsOutputRedirected;
        return ScreenAbilities.Decide(!isTerminal, name => name == "NO_COLOR" && parsed.GetValue(NoColor) ? "1" : Environment.GetEnvironmentVariable(name), parsed.GetValue(Ascii));
    }
}
