using System.Globalization;

namespace Ordinal.ControlPlane.Cache;

/// <summary>Times as Kubernetes writes them: RFC 3339 in UTC, to the second.</summary>
public static class Timestamp
{
    /// <summary>Writes a time.</summary>
    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes the present time of a clock.</summary>
    public static string Of(TimeProvider clock) => Of(clock.GetUtcNow());
}
