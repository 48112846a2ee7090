using System.Globalization;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation.Operating;

/// <summary>What a scenario draws before it begins: the sets and their policies.</summary>
internal sealed partial class Scenario
{
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
}
