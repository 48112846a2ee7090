using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// Operators of which each dies with every so many writes, from the first on, the renewals of its lease and its events left out: without a lease it writes
/// nothing, and nothing depends on an event. Another one takes its place. Between them they must come to the end all the same: each life has to bring
/// something forward that the next one need not say again.
/// </summary>
/// <param name="stage">The world.</param>
/// <param name="start">Starts one more operator.</param>
/// <param name="writes">How many writes each one lives for, at least 1: it dies when the last of them was carried out, before it hears of it.</param>
internal sealed class MortalOperators(OperatorWorld stage, Func<OperatorProcess> start, int writes)
{
    /// <summary>One in so many seeds has them.</summary>
    private const int OneIn = 40;

    private bool hasBegun;

    /// <summary>Gets how many have died so.</summary>
    public int Deaths { get; private set; }

    /// <summary>Gets how many times as long everything takes: each death costs the rest of a lease.</summary>
    public int Longer => writes == 1 ? 6 : 3;

    /// <summary>Makes them for the seeds that have them; null for the others. A pod must have time to come up over some of their lives.</summary>
    public static MortalOperators? Of(OperatorWorld stage, Func<OperatorProcess> start)
    {
        int seed = stage.World.Seed;
        return seed % OneIn == 19 && stage.Sets.All(set => set.PodDeadline >= TimeSpan.FromMinutes(10)) ? new(stage, start, 1 + (seed / OneIn % 4)) : null;
    }

    /// <summary>Lets all die from now on.</summary>
    public void Begin()
    {
        hasBegun = true;
        foreach (OperatorProcess process in stage.Alive)
        {
            Bring(process);
        }
    }

    /// <summary>Puts a new one in the place of those that have died.</summary>
    public void StartAnew()
    {
        if (hasBegun && !stage.Alive.Any())
        {
            Bring(start());
        }
    }

    /// <summary>Lets those that are there live on.</summary>
    public void LiveOn()
    {
        hasBegun = false;
        foreach (OperatorProcess process in stage.Alive)
        {
            process.Network.DiesAt = null;
        }

        if (!stage.Alive.Any())
        {
            start();
        }
    }

    private void Bring(OperatorProcess process)
    {
        int left = writes;
        process.Network.DiesAt = (request, isAfter) => isAfter && Counts(request) && --left == 0 && ++Deaths > 0;
    }

    private static bool Counts(ApiRequest request) =>
        !request.Path.Contains("/leases", StringComparison.Ordinal) && !request.Path.Contains("/events", StringComparison.Ordinal);
}
