using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Leadership;

/// <summary>How a lease is held.</summary>
/// <param name="Lease">Namespace and name of the Lease.</param>
/// <param name="Identity">This candidate's name; unique among all candidates, such as host name and a random part.</param>
public sealed record LeaseElectorSettings(NamespacedName Lease, string Identity)
{
    /// <summary>Gets how long others wait after they last saw the lease change before they take it.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Gets how long after the start of its last successful renewal a leader stops, however it goes on.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the time between two tries.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Checks that the times leave room for one another.</summary>
    /// <param name="requestTimeout">Longest time of one request.</param>
    /// <exception cref="ArgumentException">They do not: two leaders could write at a time.</exception>
    public void Validate(TimeSpan requestTimeout)
    {
        if (RetryPeriod <= TimeSpan.Zero || RetryPeriod >= RenewDeadline || RenewDeadline >= LeaseDuration)
        {
            throw new ArgumentException($"lease {Lease}: retry period ({RetryPeriod}) < renew deadline ({RenewDeadline}) < lease duration ({LeaseDuration}) must hold.");
        }

        if (requestTimeout >= LeaseDuration - RenewDeadline)
        {
            throw new ArgumentException($"lease {Lease}: the request timeout ({requestTimeout}) must be shorter than lease duration minus renew deadline ({LeaseDuration - RenewDeadline}), "
                + "or a write of a leader that has lost the lease could arrive under the next one.");
        }

        if (Identity.Length == 0)
        {
            throw new ArgumentException($"lease {Lease}: a candidate needs an identity.");
        }
    }
}
