using System.Reflection;

namespace Ordinal.Operator.Hosting;

/// <summary>What was built.</summary>
public static class BuildInfo
{
    /// <summary>Gets the version, as 0.1.0.</summary>
    public static string Version { get; } =
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>Gets what tells this build from every other one, a digest of the program itself.</summary>
    public static string Revision { get; } = typeof(BuildInfo).Module.ModuleVersionId.ToString("N")[..12];
}
