using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Controllers;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// One run from one seed: sets and policies, a storm of changes, faults and deaths, then calm, a last change of every template, and
/// the demand that all comes to rest there.
/// </summary>
internal sealed partial class Scenario : IDisposable
{
    private static readonly TimeSpan Horizon = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Random random;
    private readonly FaultRates rates;
    private readonly List<(TimeSpan At, Action Act)> storm = [];
    private readonly bool checksIdleness;
    private readonly bool isLong;
    private readonly bool endsByItself;
    private readonly PlantedBug? bug;
    private readonly MortalOperators? mortals;
    private int version = 1;
    private bool isCalm;
    private bool wasFrozen;
    private DateTimeOffset patienceEnds = DateTimeOffset.MaxValue;

    /// <summary>Draws a scenario.</summary>
    /// <param name="seed">Seed of everything in it.</param>
    /// <param name="planted">A bug to be found; null for the operator as it is.</param>
    /// <param name="hasLongStorm">Whether its storm is one of one to seven minutes, against every controller. Without a word, one in twenty seeds has such a one.</param>
    public Scenario(int seed, PlantedBug? planted = null, bool? hasLongStorm = null)
    {
        bug = planted;
        isLong = hasLongStorm ?? (bug is not null || seed % 20 == 5);
        random = new Random(seed);

        // Most of such a run is renewals of a lease, so a twentieth of the seeds does.
        checksIdleness = bug is null ? seed % 20 == 0 : bug.ChecksIdleness;
        rates = bug is null ? FaultRates.Draw(random) : FaultRates.None;
        Stage = new OperatorWorld(seed, DrawSets, isLong ? null : WithoutIdlers);
        mortals = bug is null ? MortalOperators.Of(Stage, StartOperator) : null;
        endsByItself = !isLong && mortals is null;
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

        Stage.RunFor(TimeSpan.FromSeconds(random.Next(1, isLong ? 40 : 20)));
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
            TimeSpan patience = Horizon * (mortals?.Longer ?? 1);
            DateTimeOffset end = Stage.World.Time.GetUtcNow() + patience;
            patienceEnds = end;
            Stage.Until(() => IsAtRest() || Stage.World.Time.GetUtcNow() >= end, patience + patience, "the end of patience");
            DeletePodsThatBlockTheController();
        }

        Stage.Until(IsAtRest, bug is null ? Horizon * (mortals?.Longer ?? 1) : TimeSpan.FromMinutes(5), "everything to come to rest at the last template");
        mortals?.LiveOn();
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

        mortals?.StartAnew();
        if (patienceEnds <= Stage.World.Time.GetUtcNow())
        {
            // Once more from time to time: a message names five pods at most.
            patienceEnds = Stage.World.Time.GetUtcNow() + TimeSpan.FromMinutes(5);
            DeletePodsOfTwoZones();
        }

        return Stage.IsAtRest();
    }

    /// <summary>
    /// Leaves out the controllers that have nothing to do: there is one node, which never fails, nothing has claims, nothing is deleted with its owner, and
    /// nobody reads endpoints. They would only read along.
    /// </summary>
    private static EmbeddedClusterOptions WithoutIdlers(EmbeddedClusterOptions options) => options with
    {
        Controllers = options.Controllers with
        {
            Without =
            [
                "garbage-collector-controller", "endpoints-controller", "endpointslice-controller", "namespace-controller", "persistentvolume-binder-controller",
                "node-lifecycle-controller", "taint-eviction-controller", "pod-garbage-collector-controller", "clusterrole-aggregation-controller",
            ],
        },
    };

    private OperatorProcess StartOperator()
    {
        OperatorProcess process = Stage.StartOperator(bug is null ? null : bug.With);
        process.Network.Rates = isCalm ? FaultRates.None : rates;
        return process;
    }

    /// <summary>
    /// Ends faults, hangs, denials and suspensions, and changes every template for the last time. After a short storm what is under way may end by itself first, and
    /// only what does not is changed: a set on a revision that cannot work, or whose rollout has failed.
    /// </summary>
    private void Calm()
    {
        Stage.Trace.Add("plan", "calm");
        isCalm = true;
        foreach (OperatorProcess process in Stage.Alive)
        {
            process.Network.Rates = FaultRates.None;
            process.Network.DiesAt = null;
        }

        if (!Stage.Alive.Any())
        {
            StartOperator();
        }

        // An operator whose watch still stands still may carry out a request that is cancelled: its template would come after the last one.
        Stage.Sets.ToList().ForEach(Stage.CancelRequests);
        Stage.RunFor(rates.LongestStall + TimeSpan.FromSeconds(isLong || wasFrozen ? 50 : 20));
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
        }

        if (endsByItself)
        {
            DateTimeOffset end = Stage.World.Time.GetUtcNow() + Patience;
            Stage.Until(() => IsAtRest() || Stage.World.Time.GetUtcNow() >= end, Patience + Patience, "the end of patience");
        }

        foreach (SetPlan set in Stage.Sets.Where(set => !endsByItself || Stage.WhyNotAtRest(Stage.Truth.Find(set.Name)!) is not null))
        {
            Stage.ChangeTemplate(set.Name, "app:last");
        }

        mortals?.Begin();
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

    /// <summary>
    /// What the operator tells a person to do while pods of two zones are away, done: of the pods that the message names, those that are not ready are deleted,
    /// and come back at the current revision.
    /// </summary>
    private void DeletePodsOfTwoZones()
    {
        foreach (SetPlan group in Stage.Sets.Where(set => set.Group.Count > 0).DistinctBy(set => set.PolicyName))
        {
            string message = Stage.Truth.Read("rolloutpolicies.ordinal.dev", group.PolicyName).ItemsAt("status", "conditions")
                .Where(condition => condition.TextAt("type") == "Ready" && condition.TextAt("reason") == "TwoZonesAway")
                .Select(condition => condition.TextAt("message") ?? "")
                .FirstOrDefault("");
            foreach (string pod in PodNames().Matches(message).Select(match => match.Value).Distinct(StringComparer.Ordinal))
            {
                (string parent, long ordinal) = PodFacts.SplitName(pod);
                if (Stage.Truth.Find(parent)?.Pods.GetValueOrDefault(ordinal) is { Uid.Length: > 0, ReadySince: null, IsTerminating: false })
                {
                    Stage.Somebody($"deletes {pod}, as the hold of the zones says", client => client.DeleteAsync(ResourceKind.Pods, OperatorWorld.Key(pod), null, null, null, CancellationToken.None));
                }
            }
        }
    }

    [GeneratedRegex(@"\bs\d+-\d+\b")]
    private static partial Regex PodNames();

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
