using Ordinal.Runtime.Client;
using Ordinal.Simulation.Harness;
using Ordinal.Simulation.Planted;

namespace Ordinal.Simulation.Operating;

/// <summary>A bug put into the operator's way, the scenario in which it does harm, and the words with which the judge must find it.</summary>
/// <param name="Name">What is wrong, as a sentence.</param>
/// <param name="Rule">The words.</param>
internal sealed record PlantedBug(string Name, string Rule)
{
    /// <summary>Gets what draws the sets in which it does harm.</summary>
    public required Func<SimulatedWorld, Random, IReadOnlyList<SetPlan>> Sets { get; init; }

    /// <summary>Gets what changes the body of a write, by the request; null for nothing.</summary>
    public Func<ApiRequest, string, string>? Asks { get; init; }

    /// <summary>Gets what changes every answer and every watch event; null for nothing.</summary>
    public Func<string, string>? Reads { get; init; }

    /// <summary>Gets what else happens in the storm; null for nothing.</summary>
    public Action<OperatorWorld>? Storm { get; init; }

    /// <summary>Gets what the operator sends besides, some time after a request that was carried out; null for nothing.</summary>
    public Func<ApiRequest, ApiRequest?>? Follows { get; init; }

    /// <summary>Gets how long after it.</summary>
    public TimeSpan FollowsAfter { get; init; }

    /// <summary>Gets a value indicating whether the scenario goes on to look at an operator that has nothing to do.</summary>
    public bool ChecksIdleness { get; init; }

    public bool GatesLie { get; init; }

    public bool HasNoLease { get; init; }

    /// <summary>Gets a value indicating whether there are two operators from the start.</summary>
    public bool HasTwo { get; init; }

    /// <summary>Makes the operator that has it.</summary>
    public OperatorSetup With(OperatorSetup setup) => setup with
    {
        GatesLie = GatesLie,
        HasNoLease = HasNoLease,
        Around = Follows is not null ? network => new FollowedTransport(network, setup.World, Follows, FollowsAfter)
            : Asks is null && Reads is null ? null : network => new TwistedTransport(network, Asks, Reads),
    };

    public override string ToString() => Name;
}
