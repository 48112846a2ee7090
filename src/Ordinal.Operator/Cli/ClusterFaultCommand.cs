using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Faults;
using Ordinal.ControlPlane.Nodes;

namespace Ordinal.Operator.Cli;

/// <summary><c>ordinal cluster fault</c>: makes a running embedded cluster go wrong, and right again.</summary>
internal static class ClusterFaultCommand
{
    private static readonly Option<string?> Kubeconfig = ClusterEndpoint.KubeconfigOption();

    private static readonly Option<string[]> Verb = new("--verb") { Description = "Verb of the requests that are hit: get, list, watch, create, update, patch, delete, deletecollection; may be given several times. Default: all." };

    private static readonly Option<string[]> Resource = new("--resource") { Description = "Resource, with group and subresource where it has one: pods, statefulsets.apps, pods/eviction; may be given several times. Default: all." };

    private static readonly Option<string?> Namespace = new("--namespace", "-n") { Description = "Only requests in this namespace." };

    private static readonly Option<string?> Name = new("--name") { Description = "Only requests about the object of this name." };

    private static readonly Option<string?> UserAgent = new("--user-agent") { Description = "Only clients whose User-Agent begins so; * for all. Default: every client but the cluster's own controllers, scheduler and kubelets." };

    private static readonly Option<int?> Code = new("--code") { Description = "Answer with this code: 409, 410, 429 (flow control, with Retry-After), 500, 503, 504, or any other from 400 to 599." };

    private static readonly Option<string?> RetryAfter = new("--retry-after") { Description = "What the refusal says in Retry-After. Default: 1s with 429, nothing otherwise." };

    private static readonly Option<string?> Latency = new("--latency") { Description = "Hold the answer, or each event of a watch, back for so long: 200ms." };

    private static readonly Option<bool> Drop = new("--drop") { Description = "Drop the connection instead of an answer; of a watch, at its next event." };

    private static readonly Option<bool> Afterwards = new("--afterwards") { Description = "Carry the request out first: only its answer is lost or replaced." };

    private static readonly Option<double?> Rate = new("--rate") { Description = "Share of the requests that are hit, 0.1 for every tenth. Default: 1." };

    private static readonly Option<int?> Count = new("--count") { Description = "Over after so many hits." };

    private static readonly Option<string?> For = new("--for") { Description = "Over after so long: 30s." };

    public static Command Create()
    {
        Kubeconfig.Recursive = true;
        return new Command("fault", "Make a running embedded cluster go wrong, and right again.")
        {
            Kubeconfig,
            ApiCommand(),
            WatchesCommand(),
            PodCommand(),
            NodeCommand(),
            ListCommand(),
            ClearCommand(),
        };
    }

    private static Command ApiCommand()
    {
        foreach (var duration in new[] { RetryAfter, Latency, For })
        {
            duration.AcceptDuration(takesZero: true, "500ms or 30s");
        }

        Verb.AcceptOnly([.. FaultRule.KnownVerbs]);
        Code.AcceptWhole(400, 599);
        Rate.AcceptShare();
        Count.AcceptWhole(1);
        var command = new Command("api", "Refuse, delay or drop requests to the API server until cleared, for a time, or a number of times.")
        {
            Verb, Resource, Namespace, Name, UserAgent, Code, RetryAfter, Latency, Drop, Afterwards, Rate, Count, For,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(Code) is null && result.GetResult(Latency) is null && result.GetResult(Drop) is null or { Implicit: true })
            {
                result.AddError("What is to go wrong? Give --code, --latency or --drop.");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var rule = Filter(parsed);
            Set(rule, "code", parsed.GetValue(Code));
            Set(rule, "retryAfter", parsed.GetValue(RetryAfter));
            Set(rule, "latency", parsed.GetValue(Latency));
            Set<bool?>(rule, "drop", parsed.GetValue(Drop) ? true : null);
            Set<bool?>(rule, "afterwards", parsed.GetValue(Afterwards) ? true : null);
            Set(rule, "rate", parsed.GetValue(Rate));
            Set(rule, "count", parsed.GetValue(Count));
            Set(rule, "for", parsed.GetValue(For));
            return SendAsync(parsed, "POST", "faults", rule, null, cancellationToken);
        });
        return command;
    }

    private static Command WatchesCommand()
    {
        var compact = new Option<bool>("--compact") { Description = "Also forget the past, so that resuming them is answered with 410." };
        var command = new Command("watches", "Drop the connections of open watches, once.") { Resource, Namespace, UserAgent, compact };
        command.SetAction((parsed, cancellationToken) =>
            SendAsync(parsed, "POST", parsed.GetValue(compact) ? "watches/drop?compact=true" : "watches/drop", Filter(parsed), null, cancellationToken));
        return command;
    }

    private static Command PodCommand()
    {
        var ns = new Option<string>("--namespace", "-n") { Description = "Namespace of the pod.", DefaultValueFactory = _ => "default" };
        var pod = new Argument<string>("pod") { Description = "Name of the pod." };
        var what = new Argument<string>("what")
        {
            Description = "crash (exit code 1), kill (KILL), hang (no probe passes, TERM is not heard), unready (the readiness probe fails), or recover (from hang and unready).",
        };
        what.AcceptOnly([.. Enum.GetNames<PodAffliction>().Select(name => name.ToLowerInvariant())]);
        var command = new Command("pod", "Make something befall a pod that runs.") { pod, what, ns };
        command.SetAction((parsed, cancellationToken) => SendAsync(
            parsed, "POST", $"pods/{Escape(parsed.GetRequiredValue(ns))}/{Escape(parsed.GetRequiredValue(pod))}/{parsed.GetRequiredValue(what)}", null, null, cancellationToken));
        return command;
    }

    private static Command NodeCommand()
    {
        var node = new Argument<string>("node") { Description = "Name of the node." };
        var what = new Argument<string>("what") { Description = "down (as if its power went: no heartbeats, no status, its pods are gone) or up." };
        what.AcceptOnly("down", "up");
        var command = new Command("node", "Lose a node, or bring it back.") { node, what };
        command.SetAction((parsed, cancellationToken) =>
            SendAsync(parsed, "POST", $"nodes/{Escape(parsed.GetRequiredValue(node))}/{parsed.GetRequiredValue(what)}", null, null, cancellationToken));
        return command;
    }

    private static Command ListCommand()
    {
        var command = new Command("list", "Show the faults that are not over, and the nodes that are down.");
        command.SetAction((parsed, cancellationToken) => SendAsync(parsed, "GET", "faults", null, Print, cancellationToken));
        return command;
    }

    private static Command ClearCommand()
    {
        var id = new Argument<int?>("id") { Description = "Number of the fault. Default: all.", Arity = ArgumentArity.ZeroOrOne };
        id.AcceptWhole(1);
        var command = new Command("clear", "Clear one fault of the API server, or all. Pods recover and nodes come up by verbs of their own.") { id };
        command.SetAction((parsed, cancellationToken) => SendAsync(
            parsed, "DELETE", parsed.GetValue(id) is { } number ? string.Create(CultureInfo.InvariantCulture, $"faults/{number}") : "faults", null, null, cancellationToken));
        return command;
    }

    private static string Print(JsonElement document)
    {
        var lines = document.ItemsAt("faults").Select(fault => string.Create(CultureInfo.InvariantCulture, $"{fault.NumberAt("id")}  {fault.TextAt("text")}"))
            .Concat(document.ItemsAt("nodesDown").Select(node => $"node {node.GetString()} is down"))
            .ToList();
        return lines.Count == 0 ? "no faults" : string.Join('\n', lines);
    }

    private static JsonObject Filter(ParseResult parsed)
    {
        var rule = new JsonObject();
        SetList(rule, "verbs", parsed.GetValue(Verb));
        SetList(rule, "resources", parsed.GetValue(Resource));
        Set(rule, "namespace", parsed.GetValue(Namespace));
        Set(rule, "name", parsed.GetValue(Name));
        Set(rule, "userAgent", parsed.GetValue(UserAgent));
        return rule;
    }

    private static void Set<T>(JsonObject rule, string name, T value)
    {
        if (value is not null)
        {
            rule[name] = JsonValue.Create(value);
        }
    }

    private static void SetList(JsonObject rule, string name, string[]? values)
    {
        if (values is { Length: > 0 })
        {
            rule[name] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
        }
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static Task<int> SendAsync(ParseResult parsed, string method, string path, JsonObject? body, Func<JsonElement, string>? print, CancellationToken cancellationToken) =>
        ClusterEndpoint.SendAsync(parsed, parsed.GetValue(Kubeconfig), method, path, body, print, cancellationToken);
}
