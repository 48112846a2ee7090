using System.Globalization;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>A semantic version (<c>1.2.3-rc.1+build</c>). What is built stays out of comparisons.</summary>
/// <param name="Major">The first number.</param>
/// <param name="Minor">The second number.</param>
/// <param name="Patch">The third number.</param>
/// <param name="Before">What follows a hyphen: a version before the one that the numbers name.</param>
internal sealed record CelSemver(ulong Major, ulong Minor, ulong Patch, IReadOnlyList<string> Before) : CelValue
{
    public override string TypeName => "kubernetes.Semver";

    public bool Equals(CelSemver? other) => other is not null && CompareTo(other) == 0;

    public override int GetHashCode() => HashCode.Combine(Major, Minor, Patch, Before.Count);

    /// <summary>Compares two versions: -1, 0 or 1.</summary>
    public int CompareTo(CelSemver other)
    {
        int order = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        if (order != 0 || Before.Count == 0 || other.Before.Count == 0)
        {
            return Math.Sign(order != 0 ? order : other.Before.Count.CompareTo(Before.Count));
        }

        foreach ((string mine, string theirs) in Before.Zip(other.Before))
        {
            order = (IsNumber(mine), IsNumber(theirs)) switch
            {
                (true, true) => ulong.Parse(mine, CultureInfo.InvariantCulture).CompareTo(ulong.Parse(theirs, CultureInfo.InvariantCulture)),
                (true, false) => -1,
                (false, true) => 1,
                (false, false) => string.CompareOrdinal(mine, theirs),
            };
            if (order != 0)
            {
                return Math.Sign(order);
            }
        }

        return Math.Sign(Before.Count.CompareTo(other.Before.Count));
    }

    /// <summary>Reads a version; null when the text is none.</summary>
    /// <param name="isLoose">Whether a leading <c>v</c>, leading zeros and missing numbers are put right first.</param>
    /// <param name="problem">Why the text is none.</param>
    public static CelSemver? Parse(string text, bool isLoose, out string problem)
    {
        if (isLoose && Normalize(ref text) is { } wrong)
        {
            problem = wrong;
            return null;
        }

        string[] parts = text.Split('.', 3);
        problem = text.Length == 0 ? "Version string empty" : parts.Length < 3 ? "No Major.Minor.Patch elements found" : "";
        if (problem.Length > 0)
        {
            return null;
        }

        (string patch, string? build) = Cut(parts[2], '+');
        (patch, string? before) = Cut(patch, '-');
        string[] pieces = before?.Split('.') ?? [];
        string? found = null;
        ulong major = Number(parts[0], "major", ref found), minor = Number(parts[1], "minor", ref found), last = Number(patch, "patch", ref found);
        found ??= pieces.Select(BeforeProblem).FirstOrDefault(each => each is not null) ?? build?.Split('.').Select(BuildProblem).FirstOrDefault(each => each is not null);
        problem = found ?? "";
        return found is null ? new CelSemver(major, minor, last, pieces) : null;
    }

    /// <summary>Calls a function about versions; null when it is none or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("isSemver", [CelText text]) => CelBool.Of(Parse(text.Value, false, out _) is not null),
        ("isSemver", [CelText text, CelBool isLoose]) => CelBool.Of(Parse(text.Value, isLoose.Value, out _) is not null),
        ("semver", [CelText text]) => Parse(text.Value, false, out string problem) is { } version ? version : new CelError(problem),
        ("semver", [CelText text, CelBool isLoose]) => Parse(text.Value, isLoose.Value, out string problem) is { } version ? version : new CelError(problem),
        ("major", [CelSemver version]) => new CelInt((long)version.Major),
        ("minor", [CelSemver version]) => new CelInt((long)version.Minor),
        ("patch", [CelSemver version]) => new CelInt((long)version.Patch),
        ("isGreaterThan", [CelSemver left, CelSemver right]) => CelBool.Of(left.CompareTo(right) > 0),
        ("isLessThan", [CelSemver left, CelSemver right]) => CelBool.Of(left.CompareTo(right) < 0),
        ("compareTo", [CelSemver left, CelSemver right]) => new CelInt(left.CompareTo(right)),
        _ => null,
    };

    private static string? Normalize(ref string text)
    {
        string[] parts = (text.StartsWith('v') ? text[1..] : text).Split('.', 3);
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length > 1)
            {
                parts[i] = parts[i].TrimStart('0') is { Length: > 0 } rest && char.IsAsciiDigit(rest[0]) ? rest : "0" + parts[i].TrimStart('0');
            }
        }

        if (parts.Length < 3 && parts[^1].AsSpan().ContainsAny('+', '-'))
        {
            return "short version cannot contain PreRelease/Build meta data";
        }

        text = string.Join('.', parts.Concat(Enumerable.Repeat("0", 3 - parts.Length)));
        return null;
    }

    private static (string Before, string? After) Cut(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is var found and >= 0 ? (text[..found], text[(found + 1)..]) : (text, null);

    private static bool IsNumber(string text) => text.All(char.IsAsciiDigit);

    private static bool HasLeadingZero(string text) => text.Length > 1 && text[0] == '0';

    private static ulong Number(string text, string name, ref string? problem)
    {
        ulong number = 0;
        problem ??= !IsNumber(text) ? $"Invalid character(s) found in {name} number {JsonText.WriteString(text)}"
            : HasLeadingZero(text) ? $"{char.ToUpperInvariant(name[0])}{name[1..]} number must not contain leading zeroes {JsonText.WriteString(text)}"
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) ? null : NumberProblem(text);
        return number;
    }

    private static string NumberProblem(string text) =>
        $"strconv.ParseUint: parsing {JsonText.WriteString(text)}: {(text.Length == 0 ? "invalid syntax" : "value out of range")}";

    private static string? BeforeProblem(string text) => text switch
    {
        "" => "Prerelease is empty",
        _ when IsNumber(text) && HasLeadingZero(text) => $"Numeric PreRelease version must not contain leading zeroes {JsonText.WriteString(text)}",
        _ when IsNumber(text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : NumberProblem(text),
        _ => IsWord(text) ? null : $"Invalid character(s) found in prerelease {JsonText.WriteString(text)}",
    };

    private static string? BuildProblem(string text) =>
        text.Length == 0 ? "Build meta data is empty" : IsWord(text) ? null : $"Invalid character(s) found in build meta data {JsonText.WriteString(text)}";

    private static bool IsWord(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
