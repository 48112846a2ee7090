using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Faults;

/// <summary>One fault: which requests, how often, and what happens to them.</summary>
public sealed record FaultRule
{
    /// <summary>The components of the control plane itself, by the start of their user agents.</summary>
    private static readonly string[] OwnAgents = ["kube-controller-manager", "kube-scheduler", "kubelet"];

    /// <summary>Gets the verbs of Kubernetes; a rule names some of these.</summary>
    public static IReadOnlyList<string> KnownVerbs { get; } = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

    /// <summary>Gets the number under which it is listed and cleared.</summary>
    public int Id { get; init; }

    /// <summary>Gets the verbs; empty for all.</summary>
    public ImmutableArray<string> Verbs { get; init; } = [];

    /// <summary>Gets the resources, with group and subresource where they have one: <c>pods</c>, <c>statefulsets.apps</c>, <c>pods/eviction</c>; empty for all.</summary>
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>Gets the namespace; empty for all.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Gets the name of the object; empty for all.</summary>
    public string Name { get; init; } = "";

    /// <summary>Gets the start of the user agents; empty for every client but the control plane's own components, <c>*</c> for these too.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>Gets the code to answer with; null to answer as usual.</summary>
    public int? Code { get; init; }

    /// <summary>Gets what a refusal says in Retry-After.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Gets how long the answer, or a watch's event, is held back.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Gets a value indicating whether the connection is dropped; of a watch, at its next event.</summary>
    public bool Drops { get; init; }

    /// <summary>Gets a value indicating whether the request is carried out first, and only its answer is lost or replaced.</summary>
    public bool IsAfterwards { get; init; }

    /// <summary>Gets the share of the requests that it hits.</summary>
    public double Rate { get; init; } = 1;

    /// <summary>Gets how many requests it still hits; null for any number.</summary>
    public int? Remaining { get; init; }

    /// <summary>Gets when it is over; null for never.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Gets how many requests it has hit.</summary>
    public int Hits { get; init; }

    /// <summary>Reads a rule as the endpoint gets it.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static FaultRule Read(JsonObject document, DateTimeOffset now)
    {
        string[] known = ["verbs", "resources", "namespace", "name", "userAgent", "code", "retryAfter", "latency", "drop", "afterwards", "rate", "count", "for"];
        if (document.Select(member => member.Key).FirstOrDefault(key => !known.Contains(key)) is { } unknown)
        {
            throw new FormatException($"there is no \"{unknown}\"; known are {string.Join(", ", known)}");
        }

        FaultRule rule = new()
        {
            Verbs = Texts(document, "verbs"),
            Resources = Texts(document, "resources"),
            Namespace = document.Text("namespace") ?? "",
            Name = document.Text("name") ?? "",
            UserAgent = document.Text("userAgent") ?? "",
            Code = (int?)document.Number("code"),
            RetryAfter = Duration(document, "retryAfter"),
            Latency = Duration(document, "latency") ?? TimeSpan.Zero,
            Drops = document.Flag("drop") ?? false,
            IsAfterwards = document.Flag("afterwards") ?? false,
            Rate = document["rate"] is JsonValue rate && rate.TryGetValue(out double share) ? share : 1,
            Remaining = (int?)document.Number("count"),
            Until = Duration(document, "for") is { } span ? now + span : null,
        };
        if (rule.Verbs.FirstOrDefault(verb => !KnownVerbs.Contains(verb)) is { } strange)
        {
            throw new FormatException($"there is no verb \"{strange}\"; known are {string.Join(", ", KnownVerbs)}");
        }

        if (rule.Code is not null and (< 400 or > 599))
        {
            throw new FormatException("code is a number from 400 to 599");
        }

        if (rule.Rate is not (> 0 and <= 1))
        {
            throw new FormatException("rate is a number above 0, at most 1");
        }

        if (rule.Remaining < 1)
        {
            throw new FormatException("count is a number from 1");
        }

        return rule.Code is null && rule.Latency == TimeSpan.Zero && !rule.Drops
            ? throw new FormatException("the fault does nothing; give code, latency or drop")
            : rule;
    }

    /// <summary>Says whether a request is meant.</summary>
    /// <param name="verb">Verb of Kubernetes.</param>
    /// <param name="resource">Resource with group and subresource.</param>
    public bool Means(string verb, string resource, string @namespace, string name, string? userAgent) =>
        (Verbs.IsEmpty || Verbs.Contains(verb))
        && (Resources.IsEmpty || Resources.Contains(resource))
        && (Namespace.Length == 0 || Namespace == @namespace)
        && (Name.Length == 0 || Name == name)
        && UserAgent switch
        {
            "*" => true,
            "" => !OwnAgents.Any(own => userAgent?.StartsWith(own, StringComparison.Ordinal) ?? false),
            _ => userAgent?.StartsWith(UserAgent, StringComparison.Ordinal) ?? false,
        };

    /// <summary>Shows it as one line for a person.</summary>
    public string Describe(DateTimeOffset now)
    {
        List<string> words = [];
        words.Add(Verbs.IsEmpty ? "every request" : string.Join(',', Verbs));
        words.Add(Resources.IsEmpty ? "of anything" : "of " + string.Join(',', Resources));
        Add(Name.Length > 0, $"named {Name}");
        Add(Namespace.Length > 0, $"in {Namespace}");
        Add(UserAgent == "*", "by anybody, the control plane included");
        Add(UserAgent is not ("" or "*"), $"by {UserAgent}");
        words.Add("→");
        Add(Latency > TimeSpan.Zero, string.Create(CultureInfo.InvariantCulture, $"{Latency.TotalMilliseconds:0} ms late"));
        Add(Code is not null, string.Create(CultureInfo.InvariantCulture, $"answered with {Code}"));
        Add(Drops, "dropped");
        Add(IsAfterwards, "after it was carried out");
        Add(Rate < 1, string.Create(CultureInfo.InvariantCulture, $"{Rate * 100:0.##} % of the time"));
        Add(Remaining is not null, string.Create(CultureInfo.InvariantCulture, $"{Remaining} more times"));
        Add(Until is not null, string.Create(CultureInfo.InvariantCulture, $"for {(Until - now)?.TotalSeconds:0} s more"));
        Add(true, string.Create(CultureInfo.InvariantCulture, $"({Hits} hits)"));
        return string.Join(' ', words);

        void Add(bool says, string word)
        {
            if (says)
            {
                words.Add(word);
            }
        }
    }

    private static ImmutableArray<string> Texts(JsonObject document, string name) =>
        [.. (document.List(name) ?? []).Select(item => item.AsText() ?? throw new FormatException($"{name} is a list of texts"))];

    private static TimeSpan? Duration(JsonObject document, string name) =>
        document.Text(name) is not { } text ? null
        : GoDuration.TryParse(text, out TimeSpan duration) ? duration
        : throw new FormatException($"{name} is \"{text}\"; give a duration such as 500ms or 30s");
}
