using Ordinal.Integration.Demo;

namespace Ordinal.Integration.Gates;

/// <summary>Finds etcd: <c>ORDINAL_ETCD</c>, else on the PATH when hack/deps was not run, else what that brought. A missing one fails with the remedy.</summary>
internal static class EtcdBinary
{
    internal static string Path => Environment.GetEnvironmentVariable("ORDINAL_ETCD") is { Length: > 0 } named ? named
        : Directory.Exists(System.IO.Path.Combine(Programs.Repository, ".deps")) ? Programs.Etcd
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => System.IO.Path.Combine(d, "etcd")).FirstOrDefault(File.Exists) ?? Programs.Etcd;

    /// <summary>Gets newer etcds, each one minor version ahead of the one before it, for the tests of upgrades: <c>ORDINAL_ETCD_NEXT</c>, separated by colons; as a rule none.</summary>
    internal static IReadOnlyList<string> Next => (Environment.GetEnvironmentVariable("ORDINAL_ETCD_NEXT") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
}
