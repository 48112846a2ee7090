using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Texts of table cells.</summary>
public static class CellText
{
    /// <summary>Gets the object's name.</summary>
    public static string Name(JsonObject document) => document.Child("metadata").Text("name") ?? "";

    /// <summary>Gets the object's age, or <c>&lt;unknown&gt;</c> when it has none.</summary>
    public static string Age(JsonObject document, DateTimeOffset now) => Since(document.Child("metadata").Text("creationTimestamp"), now);

    /// <summary>Gets the time since a timestamp as kubectl shows it.</summary>
    public static string Since(string? timestamp, DateTimeOffset now) =>
        timestamp is not null && DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            ? Duration(now - at)
            : "<unknown>";

    /// <summary>Writes a duration as kubectl does: two units at most, fewer as it grows.</summary>
    public static string Duration(TimeSpan duration)
    {
        long seconds = (long)duration.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        if (seconds < 0)
        {
            return "0s";
        }

        if (seconds < 60 * 2)
        {
            return $"{seconds}s";
        }

        long minutes = seconds / 60;
        if (minutes < 10)
        {
            return seconds % 60 == 0 ? $"{minutes}m" : $"{minutes}m{seconds % 60}s";
        }

        if (minutes < 60 * 3)
        {
            return $"{minutes}m";
        }

        long hours = minutes / 60;
        if (hours < 8)
        {
            return minutes % 60 == 0 ? $"{hours}h" : $"{hours}h{minutes % 60}m";
        }

        if (hours < 48)
        {
            return $"{hours}h";
        }

        long days = hours / 24;
        if (hours < 24 * 8)
        {
            return hours % 24 == 0 ? $"{days}d" : $"{days}d{hours % 24}h";
        }

        if (days < 365 * 2)
        {
            return $"{days}d";
        }

        long years = days / 365;
        if (days < 365 * 8)
        {
            return days % 365 == 0 ? $"{years}y" : $"{years}y{days % 365}d";
        }

        return $"{years}y";
    }
}
