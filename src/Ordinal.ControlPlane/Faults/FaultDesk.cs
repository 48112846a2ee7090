using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Faults;

/// <summary>
/// Takes the orders of <c>ordinal cluster fault</c> and <c>down</c> over the API server's own door, below <c>/ordinal/v1</c>: behind
/// the same authentication, and never hit by a fault itself.
/// <code>
/// GET    /ordinal/v1/faults                       the rules
/// POST   /ordinal/v1/faults                       adds one (see <see cref="FaultRule.Read"/>)
/// DELETE /ordinal/v1/faults[/ID]                  clears all, or one
/// POST   /ordinal/v1/watches/drop[?compact=true]  drops open watches; the body filters like a rule
/// POST   /ordinal/v1/pods/NAMESPACE/NAME/crash    or kill, hang, unready, recover
/// POST   /ordinal/v1/nodes/NAME/down              or up
/// POST   /ordinal/v1/down                         ends the cluster
/// </code>
/// </summary>
/// <param name="plan">The faults of the API server.</param>
/// <param name="cluster">The cluster.</param>
/// <param name="timeProvider">Clock of the faults' ends.</param>
public sealed class FaultDesk(FaultPlan plan, EmbeddedCluster cluster, TimeProvider timeProvider)
{
    private const string Root = "/ordinal/v1/";
    private readonly TaskCompletionSource down = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets a task that ends when somebody has asked the cluster to end.</summary>
    public Task DownRequested => down.Task;

    /// <summary>Answers an order; null when the path is none of ours.</summary>
    public async Task<ApiAnswer?> AnswerAsync(ApiCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (!call.Path.StartsWith(Root, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            string[] path = [.. call.Path[Root.Length..].Split('/').Select(Uri.UnescapeDataString)];
            return (call.Method, path) switch
            {
                ("GET", ["faults"]) => List(),
                ("POST", ["faults"]) => Said($"fault {plan.Add(FaultRule.Read(Body(call), timeProvider.GetUtcNow())).Id} added"),
                ("DELETE", ["faults"]) => Said(string.Create(CultureInfo.InvariantCulture, $"{plan.Clear(null)} faults cleared")),
                ("DELETE", ["faults", var id]) => Clear(id),
                ("POST", ["watches", "drop"]) => DropWatches(call),
                ("POST", ["pods", var space, var name, var what]) => Afflict(new ObjectKey(space, name), what),
                ("POST", ["nodes", var name, var what]) => await MoveAsync(name, what, cancellationToken),
                ("POST", ["down"]) => Down(),
                _ => Refused(404, "NotFound", "there is no such order; see ordinal cluster fault --help"),
            };
        }
        catch (FormatException e)
        {
            return Refused(400, "BadRequest", e.Message);
        }
        catch (JsonException e)
        {
            return Refused(400, "BadRequest", $"the body is no JSON: {e.Message}");
        }
    }

    private static JsonObject Body(ApiCall call) =>
        call.Body.IsEmpty ? [] : JsonNode.Parse(call.Body.Span) as JsonObject ?? throw new FormatException("the body is no object");

    private static ApiAnswer Said(string message) => new(200, JsonText.Write(new JsonObject { ["message"] = message }));

    private static ApiAnswer Refused(int code, string reason, string message) => new ApiRefusalException(code, reason, message).ToAnswer();

    private ApiAnswer List()
    {
        DateTimeOffset now = timeProvider.GetUtcNow();
        return new ApiAnswer(200, JsonText.Write(new JsonObject
        {
            ["faults"] = new JsonArray([.. plan.Rules.Select(rule => new JsonObject { ["id"] = rule.Id, ["text"] = rule.Describe(now), ["hits"] = rule.Hits })]),
            ["nodesDown"] = new JsonArray([.. cluster.Agents.Where(agent => !agent.IsUp).Select(agent => JsonValue.Create(agent.Node.Name))]),
        }));
    }

    private ApiAnswer Clear(string id) =>
        int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && plan.Clear(number) > 0
            ? Said($"fault {id} cleared")
            : Refused(404, "NotFound", $"there is no fault {id}; ordinal cluster fault list shows those that are");

    private ApiAnswer DropWatches(ApiCall call)
    {
        JsonObject filter = Body(call);
        filter["drop"] = true;
        FaultRule rule = FaultRule.Read(filter, timeProvider.GetUtcNow());
        bool compacts = call.Query.Contains("compact=true", StringComparison.Ordinal);
        if (compacts)
        {
            cluster.Server.Store.Compact();
        }

        int dropped = plan.DropWatches(rule);
        return Said(string.Create(CultureInfo.InvariantCulture, $"{dropped} watches dropped{(compacts ? "; resuming them from an older version is answered with 410" : "")}"));
    }

    private ApiAnswer Afflict(ObjectKey pod, string what)
    {
        if (!Enum.TryParse(what, ignoreCase: true, out PodAffliction affliction) || !Enum.IsDefined(affliction) || char.IsAsciiDigit(what[0]))
        {
            return Refused(400, "BadRequest", $"there is no \"{what}\"; known are {string.Join(", ", Enum.GetNames<PodAffliction>().Select(name => name.ToLowerInvariant()))}");
        }

        return cluster.Agents.Any(agent => agent.Afflict(pod, affliction))
            ? Said($"pod {pod}: {affliction.ToString().ToLowerInvariant()}")
            : Refused(404, "NotFound", $"no node of this cluster runs pod {pod}; see kubectl get pods -A -o wide");
    }

    private async Task<ApiAnswer> MoveAsync(string name, string what, CancellationToken cancellationToken)
    {
        if (cluster.Agents.FirstOrDefault(agent => agent.Node.Name == name) is not { } node)
        {
            return Refused(404, "NotFound", $"there is no node {name} in this cluster; its nodes are {string.Join(", ", cluster.Agents.Select(agent => agent.Node.Name))}");
        }

        switch (what)
        {
            case "down":
                await node.StopAsync();
                return Said($"node {name} is down");
            case "up":
                await node.StartAsync(cancellationToken);
                return Said($"node {name} is up");
            default:
                return Refused(400, "BadRequest", $"there is no \"{what}\"; a node goes down or up");
        }
    }

    private ApiAnswer Down()
    {
        down.TrySetResult();
        return Said("the cluster ends");
    }
}
