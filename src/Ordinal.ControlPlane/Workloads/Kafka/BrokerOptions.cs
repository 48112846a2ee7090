using System.Security.Cryptography.X509Certificates;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>How one broker listens.</summary>
public sealed record BrokerOptions
{
    /// <summary>Gets the certificate; null: plain text.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Gets the authority that clients' certificates must come from; null: clients need none.</summary>
    public X509Certificate2? ClientAuthority { get; init; }

    /// <summary>Gets passwords by user; empty: no SASL.</summary>
    public IReadOnlyDictionary<string, string> Users { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the mechanisms that are taken: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER.</summary>
    public IReadOnlyList<string> Mechanisms { get; init; } = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

    /// <summary>Gets the token that OAUTHBEARER takes; null: none.</summary>
    public string? Token { get; init; }

    /// <summary>Gets how long a session lives before credentials are wanted again; zero: for ever.</summary>
    public TimeSpan SessionLifetime { get; init; }

    /// <summary>Gets the newest versions of requests that are spoken, by key; absent: the newest known here. −1: not at all. An older Kafka is made of it.</summary>
    public IReadOnlyDictionary<short, short> Newest { get; init; } = new Dictionary<short, short>();

    /// <summary>Gets a value indicating whether this is a controller's listener: it tells of controllers, and of the quorum while it is active.</summary>
    public bool IsController { get; init; }

    /// <summary>Gets what to do instead of answering; null: answer. Called with the request's key and version.</summary>
    public Func<short, short, BrokerFault?>? Fault { get; init; }

    /// <summary>Gets what is waited for before a request is answered; null: nothing. A broker that stands still is made of it.</summary>
    public Func<CancellationToken, Task>? Before { get; init; }

    internal bool WantsSasl => Users.Count > 0 || Token is not null;
}

/// <summary>What a broker does instead of answering.</summary>
/// <param name="IsSilent">Never answers.</param>
/// <param name="Closes">Closes the connection.</param>
/// <param name="Raw">Sends these bytes as they are.</param>
/// <param name="ErrorCode">Answers with this error, where the request has a place for it.</param>
/// <param name="Delay">Waits first.</param>
public sealed record BrokerFault(bool IsSilent = false, bool Closes = false, byte[]? Raw = null, short ErrorCode = 0, TimeSpan Delay = default);
