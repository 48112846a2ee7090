using System.Globalization;
using System.Text.Json;

namespace Ordinal.ControlPlane.Controllers.Scheduling;

/// <summary>Reads quantities as Kubernetes writes them: <c>250m</c>, <c>2</c>, <c>512Mi</c>, <c>1e3</c>.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m),
        ("n", 1e-9m), ("u", 1e-6m), ("m", 1e-3m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m),
    ];

    /// <summary>Reads a quantity, a text or a number; 0 for what is none.</summary>
    public static decimal Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => element.TryGetDecimal(out decimal number) ? number : 0,
        JsonValueKind.String => Read(element.GetString()!),
        _ => 0,
    };

    private static decimal Read(string text)
    {
        foreach ((string suffix, decimal factor) in Suffixes)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                return Number(text.AsSpan(0, text.Length - suffix.Length)) * factor;
            }
        }

        return Number(text);
    }

    private static decimal Number(ReadOnlySpan<char> text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal number)
        && number is > -1e18m and < 1e18m
            ? number
            : 0;
}
