using System.Reflection;

namespace Ordinal.Operator.Hosting;

/// <summary>What was built.</summary>
public static class BuildInfo
{
    /// <summary>Gets the version, as 0.1.0.</summary>
    public static string Version { get; } =
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
