using System.Globalization;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.Disruption;

/// <summary>The counters of a PodDisruptionBudget's status.</summary>
/// <param name="Expected">Pods that there should be.</param>
/// <param name="Desired">Healthy pods that there must be.</param>
/// <param name="Healthy">Healthy pods that there are.</param>
/// <param name="Allowed">Evictions that may be granted now.</param>
public sealed record DisruptionCounts(long Expected, long Desired, long Healthy, long Allowed);

/// <summary>The arithmetic of a PodDisruptionBudget. Pure.</summary>
public static class DisruptionArithmetic
{
    /// <summary>Computes the counters.</summary>
    /// <param name="spec">The budget's spec.</param>
    /// <param name="matching">How many pods the selector matches.</param>
    /// <param name="scale">Sum of the replicas of those pods' controllers.</param>
    /// <param name="healthy">How many of the pods are ready, not terminating and not about to be evicted.</param>
    public static DisruptionCounts Count(JsonElement spec, long matching, long scale, long healthy)
    {
        long expected;
        long desired;
        if (spec.At("maxUnavailable") is { ValueKind: not JsonValueKind.Undefined } most)
        {
            expected = scale;
            desired = Math.Max(0, scale - Scaled(most, scale));
        }
        else if (spec.At("minAvailable") is { ValueKind: JsonValueKind.String } percent)
        {
            expected = scale;
            desired = Scaled(percent, scale);
        }
        else
        {
            // A plain number needs no controller to be known.
            expected = matching;
            desired = spec.NumberAt("minAvailable") ?? 1;
        }

        // A budget that matches nothing allows nothing: its first pods shall find it closed.
        return new DisruptionCounts(expected, desired, healthy, expected > 0 ? Math.Max(0, healthy - desired) : 0);
    }

    /// <summary>Tells whether the counters need the controllers' scale.</summary>
    public static bool NeedsScale(JsonElement spec) =>
        spec.At("maxUnavailable").ValueKind is not JsonValueKind.Undefined || spec.At("minAvailable").ValueKind is JsonValueKind.String;

    /// <summary>Reads a number, or a percentage of <paramref name="total"/> rounded up.</summary>
    private static long Scaled(JsonElement value, long total)
    {
        if (value.ValueKind is JsonValueKind.Number)
        {
            return value.GetInt64();
        }

        string text = value.GetString() ?? "";
        return text.EndsWith('%') && long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long percent)
            ? ((percent * total) + 99) / 100
            : 0;
    }
}
