using Ordinal.ControlPlane.Storage;

namespace Ordinal.ControlPlane.Api;

/// <summary>Settings of an <see cref="ApiServer"/>.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Gets the seed of uids and generated names; a simulation gives its own so that it can repeat itself.</summary>
    public int? Seed { get; init; }

    /// <summary>Gets the sizes of the store.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>Gets how often a quiet watch gets a bookmark, if it asked for bookmarks.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets how long a watch lives that names no <c>timeoutSeconds</c>.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(45);

    /// <summary>Gets how long an event lives after it was last written, as <c>--event-ttl</c> of the real one.</summary>
    public TimeSpan EventLife { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Gets the longest request body in bytes; a longer one is answered with 413.</summary>
    public long MaxBodyBytes { get; init; } = 3 * 1024 * 1024;

    /// <summary>Gets the faults to inject; none by default.</summary>
    public IApiFaults Faults { get; init; } = NoFaults.Instance;

    /// <summary>
    /// Gets a value indicating whether the feature gate MaxUnavailableStatefulSet is on: <c>maxUnavailable</c> of a StatefulSet is kept.
    /// In 1.36 it is off.
    /// </summary>
    public bool KeepsMaxUnavailable { get; init; }

    /// <summary>Gets the version that <c>/version</c> tells.</summary>
    public string GitVersion { get; init; } = "v1.36.2+ordinal";

    /// <summary>Gets the address that <c>/api</c> tells; a host sets it.</summary>
    public string ServerAddress { get; init; } = "127.0.0.1:443";
}
