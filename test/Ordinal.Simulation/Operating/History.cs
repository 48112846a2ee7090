using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ordinal.ControlPlane.Storage;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// What tells one run from another in a line: its seed, how many steps it took, the revision of the store, and hashes of its trace and of all objects
/// at its end. Whoever makes something faster compares the lines of before and after: the same behaviour gives the same file.
/// </summary>
internal static class History
{
    private static readonly string? Path = Environment.GetEnvironmentVariable("ORDINAL_SIM_HISTORIES");
    private static readonly Lock Gate = new();

    /// <summary>Appends a run's line to the file that ORDINAL_SIM_HISTORIES names, if it names one.</summary>
    public static void Note(OperatorWorld world)
    {
        if (Path is not null)
        {
            string line = Of(world);
            lock (Gate)
            {
                File.AppendAllText(Path, line + "\n");
            }
        }
    }

    /// <summary>Makes a run's line.</summary>
    public static string Of(OperatorWorld world)
    {
        using IncrementalHash trace = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string line in world.Trace.Lines)
        {
            trace.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
        }

        using IncrementalHash objects = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string resource in new[] { "pods", "statefulsets.apps", "controllerrevisions.apps", "rolloutpolicies.ordinal.dev", "statefulsetrollouts.ordinal.dev", "events" })
        {
            foreach (StoredObject stored in world.Cluster.Server.Store.Snapshot(resource, "default").Objects())
            {
                objects.AppendData(stored.Bytes.Span);
            }
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{world.World.Seed} steps {world.World.Steps} revision {world.Cluster.Server.Store.Revision} trace {Convert.ToHexStringLower(trace.GetHashAndReset().AsSpan(0, 8))} objects {Convert.ToHexStringLower(objects.GetHashAndReset().AsSpan(0, 8))}");
    }
}
