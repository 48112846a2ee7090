using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ordinal.ControlPlane.Text;

/// <summary>
/// A URL as Go's net/url reads it. <see cref="Uri"/> is of no use here: it takes other texts, changes them, and says other words. Texts of Go are bytes,
/// so this works on one character for each byte of UTF-8 and decodes what it hands out.
/// </summary>
internal sealed class GoUrl
{
    private string user = "";
    private string path = "";
    private string rawPath = "";
    private string query = "";
    private string fragment = "";
    private string opaque = "";
    private bool hasUser;
    private bool hasQuery;

    /// <summary>Gets the scheme in lower case; empty when there is none.</summary>
    public string Scheme { get; private set; } = "";

    /// <summary>Gets host and port; an IPv6 address stands in brackets.</summary>
    public string Host { get; private set; } = "";

    /// <summary>Gets the host without port and brackets.</summary>
    public string HostName => HostAndPort().Host;

    /// <summary>Gets the port; empty when there is none.</summary>
    public string Port => HostAndPort().Port;

    /// <summary>Gets the path as it is written in a URL.</summary>
    public string EscapedPath => path == "*" ? "*" : rawPath.All(IsPathByte) ? Decoded(rawPath) : Decoded(Escaped(path));

    /// <summary>Says why a text is not an absolute URL or an absolute path; null when it is one.</summary>
    public static string? RequestProblem(string text) => Problem(text, new GoUrl().ReadWhole(Bytes(text), isRequest: true));

    /// <summary>Reads an absolute URL or an absolute path, fragment included.</summary>
    /// <param name="problem">Why it is none, in Go's words.</param>
    public static GoUrl? Parse(string text, out string? problem)
    {
        problem = RequestProblem(text);
        if (problem is not null)
        {
            return null;
        }

        var url = new GoUrl();
        (string before, string after) = Cut(Bytes(text), '#');
        problem = Problem(text, url.ReadWhole(before, isRequest: false) ?? Unescape(after, EscapePlace.Other, out url.fragment));
        return problem is null ? url : null;
    }

    /// <summary>Gets the parameters of the query with all their values, in order; what cannot be read is left out.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<string> Values)> Query()
    {
        var found = new List<(string Name, IReadOnlyList<string> Values)>();
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries).Where(pair => !pair.Contains(';', StringComparison.Ordinal)))
        {
            (string name, string value) = Cut(pair, '=');
            if (Unescape(name, EscapePlace.Query, out name) is not null || Unescape(value, EscapePlace.Query, out value) is not null)
            {
                continue;
            }

            int at = found.FindIndex(each => each.Name == Decoded(name));
            if (at < 0)
            {
                found.Add((Decoded(name), [Decoded(value)]));
            }
            else
            {
                found[at] = (found[at].Name, [.. found[at].Values, Decoded(value)]);
            }
        }

        return found;
    }

    /// <summary>Gets the whole; two URLs are equal when these are.</summary>
    public override string ToString()
    {
        string authority = hasUser ? $"//{user}@{Host}" : Host.Length > 0 || Scheme.Length > 0 ? $"//{Host}" : "";
        return $"{(Scheme.Length > 0 ? Scheme + ":" : "")}{(opaque.Length > 0 ? opaque : authority + EscapedPath)}{(hasQuery ? "?" + query : "")}{(fragment.Length > 0 ? "#" + fragment : "")}";
    }

    private static string? Problem(string text, string? problem) => problem is null ? null : $"parse {JsonText.WriteString(text)}: {problem}";

    private static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static string Decoded(string bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));

    private static (string Before, string After) Cut(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is var found and >= 0 ? (text[..found], text[(found + 1)..]) : (text, "");

    private string? ReadWhole(string text, bool isRequest)
    {
        if (text.Any(c => c is < ' ' or (char)0x7f))
        {
            return "net/url: invalid control character in URL";
        }

        if (text.Length == 0 && isRequest)
        {
            return "empty url";
        }

        if (text == "*")
        {
            path = rawPath = "*";
            return null;
        }

        if (ReadScheme(text, out string rest) is { } problem)
        {
            return problem;
        }

        hasQuery = rest.Contains('?', StringComparison.Ordinal);
        (rest, query) = Cut(rest, '?');
        if (!rest.StartsWith('/'))
        {
            if (Scheme.Length > 0)
            {
                opaque = rest;
                return null;
            }

            if (isRequest)
            {
                return "invalid URI for request";
            }

            if (Cut(rest, '/').Before.Contains(':', StringComparison.Ordinal))
            {
                return "first path segment in URL cannot contain colon";
            }
        }

        if (rest.StartsWith("//", StringComparison.Ordinal) && (Scheme.Length > 0 || (!isRequest && !rest.StartsWith("///", StringComparison.Ordinal))))
        {
            int slash = rest.IndexOf('/', 2);
            string authority = slash < 0 ? rest[2..] : rest[2..slash];
            rest = slash < 0 ? "" : rest[slash..];
            if (ReadAuthority(authority) is { } wrong)
            {
                return wrong;
            }
        }

        rawPath = rest;
        return Unescape(rest, EscapePlace.Other, out path);
    }

    private string? ReadScheme(string text, out string rest)
    {
        rest = text;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsAsciiLetter(c) || (i > 0 && (char.IsAsciiDigit(c) || c is '+' or '-' or '.')))
            {
                continue;
            }

            if (c == ':')
            {
                Scheme = text[..i].ToLowerInvariant();
                rest = text[(i + 1)..];
                return i == 0 ? "missing protocol scheme" : null;
            }

            return null;
        }

        return null;
    }

    private string? ReadAuthority(string authority)
    {
        int at = authority.LastIndexOf('@');
        if (ReadHost(authority[(at + 1)..]) is { } problem)
        {
            return problem;
        }

        if (at < 0)
        {
            return null;
        }

        hasUser = true;
        user = authority[..at];
        return user.All(c => char.IsAsciiLetterOrDigit(c) || "-._:~!$&'()*+,;=%@".Contains(c, StringComparison.Ordinal))
            ? Unescape(user, EscapePlace.Other, out _) : "net/url: invalid userinfo";
    }

    private string? ReadHost(string host)
    {
        int open = host.LastIndexOf('[');
        if (open > 0)
        {
            return "invalid IP-literal";
        }

        string port;
        if (open == 0)
        {
            int close = host.LastIndexOf(']');
            if (close < 0)
            {
                return "missing ']' in host";
            }

            port = host[(close + 1)..];
            string name = host[1..close];
            string address = Cut(name.Replace("%25", "%", StringComparison.Ordinal), '%').Before;
            if (IsPort(port) && !(IPAddress.TryParse(address, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6))
            {
                return IPAddress.TryParse(address, out _) ? "invalid IP-literal" : $"invalid host: ParseAddr({JsonText.WriteString(Decoded(name))}): unable to parse IP";
            }
        }
        else
        {
            // Of several colons the first begins the port in http and https, the last elsewhere.
            int colon = Scheme is "http" or "https" ? host.IndexOf(':', StringComparison.Ordinal) : host.LastIndexOf(':');
            port = colon < 0 ? "" : host[colon..];
        }

        if (!IsPort(port))
        {
            return $"invalid port {JsonText.WriteString(Decoded(port))} after host";
        }

        string? problem = Unescape(host, EscapePlace.Host, out string read);
        Host = Decoded(read);
        return problem;
    }

    private static bool IsPort(string text) => text.Length == 0 || (text[0] == ':' && text.Skip(1).All(char.IsAsciiDigit));

    private (string Host, string Port) HostAndPort()
    {
        int colon = Host.LastIndexOf(':');
        (string name, string port) = colon >= 0 && IsPort(Host[colon..]) ? (Host[..colon], Host[(colon + 1)..]) : (Host, "");
        return (name.StartsWith('[') && name.EndsWith(']') ? name[1..^1] : name, port);
    }

    private enum EscapePlace
    {
        Host,
        Query,
        Other,
    }

    /// <summary>Reads what is escaped; says what is wrong, null when nothing is.</summary>
    private static string? Unescape(string text, EscapePlace place, out string result)
    {
        var read = new StringBuilder(text.Length);
        result = text;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])
                    || (place == EscapePlace.Host && text[i + 1] is >= '0' and < '8' && text.Substring(i, 3) != "%25"))
                {
                    return $"invalid URL escape {JsonText.WriteString(Decoded(text.Substring(i, Math.Min(3, text.Length - i))))}";
                }

                read.Append((char)Convert.FromHexString(text.AsSpan(i + 1, 2))[0]);
                i += 2;
            }
            else if (place == EscapePlace.Host && c < 0x80 && !IsHostByte(c))
            {
                return $"invalid character {JsonText.WriteString(c.ToString())} in host name";
            }
            else
            {
                read.Append(c == '+' && place == EscapePlace.Query ? ' ' : c);
            }
        }

        result = read.ToString();
        return null;
    }

    private static bool IsUnreserved(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '~';

    private static bool IsHostByte(char c) => IsUnreserved(c) || "!$&'()*+,;=:[]<>\"".Contains(c, StringComparison.Ordinal);

    // What may stand in a path as it is; what Go writes there without need to is fewer.
    private static bool IsPathByte(char c) => IsUnreserved(c) || "!$&'()*+,;=:@[]%/".Contains(c, StringComparison.Ordinal);

    private static string Escaped(string text)
    {
        var written = new StringBuilder();
        foreach (char c in text)
        {
            written.Append(IsUnreserved(c) || "$&+,/:;=@".Contains(c, StringComparison.Ordinal) ? c.ToString() : $"%{(int)c:X2}");
        }

        return written.ToString();
    }
}
