using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>The string formats that a CRD's schema may ask for. An unknown one asks for nothing, as with a real API server.</summary>
internal static partial class StringFormats
{
    /// <summary>Whether a text has a format.</summary>
    public static bool Fits(string format, string text) => format.Replace("-", "", StringComparison.Ordinal) switch
    {
        "datetime" => text.ToLowerInvariant().Split('t') is [var date, var time, ..] && Fits("date", date) && IsTime(time),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => CelTime.ParseDuration(text) is not null || WordyDuration().IsMatch(text),
        "byte" => Base64Pattern().IsMatch(text),
        "ipv4" => IPAddress.TryParse(text, out IPAddress? four) && four.AddressFamily == AddressFamily.InterNetwork && text.Count(c => c == '.') == 3,
        "ipv6" => IPAddress.TryParse(text, out IPAddress? six) && six.AddressFamily == AddressFamily.InterNetworkV6 && !text.Contains('%', StringComparison.Ordinal),
        "cidr" => text.Split('/') is [var address, var bits] && IPAddress.TryParse(address, out IPAddress? net) && byte.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out byte length)
            && length <= (net.AddressFamily == AddressFamily.InterNetwork ? 32 : 128),
        "mac" => MacPattern().IsMatch(text),
        "uuid" => UuidPattern().IsMatch(text),
        "uuid3" => UuidPattern().IsMatch(text) && Digit(text, 12) == '3',
        "uuid4" => UuidPattern().IsMatch(text) && Digit(text, 12) == '4' && Digit(text, 16) is '8' or '9' or 'a' or 'b',
        "uuid5" => UuidPattern().IsMatch(text) && Digit(text, 12) == '5' && Digit(text, 16) is '8' or '9' or 'a' or 'b',
        "hostname" => text.Length <= 253 && HostPattern().IsMatch(text),
        "email" => EmailPattern().IsMatch(text),
        "uri" => GoUrl.RequestProblem(text) is null,
        "hexcolor" => ColorPattern().IsMatch(text),
        "k8sshortname" => Names.LabelProblem(text) is null,
        "k8slongname" => Names.SubdomainProblem(text) is null,
        _ => true,
    };

    private static char Digit(string uuid, int at) => char.ToLowerInvariant(uuid.Replace("-", "", StringComparison.Ordinal)[at]);

    private static bool IsTime(string text) =>
        TimePattern().Match(text) is { Success: true } match && string.CompareOrdinal(match.Groups[1].Value, "23") <= 0
        && string.CompareOrdinal(match.Groups[2].Value, "59") <= 0 && string.CompareOrdinal(match.Groups[3].Value, "59") <= 0;

    // The dot of the fraction may be any character: so it is in Kubernetes' own pattern.
    [GeneratedRegex(@"\A([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex TimePattern();

    [GeneratedRegex(@"\A(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})\z")]
    private static partial Regex Base64Pattern();

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
