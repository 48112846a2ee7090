using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// One run from one seed: sets and policies, a storm of changes, faults and deaths, then calm, a last change of every template, and
/// the demand that all comes to rest there.
/// </summary>
internal sealed class Scenario : IDisposable
{
    private static readonly TimeSpan Horizon = TimeSpan.FromMinutes(60);
    private readonly Random random;
    private readonly FaultRates rates;
    private readonly List<(TimeSpan At, Action Act)> storm = [];
    private readonly bool checksIdleness;
    private readonly PlantedBug? bug;
    private int version = 1;

    /// <summary>Draws a scenario.</summary>
    /// <param name="planted">A bug to be found; null for the operator as it is.</param>
    public Scenario(int seed, PlantedBug? planted = null)
    {
        bug = planted;
        random = new Random(seed);

        // Most of such a run is renewals of a lease, so a twentieth of the seeds does.
        checksIdleness = seed % 20 == 0;
        rates = bug is null ? FaultRates.Draw(random) : FaultRates.None;
        Stage = new OperatorWorld(seed, DrawSets);
        Stage.Checker.StoresLag = rates == FaultRates.None ? TimeSpan.FromSeconds(2) : rates.LongestStall + TimeSpan.FromSeconds(20);
        Stage.Checker.MayNotKnow = rates == FaultRates.None ? TimeSpan.FromSeconds(5) : rates.LongestStall + TimeSpan.FromSeconds(20);
    }

    public OperatorWorld Stage { get; }

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="BrokenRuleException">A rule was broken.</exception>
    public void Run()
    {
        Stage.AddPolicies();
        StartOperator();
        if (random.Next(3) == 0 || bug is { HasTwo: true })
        {
            StartOperator();
        }

        Stage.RunFor(TimeSpan.FromSeconds(random.Next(1, 40)));
        DrawStorm();
        TimeSpan now = TimeSpan.Zero;
        foreach ((TimeSpan at, Action act) in storm.OrderBy(each => each.At))
        {
            Stage.RunFor(at - now);
            now = at;
            act();
        }

        Calm();
        if (bug is null)
        {
            DateTimeOffset patience = Stage.World.Time.GetUtcNow() + Horizon;
            Stage.Until(() => IsAtRest() || Stage.World.Time.GetUtcNow() >= patience, Horizon + Horizon, "the end of patience");
            DeletePodsThatBlockTheController();
        }

        Stage.Until(IsAtRest, bug is null ? Horizon : TimeSpan.FromMinutes(5), "everything to come to rest at the last template");
        CheckRest();
        if (checksIdleness)
        {
            CheckIdle();
        }
    }

    public void Dispose() => Stage.Dispose();

    /// <summary>Looks whether all is at rest; meanwhile somebody approves what waits for it.</summary>
    private bool IsAtRest()
    {
        foreach (SetPlan set in Stage.Sets.Where(set => set.Steps.Count > 0))
        {
            Stage.Approve(set);
        }

        return Stage.IsAtRest();
    }

    private OperatorProcess StartOperator()
    {
        OperatorProcess process = Stage.StartOperator(bug is null ? null : bug.With);
        process.Network.Rates = rates;
        return process;
    }

    /// <summary>Draws one to five sets, of which a third share a policy when they are several.</summary>
    private List<SetPlan> DrawSets(SimulatedWorld world)
    {
        if (bug is not null)
        {
            return [.. bug.Sets(world, random)];
        }

        List<SetPlan> sets = [.. ClusterSizes.Draw(random).Select((replicas, index) => DrawSet(world, $"s{index}", replicas))];
        if (sets.Count == 1 || random.Next(3) > 0 || sets[0].IsNative)
        {
            return sets;
        }

        SetPlan first = sets[0];
        List<string> names = [.. sets.Select(set => set.Name)];
        return [.. sets.Select(set => first with
        {
            Name = set.Name,
            Group = names,
            Replicas = set.Replicas,
            StartDelay = set.StartDelay,
            Budget = set.Budget,
            Ensemble = first.Ensemble is null ? null : set == first ? first.Ensemble : new Ensemble(world, new Random(random.Next())),
        })];
    }

    private SetPlan DrawSet(SimulatedWorld world, string name, int replicas)
    {
        bool hasGate = random.Next(2) == 0;
        string driver = random.Next(6) switch { 0 => "Partition", 1 => "OnDelete", 2 => "Native", _ => "Auto" };
        string order = driver is "Partition" or "Native" ? "OrdinalDescending" : random.Next(4) switch { 0 when hasGate => "LeaderLast", 1 when hasGate => "LeaderLast", 2 => "OrdinalAscending", _ => "OrdinalDescending" };
        string most = driver is "Partition" or "Native" ? "1" : random.Next(4) switch { 0 => "2", 1 => "3", 2 => "40%", _ => "1" };
        return new SetPlan
        {
            Name = name,
            Replicas = replicas,
            IsParallel = random.Next(2) == 0 || driver == "Native",
            Driver = driver,
            Order = order,
            Steps = random.Next(4) == 0 ? DrawSteps(replicas) : [],
            MaxUnavailable = most,
            MinReadyDuration = TimeSpan.FromSeconds(random.Next(3) * 3),
            MinReadySeconds = random.Next(3) == 0 ? random.Next(1, 6) : 0,
            PodDeadline = TimeSpan.FromSeconds(random.Next(2) == 0 ? 90 : 600),
            StartDelay = TimeSpan.FromMilliseconds(random.Next(100, 6000)),
            Budget = random.Next(3) == 0 ? random.Next(1, 3) : null,
            Ensemble = hasGate ? new Ensemble(world, new Random(random.Next())) : null,
            GatesAfter = random.Next(4) > 0,
            SuccessThreshold = random.Next(1, 4),
            Deletes = random.Next(4) == 0,
            Windows = random.Next(6) == 0 ? DrawWindows(world) : [],
            OnFailure = random.Next(4) switch { 0 => "RevertPods", 1 => "RevertTemplate", _ => "Halt" },
            MayBeReleasedByOthers = random.Next(8) == 0,
            Concurrency = random.Next(3) switch { 0 => "Replace", 1 => "Queue", _ => "Forbid" },
        };
    }

    /// <summary>Draws windows of one to three minutes for the time of the storm.</summary>
    private List<(int Start, int Minutes)> DrawWindows(SimulatedWorld world)
    {
        List<(int Start, int Minutes)> windows = [];
        int minute = (int)world.Time.GetUtcNow().TimeOfDay.TotalMinutes + random.Next(2);
        while (windows.Count < 6)
        {
            int length = random.Next(1, 4);
            windows.Add((minute % 1440, length));
            minute += length + random.Next(1, 3);
        }

        return windows;
    }

    /// <summary>Draws one to three steps, of pods or of percent, with all kinds of pauses.</summary>
    private List<(string Pods, int Pause)> DrawSteps(int replicas)
    {
        bool isPercent = random.Next(2) == 0;
        List<int> sizes = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => isPercent ? random.Next(1, 101) : random.Next(1, replicas + 1)).Order()];
        return [.. sizes.Select(size => (
            string.Create(CultureInfo.InvariantCulture, $"{size}{(isPercent ? "%" : "")}"),
            random.Next(3) switch { 0 => 0, 1 => -1, _ => random.Next(5, 60) }))];
    }

    private void DrawStorm()
    {
        int length = random.Next(60, 400);
        bug?.Storm?.Invoke(Stage);
        foreach (SetPlan set in Stage.Sets)
        {
            At(random.Next(length / 2), () => ChangeTemplate(set));
            for (int more = random.Next(6); more > 0; more--)
            {
                DrawEvent(set, random.Next(length));
            }

            if (set.MayBeReleasedByOthers)
            {
                At(random.Next(length), () => Release(set));
            }
        }

        for (int deaths = bug is null ? random.Next(3) : 0; deaths > 0; deaths--)
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
                    leader.Freeze(TimeSpan.FromSeconds(span));
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

    private void Release(SetPlan set) => Stage.PatchSpec(ResourceKind.StatefulSets, set.Name, new JsonObject
    {
        ["updateStrategy"] = new JsonObject { ["type"] = "RollingUpdate", ["rollingUpdate"] = new JsonObject { ["partition"] = 0 } },
    });

    /// <summary>Ends faults, hangs, denials and suspensions, and changes every template for the last time.</summary>
    private void Calm()
    {
        Stage.Trace.Add("plan", "calm");
        foreach (OperatorProcess process in Stage.Alive)
        {
            process.Network.Rates = FaultRates.None;
            process.Network.DiesAt = null;
        }

        if (!Stage.Alive.Any())
        {
            Stage.StartOperator(bug is null ? null : bug.With);
        }

        // An operator whose watch still stands still may carry out a request that is cancelled: its template would come after the last one.
        Stage.Sets.ToList().ForEach(Stage.CancelRequests);
        Stage.RunFor(rates.LongestStall + TimeSpan.FromSeconds(50));
        foreach (SetPlan set in Stage.Sets)
        {
            set.Ensemble?.Heal();
            if (set.Windows.Count > 0)
            {
                set.Windows.Clear();
                Stage.PatchSpec(OperatorWorld.Policies, set.PolicyName, new JsonObject { ["windows"] = null });
            }

            Stage.PatchSpec(OperatorWorld.Policies, set.PolicyName, new JsonObject { ["suspend"] = false });
            foreach ((long ordinal, PodTruth pod) in Stage.Truth.Find(set.Name)!.Pods.Where(pod => pod.Value.Uid.Length > 0).ToList())
            {
                Stage.Annotate($"{set.Name}-{ordinal}", "sim.ordinal.dev/ready", null);
            }

            Stage.ChangeTemplate(set.Name, "app:last");
        }
    }

    /// <summary>
    /// What the operator tells a person to do, done: under OrderedReady the built-in controller waits for ever for a pod that cannot become ready
    /// (kubernetes #67250). Outside the wanted ordinals, or in a set that somebody set free and that is not adopted again yet, such a pod is not the operator's.
    /// </summary>
    private void DeletePodsThatBlockTheController()
    {
        foreach (SetTruth set in Stage.Sets.Where(plan => !plan.IsParallel).Select(plan => Stage.Truth.Find(plan.Name)!))
        {
            foreach ((long ordinal, PodTruth pod) in set.Pods.Where(pod => pod.Value is { Uid.Length: > 0, ReadySince: null }).ToList())
            {
                if (ordinal >= set.Replicas || (set.Claim.Length == 0 && set.EffectivePartition < set.Replicas && pod.Revision != set.UpdateRevision))
                {
                    string name = string.Create(CultureInfo.InvariantCulture, $"{set.Plan.Name}-{ordinal}");
                    Stage.Somebody($"deletes {name}, which the StatefulSet controller waits for", client => client.DeleteAsync(ResourceKind.Pods, OperatorWorld.Key(name), null, null, null, CancellationToken.None));
                }
            }
        }
    }

    /// <summary>At rest an operator asks for nothing but watches and its lease, and the writes of the whole run are bounded.</summary>
    private void CheckIdle()
    {
        // The gates are probed every 5 minutes at rest; what the first probe finds new is written.
        Stage.RunFor(TimeSpan.FromMinutes(6));
        List<(OperatorProcess Process, long Requests)> before = [.. Stage.Alive.Select(process => (process, process.Witness.Requests))];
        Stage.RunFor(TimeSpan.FromMinutes(7));
        foreach ((OperatorProcess process, long requests) in before)
        {
            if (process.Witness.Requests != requests)
            {
                throw new BrokenRuleException(Stage, $"{process.Name} asked {process.Witness.Requests - requests} times at rest, last {process.Witness.LastRequest}");
            }
        }
    }

    /// <summary>What has come to rest stays there.</summary>
    private void CheckRest()
    {
        Stage.RunFor(TimeSpan.FromSeconds(30));
        if (!Stage.IsAtRest())
        {
            throw new BrokenRuleException(Stage, $"it did not stay at rest\n{Stage.Describe()}");
        }
    }
}
