using System.CommandLine;
using Ordinal.Operator.Hosting;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Leadership;

namespace Ordinal.Operator.Cli;

/// <summary><c>ordinal run</c>: the operator.</summary>
internal static class RunCommand
{
    private static readonly Option<string?> Kubeconfig = new("--kubeconfig") { Description = "Path of a kubeconfig. Default: KUBECONFIG, ~/.kube/config, or the pod's own service account." };

    private static readonly Option<string[]> Namespaces = new("--namespaces")
    {
        Description = "Namespaces to watch, separated by commas or blanks. Default: all.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> LeaderElect = new("--leader-elect") { Description = "Act only while holding a lease. Only a single process may do without.", DefaultValueFactory = _ => true };

    private static readonly Option<string?> LeaderElectNamespace = new("--leader-elect-namespace") { Description = "Namespace of the lease. Default: the pod's own, else default." };

    private static readonly Option<string> LeaderElectName = new("--leader-elect-name") { Description = "Name of the lease.", DefaultValueFactory = _ => OperatorComposition.LeaseName };

    private static readonly Option<TimeSpan> LeaseDuration = Seconds("--lease-duration", "How long others wait before they take over a lease that is not renewed.", 15);

    private static readonly Option<TimeSpan> RenewDeadline = Seconds("--renew-deadline", "How long after its last renewal a leader stops acting.", 10);

    private static readonly Option<TimeSpan> RetryPeriod = Seconds("--retry-period", "Time between two tries at the lease.", 2);

    private static readonly Option<TimeSpan> RequestTimeout = Seconds("--request-timeout", "Longest time for one request. Must be shorter than lease duration minus renew deadline: then no write of a leader that lost its lease arrives under the next one.", 4);

    private static readonly Option<string> HealthAddress = Address("--health-probe-bind-address", "Where /healthz and /readyz are served: IP:PORT, :PORT for every interface, as in a pod, or 0 for nowhere.", "127.0.0.1:8081");

    private static readonly Option<string> MetricsAddress = Address("--metrics-bind-address", "Where /metrics is served: IP:PORT, :PORT for every interface, as in a pod, or 0 for nowhere. May equal the health address.", "127.0.0.1:8080");

    private static readonly Option<int> MaxActiveRollouts = new("--max-active-rollouts") { Description = "How many rollouts may be under way in the cluster at a time.", DefaultValueFactory = _ => 50 };

    private static readonly Option<string> LogFormat = new("--log-format") { Description = "text or json.", DefaultValueFactory = _ => "text" };

    private static readonly Option<string> LogLevelOption = new("--log-level") { Description = "debug, info, warning or error.", DefaultValueFactory = _ => "info" };

    private static readonly Option<string> Gates = new("--gates") { Description = "UNSAFE: off asks the workload nothing. For the demonstration's counter-proof only.", DefaultValueFactory = _ => "on", Hidden = true };

    public static Command Create()
    {
        LogFormat.AcceptOnly("text", "json");
        LogLevelOption.AcceptOnly("debug", "info", "warning", "error");
        Gates.AcceptOnly("on", "off");
        MaxActiveRollouts.AcceptWhole(1);
        var command = new Command("run", "Run the operator against a cluster until SIGTERM or Ctrl-C.")
        {
            Kubeconfig, Namespaces, LeaderElect, LeaderElectNamespace, LeaderElectName, LeaseDuration, RenewDeadline, RetryPeriod, RequestTimeout,
            HealthAddress, MetricsAddress, MaxActiveRollouts, LogFormat, LogLevelOption, Gates,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            var identity = $"{Environment.MachineName}_{Guid.NewGuid():N}"[..Math.Min(63, Environment.MachineName.Length + 9)];
            return await OperatorHost.RunAsync(
                new OperatorHostSettings
                {
                    KubeconfigPath = parsed.GetValue(Kubeconfig),
                    Health = Parse(parsed.GetRequiredValue(HealthAddress)),
                    Metrics = Parse(parsed.GetRequiredValue(MetricsAddress)),
                    IsJsonLog = parsed.GetRequiredValue(LogFormat) == "json",
                    LogLevel = parsed.GetRequiredValue(LogLevelOption),
                    Options = new OperatorOptions
                    {
                        Namespaces = [.. parsed.GetRequiredValue(Namespaces).SelectMany(each => each.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal)],
                        Identity = identity,
                        RequestTimeout = parsed.GetValue(RequestTimeout),
                        MaxActiveRollouts = parsed.GetValue(MaxActiveRollouts),
                        Gates = parsed.GetRequiredValue(Gates) == "off" ? GatesMode.Off : GatesMode.On,
                        LeaderElection = parsed.GetValue(LeaderElect)
                            ? new LeaseElectorSettings(new NamespacedName(parsed.GetValue(LeaderElectNamespace) ?? OwnNamespace(), parsed.GetRequiredValue(LeaderElectName)), identity)
                            {
                                LeaseDuration = parsed.GetValue(LeaseDuration),
                                RenewDeadline = parsed.GetValue(RenewDeadline),
                                RetryPeriod = parsed.GetValue(RetryPeriod),
                            }
                            : null,
                    },
                },
                error,
                cancellationToken);
        });
        return command;
    }

    /// <summary>The namespace of the pod that this runs in; <c>default</c> outside one.</summary>
    private static string OwnNamespace()
    {
        const string File = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
        try
        {
            return System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).Trim() : "default";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "default";
        }
    }

    private static BindAddress? Parse(string text) => BindAddress.TryParse(text, out var address, out var problem) ? address : throw new FormatException(problem);

    /// <summary>An address that cannot be read is refused before anything runs.</summary>
    private static Option<string> Address(string name, string description, string address)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => address };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !BindAddress.TryParse(result.Tokens[0].Value, out _, out var problem))
            {
                result.AddError($"{name} {result.Tokens[0].Value}: {problem}; {BindAddress.Forms}.");
            }
        });
        return option;
    }

    private static Option<TimeSpan> Seconds(string name, string description, int seconds) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => TimeSpan.FromSeconds(seconds),
        CustomParser = result =>
        {
            if (result.Tokens.Count == 1 && Api.Durations.TryParse(result.Tokens[0].Value, out var value) && value > TimeSpan.Zero)
            {
                return value;
            }

            result.AddError($"{name} {string.Join(' ', result.Tokens.Select(token => token.Value))}: write a duration above 0, as 15s or 1m30s.");
            return default;
        },
    };
}
