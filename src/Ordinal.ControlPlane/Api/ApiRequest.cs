using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>A call with its path and query taken apart.</summary>
internal sealed record ApiRequest(ApiCall Call, IReadOnlyList<string> Segments, IReadOnlyDictionary<string, string> Query)
{
    /// <summary>Gets the target below a group and version; null for discovery, health and the like.</summary>
    public RequestTarget? Target { get; init; }

    /// <summary>Gets a value indicating whether the path is of the old form of watches, which is there to be read only.</summary>
    public bool IsWatchPath { get; init; }

    /// <summary>Gets all parameters of the query in order; one name may come more than once.</summary>
    public IReadOnlyList<(string Name, string Value)> Parameters { get; init; } = [];

    /// <summary>Gets all values of a parameter, empty ones too.</summary>
    public IReadOnlyList<string> All(string name) => [.. Parameters.Where(p => p.Name == name).Select(p => p.Value)];

    public bool IsDryRun => Query.TryGetValue("dryRun", out string? value) && value.Length > 0;

    public string? Text(string name) => Query.TryGetValue(name, out string? value) && value.Length > 0 ? value : null;

    public bool Flag(string name) => Query.TryGetValue(name, out string? value) && value is not ("false" or "0" or "F" or "False" or "f" or "FALSE");

    public long? Number(string name) => Text(name) is not { } text ? null
        : long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out long number) ? number
        : throw Refuse.BadRequest($"strconv.ParseInt: parsing \"{text}\": {(text.TrimStart('-') is { Length: > 0 } digits && digits.All(char.IsAsciiDigit) ? "value out of range" : "invalid syntax")}");

    /// <summary>Takes a call apart.</summary>
    /// <exception cref="ApiRefusalException">The path cannot be decoded.</exception>
    public static ApiRequest Parse(ApiCall call)
    {
        // Decoded first and split then, as a real server does: "%2F" separates like "/". An empty segment in between stays one.
        string path = Uri.UnescapeDataString(call.Path);
        string[] segments = path.Trim('/').Length == 0 ? [] : path.TrimEnd('/').Split('/')[1..];
        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        var all = new List<(string Name, string Value)>();
        foreach (string pair in call.Query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            // Go leaves out what it cannot read.
            if (pair.Contains(';') || !IsDecodable(pair))
            {
                continue;
            }

            int equals = pair.IndexOf('=');
            string name = Decode(equals < 0 ? pair : pair[..equals]);
            string value = equals < 0 ? "" : Decode(pair[(equals + 1)..]);
            all.Add((name, value));
            query.TryAdd(name, value);
        }

        RequestTarget? target = RequestTarget.Parse(segments, out bool isWatch);
        if (isWatch && target is not null)
        {
            query["watch"] = "true";
            if (target.Name.Length > 0 && target.Subresource.Length == 0)
            {
                query["fieldSelector"] = $"metadata.name={target.Name}";
                target = target with { Name = "" };
            }
        }

        return new ApiRequest(call, segments, query) { Target = target, IsWatchPath = isWatch, Parameters = all };
    }

    /// <summary>Whether every percent sign starts an escape: what Go answers with 400 when it is in the path, and leaves out of a query.</summary>
    public static bool IsDecodable(string text)
    {
        for (int i = text.IndexOf('%'); i >= 0; i = text.IndexOf('%', i + 1))
        {
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                return false;
            }
        }

        return true;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}

/// <summary>What a path below <c>/api</c> or <c>/apis</c> points at.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version.</param>
/// <param name="Namespace">Namespace; empty for none, which is all namespaces or a cluster-scoped resource.</param>
/// <param name="Resource">Plural name.</param>
/// <param name="Name">Object name; empty for the collection.</param>
/// <param name="Subresource">Subresource; empty for the object itself.</param>
internal sealed record RequestTarget(string Group, string Version, string Namespace, string Resource, string Name, string Subresource)
{
    /// <summary>Reads a path; null when it points at nothing.</summary>
    /// <param name="segments">The path.</param>
    /// <param name="isWatch">Whether it is an old form of watches, which have <c>watch</c> behind the version.</param>
    public static RequestTarget? Parse(IReadOnlyList<string> segments, out bool isWatch)
    {
        int start;
        isWatch = false;
        string group, version;
        if (segments.Count >= 3 && segments[0] == "api")
        {
            (group, version, start) = ("", segments[1], 2);
        }
        else if (segments.Count >= 4 && segments[0] == "apis")
        {
            (group, version, start) = (segments[1], segments[2], 3);
        }
        else
        {
            return null;
        }

        if (segments[start] == "watch" && segments.Count > start + 1)
        {
            isWatch = true;
            start++;
        }

        string @namespace = "";
        if (segments[start] == "namespaces" && segments.Count > start + 2 && segments[start + 2] is not ("status" or "finalize"))
        {
            @namespace = segments[start + 1];
            start += 2;
        }

        int left = segments.Count - start;
        return left is < 1 or > 3 ? null : new RequestTarget(
            group, version, @namespace, segments[start], left > 1 ? segments[start + 1] : "", left > 2 ? segments[start + 2] : "");
    }
}
