using System.Globalization;

namespace Ordinal.Core.Model;

/// <summary>A number of pods, or a percentage of them, as Kubernetes writes both: <c>1</c> or <c>"25%"</c>.</summary>
public readonly record struct IntOrPercent
{
    private IntOrPercent(int number, bool isPercent)
    {
        Number = number;
        IsPercent = isPercent;
    }

    /// <summary>Gets the number; of pods, or of percent (1 to 100).</summary>
    public int Number { get; }

    /// <summary>Gets a value indicating whether <see cref="Number"/> is a percentage.</summary>
    public bool IsPercent { get; }

    /// <summary>Makes a count of pods.</summary>
    public static IntOrPercent Of(int pods) => new(pods, isPercent: false);

    /// <summary>Reads <c>3</c> or <c>25%</c>; false for anything that is not at least 1, or above 100 %.</summary>
    public static bool TryParse(string? text, out IntOrPercent value)
    {
        value = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var isPercent = text[^1] == '%';
        var digits = isPercent ? text.AsSpan(0, text.Length - 1) : text.AsSpan();
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1 || (isPercent && number > 100))
        {
            return false;
        }

        value = new(number, isPercent);
        return true;
    }

    /// <summary>Gets how many pods this is out of <paramref name="total"/>: percent rounds down, and it is never less than 1.</summary>
    public int Resolve(int total) => Math.Max(1, IsPercent ? (int)((long)total * Number / 100) : Number);

    /// <inheritdoc/>
    public override string ToString() => IsPercent ? $"{Number}%" : Number.ToString(CultureInfo.InvariantCulture);
}
