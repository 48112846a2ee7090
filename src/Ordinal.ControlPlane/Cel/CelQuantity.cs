using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Ordinal.ControlPlane.Cel;

/// <summary>
/// An amount as Kubernetes writes it (<c>1500m</c>, <c>2Gi</c>, <c>1e3</c>), in billionths: what is finer is rounded away from zero, as a real server does.
/// </summary>
/// <param name="Billionths">The amount.</param>
/// <param name="IsWhole">Whether a real server keeps it as a plain number: <c>1000m</c> it does not, though that is 1.</param>
internal sealed partial record CelQuantity(BigInteger Billionths, bool IsWhole) : CelValue
{
    private const int Digits = 9;

    /// <summary>How many digits a real server keeps as a plain number; what is longer has no integer for it.</summary>
    private const int PlainDigits = 18;
    private const string NoQuantity = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    private const string NoSuffix = "unable to parse quantity's suffix";

    public override string TypeName => "kubernetes.Quantity";

    /// <summary>Gets the amount as a 64-bit number; null when it has a fraction or is too large.</summary>
    public long? Integer => IsWhole && Billionths / One is var whole && whole >= long.MinValue && whole <= long.MaxValue ? (long)whole : null;

    /// <summary>Gets the amount as a double.</summary>
    public double Approximate => (double)(Billionths / One) + ((double)(Billionths % One) / 1e9);

    private static BigInteger One { get; } = BigInteger.Pow(10, Digits);

    /// <summary>Reads a quantity; null when the text is none. Without a digit it is 0 of its suffix.</summary>
    /// <param name="problem">Why the text is none.</param>
    public static CelQuantity? Parse(string text, out string problem)
    {
        problem = NoQuantity;
        Match match = Grammar().Match(text);
        if (text.Length == 0 || !match.Success)
        {
            return null;
        }

        (int binary, int exponent) = Factor(match.Groups["suffix"].Value);
        if (binary < 0 || Math.Abs(exponent) > 400)
        {
            problem = NoSuffix;
            return null;
        }

        string fraction = match.Groups["fraction"].Value;
        string whole = match.Groups["whole"].Value.TrimStart('0');
        BigInteger digits = BigInteger.Parse("0" + whole + fraction, CultureInfo.InvariantCulture) * BigInteger.Pow(2, binary);
        int scale = exponent - fraction.Length + Digits;
        BigInteger billionths;
        if (scale >= 0)
        {
            billionths = digits * BigInteger.Pow(10, scale);
        }
        else
        {
            billionths = BigInteger.DivRem(digits, BigInteger.Pow(10, -scale), out BigInteger rest);
            billionths += rest.IsZero ? 0 : 1;
        }

        // 2^10 has about three digits.
        int length = Math.Max(1, whole.Length) + fraction.Length;
        bool isPlain = binary == 0 ? exponent >= fraction.Length && length <= PlainDigits : fraction.Length == 0 && length <= 14 - (binary * 3 / 10);
        return new CelQuantity(text[0] == '-' ? -billionths : billionths, isPlain);
    }

    /// <summary>Calls a function about quantities; null when it is none or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("quantity", [CelText text]) => Parse(text.Value, out string problem) is { } parsed ? parsed : new CelError(problem),
        ("isQuantity", [CelText text]) => CelBool.Of(Parse(text.Value, out _) is not null),
        ("sign", [CelQuantity amount]) => new CelInt(amount.Billionths.Sign),
        ("isGreaterThan", [CelQuantity left, CelQuantity right]) => CelBool.Of(left.Billionths > right.Billionths),
        ("isLessThan", [CelQuantity left, CelQuantity right]) => CelBool.Of(left.Billionths < right.Billionths),
        ("compareTo", [CelQuantity left, CelQuantity right]) => new CelInt(left.Billionths.CompareTo(right.Billionths)),
        ("asApproximateFloat", [CelQuantity amount]) => new CelDouble(amount.Approximate),
        ("asInteger", [CelQuantity amount]) => amount.Integer is { } whole ? new CelInt(whole) : new CelError("cannot convert value to integer"),
        ("isInteger", [CelQuantity amount]) => CelBool.Of(amount.Integer is not null),
        ("add", [CelQuantity left, CelQuantity right]) => Sum(left, right.Billionths, right.IsWhole),
        ("add", [CelQuantity left, CelInt right]) => Sum(left, right.Value * One, true),
        ("sub", [CelQuantity left, CelQuantity right]) => Sum(left, -right.Billionths, right.IsWhole),
        ("sub", [CelQuantity left, CelInt right]) => Sum(left, -right.Value * One, true),
        _ => null,
    };

    // Two ways to write one amount are equal.
    public bool Equals(CelQuantity? other) => other is not null && Billionths == other.Billionths;

    public override int GetHashCode() => Billionths.GetHashCode();

    private static CelQuantity Sum(CelQuantity left, BigInteger right, bool isWhole) => new(left.Billionths + right, left.IsWhole && isWhole);

    private static (int Binary, int Exponent) Factor(string suffix) => suffix switch
    {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ when suffix[0] is 'e' or 'E' && int.TryParse(suffix.AsSpan(1), CultureInfo.InvariantCulture, out int exponent) => (0, exponent),
        _ => (-1, 0),
    };

    [GeneratedRegex(@"^[+-]?(?<whole>[0-9]*)(\.(?<fraction>[0-9]*))?(?<suffix>[eEinumkKMGTP]*[-+]?[0-9]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}
