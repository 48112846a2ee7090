using System.Text.RegularExpressions;

namespace Ordinal.ControlPlane.Api;

/// <summary>The rules of names, labels and values, with a real API server's words.</summary>
public static partial class Names
{
    private const string LabelWords =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string SubdomainWords =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelValueWords =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string QualifiedWords =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    /// <summary>Says what is wrong with an RFC 1123 label; null when nothing is.</summary>
    public static string? LabelProblem(string name) =>
        name.Length > 63 ? "must be no more than 63 bytes" : Label().IsMatch(name) ? null : LabelWords;

    /// <summary>Says what is wrong with an RFC 1123 subdomain; null when nothing is.</summary>
    public static string? SubdomainProblem(string name) =>
        name.Length > 253 ? "must be no more than 253 bytes" : Subdomain().IsMatch(name) ? null : SubdomainWords;

    /// <summary>Says what is wrong with a name that is only part of a path; null when nothing is.</summary>
    public static string? PathSegmentProblem(string name) => name switch
    {
        "." or ".." => $"may not be '{name}'",
        _ when name.Contains('/') => "may not contain '/'",
        _ when name.Contains('%') => "may not contain '%'",
        _ => null,
    };

    /// <summary>Says what is wrong with a label's value; null when nothing is.</summary>
    public static string? LabelValueProblem(string value) =>
        value.Length > 63 ? "must be no more than 63 bytes" : LabelValue().IsMatch(value) ? null : LabelValueWords;

    /// <summary>Says what is wrong with a label's or annotation's key; null when nothing is.</summary>
    public static string? QualifiedProblem(string key)
    {
        int slash = key.IndexOf('/');
        string name = slash < 0 ? key : key[(slash + 1)..];
        if (slash == 0)
        {
            return "prefix part must be non-empty";
        }

        if (slash > 0 && SubdomainProblem(key[..slash]) is { } prefixProblem)
        {
            return $"prefix part {prefixProblem}";
        }

        return name.Length switch
        {
            0 => "name part must be non-empty",
            > 63 => "name part must be no more than 63 bytes",
            _ => QualifiedName().IsMatch(name) ? null : QualifiedWords,
        };
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelValue();

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.CultureInvariant)]
    private static partial Regex QualifiedName();
}
