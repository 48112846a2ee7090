using System.Globalization;

namespace Ordinal.Gates.Probing;

/// <summary>Limits, both included. As the policy writes them: texts, because a float does not survive every tool.</summary>
/// <param name="Min">Least value that passes; null for no limit.</param>
/// <param name="Max">Greatest value that passes; null for no limit.</param>
public sealed record NumberRange(double? Min, double? Max)
{
    /// <summary>Gets a value indicating whether there is no limit at all.</summary>
    public bool IsOpen => Min is null && Max is null;

    /// <summary>Reads a finite number as JSON or PromQL writes it; null when it is none.</summary>
    public static double? Read(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    /// <summary>Tells whether a number lies within; NaN never does.</summary>
    public bool Holds(double value) => (Min is not { } min || value >= min) && (Max is not { } max || value <= max) && !double.IsNaN(value);

    /// <inheritdoc/>
    public override string ToString() => (Min, Max) switch
    {
        ({ } min, { } max) => $"{Write(min)} to {Write(max)}",
        ({ } min, null) => $"at least {Write(min)}",
        (null, { } max) => $"at most {Write(max)}",
        _ => "any number",
    };

    internal static string Write(double value) => value.ToString("G10", CultureInfo.InvariantCulture);
}
