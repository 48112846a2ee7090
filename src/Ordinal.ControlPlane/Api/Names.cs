using System.Text.RegularExpressions;

namespace Ordinal.ControlPlane.Api;

/// <summary>The rules of names, labels and values, with a real API server's words.</summary>
public static partial class Names
{
    private const string LabelWords =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string Rfc1035Words =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    private const string SubdomainWords =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string WildcardWords =
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelValueWords =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string QualifiedWords =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string KeyWords =
        "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

    private const string ConfigKeyWords =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    private const string PortWords = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";

    /// <summary>Says what is wrong with an RFC 1123 label; null when nothing is.</summary>
    public static string? LabelProblem(string name) => First(LabelProblems(name));

    /// <summary>Says all that is wrong with an RFC 1123 label.</summary>
    public static IReadOnlyList<string> LabelProblems(string name) => Collect(
        name.Length > 63 ? "must be no more than 63 characters" : null,
        Label().IsMatch(name) ? null : Subdomain().IsMatch(name) ? "must not contain dots" : LabelWords);

    /// <summary>Says all that is wrong with an RFC 1035 label, which begins with a letter.</summary>
    public static IReadOnlyList<string> Rfc1035Problems(string name) => Collect(
        name.Length > 63 ? "must be no more than 63 characters" : null, Rfc1035Label().IsMatch(name) ? null : Rfc1035Words);

    /// <summary>Says what is wrong with an RFC 1123 subdomain; null when nothing is.</summary>
    public static string? SubdomainProblem(string name) => First(SubdomainProblems(name));

    /// <summary>Says all that is wrong with an RFC 1123 subdomain.</summary>
    public static IReadOnlyList<string> SubdomainProblems(string name) => Collect(
        name.Length > 253 ? "must be no more than 253 characters" : null, Subdomain().IsMatch(name) ? null : SubdomainWords);

    /// <summary>Says all that is wrong with a subdomain whose first label is <c>*</c>.</summary>
    public static IReadOnlyList<string> WildcardProblems(string name) => Collect(
        name.Length > 253 ? "must be no more than 253 characters" : null,
        name.StartsWith("*.", StringComparison.Ordinal) && Subdomain().IsMatch(name.AsSpan(2)) ? null : WildcardWords);

    /// <summary>Says what is wrong with a name that is only part of a path; null when nothing is.</summary>
    public static string? PathSegmentProblem(string name) => name switch
    {
        "." or ".." => $"may not be '{name}'",
        _ when name.Contains('/') => "may not contain '/'",
        _ when name.Contains('%') => "may not contain '%'",
        _ => null,
    };

    /// <summary>Says what is wrong with a label's value; null when nothing is.</summary>
    public static string? LabelValueProblem(string value) => First(LabelValueProblems(value));

    /// <summary>Says all that is wrong with a label's value.</summary>
    public static IReadOnlyList<string> LabelValueProblems(string value) => Collect(
        value.Length > 63 ? "must be no more than 63 bytes" : null, LabelValue().IsMatch(value) ? null : LabelValueWords);

    /// <summary>Says what is wrong with a label's or annotation's key; null when nothing is.</summary>
    public static string? QualifiedProblem(string key) => First(QualifiedProblems(key));

    /// <summary>Says all that is wrong with a label's or annotation's key.</summary>
    public static IReadOnlyList<string> QualifiedProblems(string key)
    {
        string[] parts = key.Split('/');
        if (parts.Length > 2)
        {
            return [KeyWords];
        }

        string name = parts[^1];
        string? prefix = parts.Length == 1 ? null : parts[0].Length == 0 ? "must be non-empty" : SubdomainProblem(parts[0]);
        return Collect(
            prefix is null ? null : $"prefix part {prefix}",
            name.Length == 0 ? "name part must be non-empty" : name.Length > 63 ? "name part must be no more than 63 bytes" : null,
            QualifiedName().IsMatch(name) ? null : QualifiedWords);
    }

    /// <summary>Says all that is wrong with a key of a ConfigMap or Secret.</summary>
    public static IReadOnlyList<string> ConfigKeyProblems(string key) => Collect(
        key.Length > 253 ? "must be no more than 253 characters" : null,
        !ConfigKey().IsMatch(key) ? ConfigKeyWords
            : key == "." ? "must not be '.'"
            : key == ".." ? "must not be '..'"
            : key.StartsWith("..", StringComparison.Ordinal) ? "must not start with '..'" : null);

    /// <summary>Says all that is wrong with the name of a port.</summary>
    public static IReadOnlyList<string> PortNameProblems(string name) => Collect(
        name.Length > 15 ? "must be no more than 15 characters" : null,
        name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') ? null : PortWords,
        name.Any(char.IsAsciiLetterLower) ? null : "must contain at least one letter (a-z)",
        name.Contains("--", StringComparison.Ordinal) ? "must not contain consecutive hyphens" : null,
        name.StartsWith('-') || name.EndsWith('-') ? "must not begin or end with a hyphen" : null);

    /// <summary>Says all that is wrong with the name of an environment variable.</summary>
    public static IReadOnlyList<string> VariableProblems(string name) => Collect(
        name.Length > 0 && name.All(c => c is >= ' ' and <= '~' and not '=')
            ? null : "a valid environment variable name must consist only of printable ASCII characters other than '='");

    private static string? First(IReadOnlyList<string> problems) => problems.Count == 0 ? null : problems[0];

    private static string[] Collect(params ReadOnlySpan<string?> problems)
    {
        var found = new List<string>();
        foreach (string? problem in problems)
        {
            if (problem is not null)
            {
                found.Add(problem);
            }
        }

        return [.. found];
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc1035Label();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"^[-._a-zA-Z0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex ConfigKey();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex QualifiedName();
}
