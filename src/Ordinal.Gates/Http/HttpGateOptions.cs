using System.Collections.Immutable;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Http;

/// <summary>How to ask over HTTP: the gate's part of the policy, without its secrets.</summary>
public sealed record HttpGateOptions
{
    /// <summary>The longest body that a condition reads, in bytes.</summary>
    public const int MaxBody = 1 << 20;

    public ProbePlan Plan { get; init; } = ProbePlan.Default;

    /// <summary>Gets the whole address under scope Once; the words of the workload are replaced.</summary>
    public string Url { get; init; } = "";

    /// <summary>Gets the scheme for pods: <c>http</c> or <c>https</c>.</summary>
    public string Scheme { get; init; } = "http";

    /// <summary>Gets the pods' port, 1 to 65535.</summary>
    public int Port { get; init; }

    /// <summary>Gets path and query for pods; the words of <see cref="GateTemplate"/> are replaced.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Gets the host to ask for one pod, as <c>{pod}.{service}.{namespace}.svc</c>. Empty: the pod's address.</summary>
    public string HostTemplate { get; init; } = "";

    /// <summary>Gets the name that the server's certificate must carry; the same words are replaced. Empty: the host that is asked.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>Gets the statuses that pass.</summary>
    public ImmutableArray<StatusRange> Statuses { get; init; } = [new(200, 299)];

    /// <summary>Gets the headers that are no secret.</summary>
    public ImmutableSortedDictionary<string, string> Headers { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Gets what the body must say; null when only the status counts, and then the body is not read.</summary>
    public HttpCondition? Body { get; init; }
}

/// <summary>Statuses from one to another, both included.</summary>
public readonly record struct StatusRange(int From, int To)
{
    /// <summary>Reads <c>204</c> or <c>200-299</c>; null when it is neither.</summary>
    public static StatusRange? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split('-');
        return parts.Length is 1 or 2 && Code(parts[0]) is { } from && Code(parts[^1]) is { } to && from <= to ? new StatusRange(from, to) : null;
    }

    private static int? Code(string text) => text.Length == 3 && text.All(char.IsAsciiDigit) && text[0] is >= '1' and <= '5' ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;
}

/// <summary>What the body must say. All that is given must hold, for every value that the path finds.</summary>
public sealed record HttpCondition
{
    /// <summary>Gets where in a JSON body to look; empty: the body as text.</summary>
    public string JsonPath { get; init; } = "";

    /// <summary>Gets the text that a value must be; null for any.</summary>
    public string? Expected { get; init; }

    /// <summary>Gets the expression that must match somewhere in a value (.NET's, without backtracking); null for none.</summary>
    public string? Pattern { get; init; }

    public NumberRange Range { get; init; } = new(null, null);
}
