using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Simulation.Operating;

/// <summary>What a scenario draws to happen while the sets roll: changes, faults and deaths.</summary>
internal sealed partial class Scenario
{
    private void DrawStorm()
    {
        int length = isLong ? random.Next(60, 400) : StormLengths.Draw(random);
        bug?.Storm?.Invoke(Stage);
        foreach (SetPlan set in Stage.Sets)
        {
            int first = random.Next(length / 2);
            if (isLong || random.Next(3) > 0)
            {
                At(first, () => ChangeTemplate(set));
            }

            for (int more = random.Next(isLong ? 6 : StormLengths.MostEvents(length) + 1); more > 0; more--)
            {
                DrawEvent(set, random.Next(length));
            }

            if (set.MayBeReleasedByOthers)
            {
                At(random.Next(length), () => Release(set));
            }
        }

        for (int deaths = bug is null ? random.Next(isLong ? 3 : StormLengths.MostDeaths(length) + 1) : 0; deaths > 0; deaths--)
        {
            DrawDeath(random.Next(length));
        }

        if (random.Next(4) == 0)
        {
            At(random.Next(length), () =>
            {
                Stage.Trace.Add("somebody", "compacts the store");
                Stage.Cluster.Server.Store.Compact();
            });
        }

        At(length, () => { });
    }

    private void At(int seconds, Action act) => storm.Add((TimeSpan.FromSeconds(seconds) + TimeSpan.FromMilliseconds(random.Next(1000)), act));

    private void DrawEvent(SetPlan set, int at)
    {
        int span = random.Next(5, 90);
        string pod = string.Create(CultureInfo.InvariantCulture, $"{set.Name}-{random.Next(set.Replicas)}");
        long ordinal = random.Next(set.Replicas);
        switch (bug is null ? random.Next(14) : 0)
        {
            case 11 or 12:
                JsonObject request = DrawRequest();
                At(at, () => Stage.Ask(set, request));
                break;
            case 13 when set.Ensemble is not null:
                At(at, () => Stage.Force(set));
                At(at + 5, () => Stage.Force(set));
                break;
            case 10:
                string cancel = random.Next(3) == 0 ? "Halt" : "Revert";
                At(at, () => Stage.PatchRollouts(set, new JsonObject { ["cancel"] = cancel }));
                break;
            case 9 when set.Steps.Count > 0:
                At(at, () => Stage.Approve(set));
                break;
            case 0:
                At(at, () => ChangeTemplate(set));
                break;
            case 1:
                At(at, () => Stage.Somebody($"deletes {pod}", client => client.DeleteAsync(ResourceKind.Pods, OperatorWorld.Key(pod), null, null, null, CancellationToken.None)));
                break;
            case 2:
                At(at, () => Stage.Annotate(pod, "sim.ordinal.dev/ready", "false"));
                At(at + span, () => Stage.Annotate(pod, "sim.ordinal.dev/ready", null));
                break;
            case 3:
                At(at, () => Stage.PatchSpec(OperatorWorld.Policies, set.PolicyName, new JsonObject { ["suspend"] = true }));
                At(at + span, () => Stage.PatchSpec(OperatorWorld.Policies, set.PolicyName, new JsonObject { ["suspend"] = false }));
                break;
            case 4:
                int replicas = random.Next(1, 8);
                At(at, () => Stage.PatchSpec(ResourceKind.StatefulSets, set.Name, new JsonObject { ["replicas"] = replicas }));
                break;
            case 5 when set.Ensemble is { } ensemble:
                At(at, () => Tell($"{set.Name}: member {ordinal} hangs for {span} s", () => ensemble.Hang(ordinal, TimeSpan.FromSeconds(span))));
                break;
            case 6 when set.Ensemble is { } ensemble:
                At(at, () => Tell($"{set.Name}: the gate denies for {span} s", () => ensemble.DeniesUntil = Stage.World.Time.GetUtcNow() + TimeSpan.FromSeconds(span)));
                break;
            case 7 when set.Ensemble is { } ensemble:
                At(at, () => Tell($"{set.Name}: the ensemble is silent for {span} s", () => ensemble.SilentUntil = Stage.World.Time.GetUtcNow() + TimeSpan.FromSeconds(span)));
                break;
            case 8 when set.Ensemble is { } ensemble:
                At(at, () => Tell($"{set.Name}: leadership moves", () => ensemble.MoveLeader()));
                break;
            default:
                string how = random.Next(3) switch { 0 => "NeverReady", 1 => "CrashLoopBackOff", _ => "ImagePullBackOff" };
                At(at, () => ChangeTemplate(set, how));
                break;
        }
    }

    /// <summary>Draws what a person asks for: what is pending, an image, a restart, or the way back.</summary>
    private JsonObject DrawRequest() => random.Next(4) switch
    {
        0 => new JsonObject { ["type"] = "Update", ["reason"] = "release what is pending" },
        1 => new JsonObject { ["type"] = "Update", ["update"] = new JsonObject { ["images"] = new JsonArray(new JsonObject { ["container"] = "c", ["image"] = string.Create(CultureInfo.InvariantCulture, $"app:asked{random.Next(5)}") }) } },
        2 => new JsonObject { ["type"] = "Restart", ["reason"] = "new certificates" },
        _ => new JsonObject { ["type"] = "Rollback", ["rollback"] = new JsonObject() },
    };

    private void DrawDeath(int at)
    {
        int rest = random.Next(1, 30);
        int kind = random.Next(5);
        int span = random.Next(5, 45);
        int writes = random.Next(1, 12);
        bool isAfter = random.Next(2) == 0;
        At(at, () =>
        {
            if (Stage.Alive.FirstOrDefault(process => process.IsLeading) is not { } leader)
            {
                return;
            }

            switch (kind)
            {
                case 0:
                    leader.Kill();
                    break;
                case 1:
                    leader.Stop();
                    break;
                case 2:
                    wasFrozen = true;
                    leader.Freeze(TimeSpan.FromSeconds(span));
                    break;
                case 3 when isAfter && Stage.Sets.All(set => set is { Windows.Count: 0, HasTimes: false }):
                    leader.SetForward(TimeSpan.FromSeconds(span));
                    break;
                case 3 when Stage.Sets.All(set => set.Windows.Count == 0):
                    leader.SetBack(TimeSpan.FromSeconds(span));
                    break;
                default:
                    int left = writes;
                    leader.Network.DiesAt = (request, after) => !request.Path.Contains("/leases", StringComparison.Ordinal) && after == isAfter && --left == 0;
                    break;
            }
        });
        At(at + rest, () => StartOperator());
    }

    private void Tell(string what, Action act)
    {
        Stage.Trace.Add("ensemble", what);
        act();
    }

    private void ChangeTemplate(SetPlan set, string? fail = null) =>
        Stage.ChangeTemplate(set.Name, string.Create(CultureInfo.InvariantCulture, $"app:v{++version}"), fail);

    /// <summary>Every other time the whole object is replaced by a manifest that knows nothing of the operator: claim and original strategy go with the hold.</summary>
    private void Release(SetPlan set)
    {
        if (set.Replicas % 2 == 0)
        {
            Stage.Replace(set);
            return;
        }

        Stage.PatchSpec(ResourceKind.StatefulSets, set.Name, new JsonObject
        {
            ["updateStrategy"] = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = 0 } },
        });
    }
}
