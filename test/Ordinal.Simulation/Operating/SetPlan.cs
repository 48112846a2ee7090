using System.Text.Json.Nodes;

namespace Ordinal.Simulation.Operating;

/// <summary>One StatefulSet of a scenario and how it is to be rolled.</summary>
internal sealed record SetPlan
{
    public required string Name { get; init; }

    public int Replicas { get; init; } = 3;

    public bool IsParallel { get; init; }

    /// <summary>Gets Auto, Partition, OnDelete or Native.</summary>
    public string Driver { get; init; } = "Auto";

    /// <summary>Gets OrdinalDescending, OrdinalAscending or LeaderLast.</summary>
    public string Order { get; init; } = "OrdinalDescending";

    /// <summary>Gets the steps: cumulative pods or percent, and the pause after them in seconds; −1 waits for approval, 0 is none.</summary>
    public IReadOnlyList<(string Pods, int Pause)> Steps { get; init; } = [];

    /// <summary>Gets a number of pods, or a percentage.</summary>
    public string MaxUnavailable { get; init; } = "1";

    public TimeSpan MinReadyDuration { get; init; }

    public int MinReadySeconds { get; init; }

    public TimeSpan PodDeadline { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Gets how long the whole rollout may take; null for the default.</summary>
    public TimeSpan? RolloutDeadline { get; init; }

    /// <summary>Gets Keep or ReplaceStale; null for the default.</summary>
    public string? StuckPods { get; init; }

    /// <summary>Gets Manual when no rollout is to begin by itself; null for the default.</summary>
    public string? Trigger { get; init; }

    public TimeSpan StartDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets the PodDisruptionBudget's maxUnavailable; null for no budget.</summary>
    public int? Budget { get; init; }

    /// <summary>Gets the ensemble that the pods form and the gate asks; null for no gate.</summary>
    public Ensemble? Ensemble { get; init; }

    public bool GatesAfter { get; init; } = true;

    public int SuccessThreshold { get; init; } = 1;

    public bool Deletes { get; init; }

    /// <summary>Gets Halt, RevertPods or RevertTemplate.</summary>
    public string OnFailure { get; init; } = "Halt";

    /// <summary>Gets what becomes of a rollout that meets another one: Replace, Queue or Forbid.</summary>
    public string Concurrency { get; init; } = "Replace";

    /// <summary>Gets a value indicating whether the scenario has somebody else reset the partition.</summary>
    public bool MayBeReleasedByOthers { get; init; }

    /// <summary>Gets the names of the sets of one policy, each a zone of its own; empty when the policy is about this one only.</summary>
    public IReadOnlyList<string> Group { get; init; } = [];

    /// <summary>Gets the name of its policy: the first of the group.</summary>
    public string PolicyName => Group.Count > 0 ? Group[0] : Name;

    /// <summary>Gets the windows, by UTC and on every day: when they begin, in minutes of the day, and how many minutes they last. Taken away when calm comes.</summary>
    public List<(int Start, int Minutes)> Windows { get; init; } = [];

    /// <summary>Tells whether a window is open.</summary>
    public bool IsWindowOpen(DateTimeOffset now) => Windows.Exists(window => (now.TimeOfDay - TimeSpan.FromMinutes(window.Start) + TimeSpan.FromDays(1)).TotalMinutes % 1440 < window.Minutes);

    /// <summary>Gets how long a pod must be ready to count.</summary>
    public TimeSpan MinReady => MinReadyDuration > TimeSpan.FromSeconds(MinReadySeconds) ? MinReadyDuration : TimeSpan.FromSeconds(MinReadySeconds);

    /// <summary>
    /// Gets a value indicating whether it is asked to wait for a time by the clock after what the server wrote down (a pod that is ready, a step that is reached): an
    /// operator whose clock is ahead of the server's waits for less, as the built-in controller does.
    /// </summary>
    public bool HasTimes => MinReady > TimeSpan.Zero || Steps.Any(step => step.Pause > 0);

    /// <summary>Gets a value indicating whether the operator releases pods through the partition.</summary>
    public bool IsPartition => Driver is "Partition" or "Native" || (Driver == "Auto" && Order == "OrdinalDescending" && MaxUnavailable == "1");

    /// <summary>Gets a value indicating whether the built-in controller rolls and readiness gates do the holding.</summary>
    public bool IsNative => Driver == "Native";

    /// <summary>The most pods of a set of this size that may be away; written from DESIGN rule 1, not from the operator's code.</summary>
    public int MaxAway(int replicas)
    {
        if (IsPartition)
        {
            return 1;
        }

        return PodsOf(MaxUnavailable, replicas);
    }

    /// <summary>How many pods a number or a percentage is.</summary>
    public static int PodsOf(string text, int replicas) => Math.Max(1, text.EndsWith('%')
        ? replicas * int.Parse(text.AsSpan(0, text.Length - 1), System.Globalization.CultureInfo.InvariantCulture) / 100
        : int.Parse(text, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Builds the set's RolloutPolicy.</summary>
    public JsonObject Policy()
    {
        JsonObject spec = new()
        {
            ["concurrencyPolicy"] = Concurrency,
            ["targets"] = new JsonObject { ["statefulSets"] = new JsonArray([.. (Group.Count > 0 ? Group : [Name]).Select(name => new JsonObject { ["name"] = name })]) },
            ["update"] = new JsonObject
            {
                ["driver"] = Driver,
                ["podOrder"] = Order,
                ["maxUnavailable"] = Value(MaxUnavailable),
                ["steps"] = new JsonArray([.. Steps.Select(StepOf)]),
                ["minReadyDuration"] = $"{(int)MinReadyDuration.TotalSeconds}s",
                ["podDeadline"] = $"{(int)PodDeadline.TotalSeconds}s",
                ["onFailure"] = OnFailure,
                ["podRemoval"] = Deletes ? "Delete" : "Evict",
            },
        };
        if (RolloutDeadline is { } whole)
        {
            spec["update"]!["rolloutDeadline"] = $"{(int)whole.TotalSeconds}s";
        }

        if (StuckPods is not null)
        {
            spec["update"]!["stuckPods"] = StuckPods;
        }

        if (Trigger is not null)
        {
            spec["trigger"] = Trigger;
        }

        if (Ensemble is not null)
        {
            spec["gates"] = new JsonArray(new JsonObject
            {
                ["name"] = "quorum",
                ["type"] = "Etcd",
                ["runAt"] = GatesAfter ? new JsonArray("BeforePod", "AfterPod") : new JsonArray("BeforePod"),
                ["interval"] = "2s",
                ["successThreshold"] = SuccessThreshold,
                ["etcd"] = new JsonObject(),
            });
        }

        if (Windows.Count > 0)
        {
            spec["windows"] = new JsonObject
            {
                ["allow"] = new JsonArray([.. Windows.Select(window => new JsonObject
                {
                    ["start"] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{window.Start / 60:00}:{window.Start % 60:00}"),
                    ["duration"] = $"{window.Minutes}m",
                })]),
            };
        }

        return new JsonObject
        {
            ["apiVersion"] = "ordinal.dev/v1alpha1",
            ["kind"] = "RolloutPolicy",
            ["metadata"] = new JsonObject { ["name"] = PolicyName },
            ["spec"] = spec,
        };
    }

    private static JsonValue Value(string text) =>
        text.EndsWith('%') ? JsonValue.Create(text) : JsonValue.Create(int.Parse(text, System.Globalization.CultureInfo.InvariantCulture));

    private static JsonObject StepOf((string Pods, int Pause) step)
    {
        JsonObject document = new() { ["pods"] = Value(step.Pods) };
        if (step.Pause != 0)
        {
            document["pause"] = step.Pause < 0 ? [] : new JsonObject { ["duration"] = $"{step.Pause}s" };
        }

        return document;
    }

    /// <summary>Builds the StatefulSet. It names no update strategy, as most manifests do not.</summary>
    public JsonObject Document()
    {
        JsonObject spec = new()
        {
            ["serviceName"] = Name,
            ["replicas"] = Replicas,
            ["podManagementPolicy"] = IsParallel ? "Parallel" : "OrderedReady",
            ["minReadySeconds"] = MinReadySeconds,
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = Name } },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["labels"] = new JsonObject { ["app"] = Name },
                    ["annotations"] = new JsonObject { ["sim.ordinal.dev/start-delay"] = $"{(int)StartDelay.TotalMilliseconds}ms" },
                },
                ["spec"] = new JsonObject
                {
                    ["terminationGracePeriodSeconds"] = 5,
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "app:v1" }),
                },
            },
        };
        if (IsNative)
        {
            spec["template"]!["spec"]!["readinessGates"] = new JsonArray(new JsonObject { ["conditionType"] = "ordinal.dev/gate" });
        }

        return new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "StatefulSet", ["metadata"] = new JsonObject { ["name"] = Name }, ["spec"] = spec };
    }

    /// <summary>Builds the headless Service that driver Native asks for.</summary>
    public JsonObject Service() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = new JsonObject { ["name"] = Name },
        ["spec"] = new JsonObject
        {
            ["clusterIP"] = "None",
            ["publishNotReadyAddresses"] = true,
            ["selector"] = new JsonObject { ["app"] = Name },
            ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }),
        },
    };

    /// <summary>Builds the PodDisruptionBudget.</summary>
    public JsonObject DisruptionBudget() => new()
    {
        ["apiVersion"] = "policy/v1",
        ["kind"] = "PodDisruptionBudget",
        ["metadata"] = new JsonObject { ["name"] = Name },
        ["spec"] = new JsonObject { ["maxUnavailable"] = Budget, ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = Name } } },
    };

    /// <summary>Says in one line what it is, for the trace.</summary>
    public override string ToString() =>
        $"{Name}: {Replicas} pods {(IsParallel ? "Parallel" : "OrderedReady")}, {Driver} {Order}, maxUnavailable {MaxUnavailable}, "
        + $"minReady {MinReadyDuration.TotalSeconds:0}/{MinReadySeconds} s, podDeadline {PodDeadline.TotalSeconds:0} s, start {StartDelay.TotalSeconds:0.#} s, "
        + $"PDB {Budget?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}, {(Ensemble is null ? "no gate" : $"gate x{SuccessThreshold}{(GatesAfter ? "" : ", BeforePod only")}")}{(Deletes ? ", Delete" : "")}, onFailure {OnFailure}, {Concurrency}{(Windows.Count > 0 ? ", windows" : "")}{(Group.Count > 0 ? $", group {string.Join(' ', Group)}" : "")}"
        + (Steps.Count == 0 ? "" : $", steps {string.Join(' ', Steps.Select(step => $"{step.Pods}/{step.Pause}"))}");
}
