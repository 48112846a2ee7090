using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cel;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>The string formats that a CRD's schema may ask for. An unknown one asks for nothing, as with a real API server.</summary>
internal static partial class StringFormats
{
    /// <summary>Whether a text has a format.</summary>
    public static bool Fits(string format, string text) => format.Replace("-", "", StringComparison.Ordinal) switch
    {
        "datetime" => DateTimePattern().IsMatch(text) && CelTime.ParseTimestamp(text.Replace(' ', 'T')) is not null,
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => CelTime.ParseDuration(text) is not null || WordyDuration().IsMatch(text),
        "byte" => Convert.TryFromBase64String(text, new byte[text.Length], out _),
        "ipv4" => IPAddress.TryParse(text, out IPAddress? four) && four.AddressFamily == AddressFamily.InterNetwork && text.Count(c => c == '.') == 3,
        "ipv6" => IPAddress.TryParse(text, out IPAddress? six) && six.AddressFamily == AddressFamily.InterNetworkV6 && !text.Contains('%', StringComparison.Ordinal),
        "cidr" => text.Split('/') is [var address, var bits] && IPAddress.TryParse(address, out IPAddress? net) && byte.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out byte length)
            && length <= (net.AddressFamily == AddressFamily.InterNetwork ? 32 : 128),
        "mac" => MacPattern().IsMatch(text),
        "uuid" => UuidPattern().IsMatch(text),
        "uuid3" => UuidPattern().IsMatch(text) && Version(text) == '3',
        "uuid4" => UuidPattern().IsMatch(text) && Version(text) == '4',
        "uuid5" => UuidPattern().IsMatch(text) && Version(text) == '5',
        "hostname" => text.Length <= 253 && HostPattern().IsMatch(text),
        "email" => EmailPattern().IsMatch(text),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) || text.StartsWith('/'),
        "hexcolor" => ColorPattern().IsMatch(text),
        "k8sshortname" => Names.LabelProblem(text) is null,
        "k8slongname" => Names.SubdomainProblem(text) is null,
        _ => true,
    };

    private static char Version(string uuid) => uuid.Replace("-", "", StringComparison.Ordinal)[12];

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt]| )[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex DateTimePattern();

    [GeneratedRegex(@"\A[0-9]+ *(ns|nanos?|us|micros?|ms|millis?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\z")]
    private static partial Regex WordyDuration();

    [GeneratedRegex(@"\A([0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(\.[0-9A-Fa-f]{4}){2})\z")]
    private static partial Regex MacPattern();

    [GeneratedRegex(@"\A[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}\z")]
    private static partial Regex UuidPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\z")]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"\A[^@\s<>]+@[^@\s<>]+\z")]
    private static partial Regex EmailPattern();

    [GeneratedRegex(@"\A#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})\z")]
    private static partial Regex ColorPattern();
}
