using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Authorization;

/// <summary>One rule of a role.</summary>
/// <param name="Verbs">Verbs, or <c>*</c>.</param>
public sealed record PolicyRule(IReadOnlyList<string> Verbs)
{
    public IReadOnlyList<string> ApiGroups { get; init; } = [];

    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Gets the names that the rule is limited to; none means all.</summary>
    public IReadOnlyList<string> ResourceNames { get; init; } = [];

    public IReadOnlyList<string> NonResourceUrls { get; init; } = [];

    /// <summary>Reads the rules of a role.</summary>
    public static IReadOnlyList<PolicyRule> ReadAll(JsonObject? role) => [.. (role.List("rules") ?? []).OfType<JsonObject>().Select(Read)];

    /// <summary>Whether the rule allows a request.</summary>
    public bool Allows(RequestAttributes request) => Has(Verbs, request.Verb)
        && (request.Path is { } path
            ? NonResourceUrls.Any(url => CoversPath(url, path))
            : Has(ApiGroups, request.Group) && Resources.Any(r => CoversResource(r, request)) && (ResourceNames.Count == 0 || ResourceNames.Contains(request.Name)));

    /// <summary>Whether everything that an atomic rule allows is allowed by this one too.</summary>
    public bool Covers(PolicyRule atom)
    {
        if (!HasAll(Verbs, atom.Verbs))
        {
            return false;
        }

        return atom.NonResourceUrls.Count > 0
            ? atom.NonResourceUrls.All(wanted => NonResourceUrls.Any(url => CoversPath(url, wanted)))
            : HasAll(ApiGroups, atom.ApiGroups)
                && atom.Resources.All(wanted => Resources.Any(r => CoversResource(r, wanted)))
                && (ResourceNames.Count == 0 || (atom.ResourceNames.Count > 0 && atom.ResourceNames.All(ResourceNames.Contains)));
    }

    /// <summary>Writes the rule as refusals show it.</summary>
    public override string ToString()
    {
        string?[] parts =
        [
            Part("APIGroups", ApiGroups), Part("Resources", Resources), Part("ResourceNames", ResourceNames), Part("NonResourceURLs", NonResourceUrls), Part("Verbs", Verbs),
        ];
        return $"{{{string.Join(", ", parts.OfType<string>())}}}";
    }

    /// <summary>Writes the rule as reviews show it.</summary>
    public JsonObject ToDocument()
    {
        var document = new JsonObject { ["verbs"] = List(Verbs) };
        foreach ((string name, IReadOnlyList<string> values) in ((string, IReadOnlyList<string>)[])
            [("apiGroups", ApiGroups), ("resources", Resources), ("resourceNames", ResourceNames), ("nonResourceURLs", NonResourceUrls)])
        {
            if (values.Count > 0)
            {
                document[name] = List(values);
            }
        }

        return document;
    }

    private static PolicyRule Read(JsonObject rule) => new(Texts(rule, "verbs"))
    {
        ApiGroups = Texts(rule, "apiGroups"),
        Resources = Texts(rule, "resources"),
        ResourceNames = Texts(rule, "resourceNames"),
        NonResourceUrls = Texts(rule, "nonResourceURLs"),
    };

    private static string[] Texts(JsonObject parent, string name) => [.. (parent.List(name) ?? []).Select(t => t.AsText() ?? "")];

    private static JsonArray List(IReadOnlyList<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);

    private static string? Part(string name, IReadOnlyList<string> values) =>
        values.Count == 0 ? null : $"{name}:[{string.Join(' ', values.Select(v => $"\"{v}\""))}]";

    private static bool Has(IReadOnlyList<string> allowed, string wanted) => allowed.Contains("*") || allowed.Contains(wanted);

    private static bool HasAll(IReadOnlyList<string> allowed, IReadOnlyList<string> wanted) => allowed.Contains("*") || wanted.All(allowed.Contains);

    private static bool CoversPath(string allowed, string path) => allowed == "*" || allowed == path
        || (allowed.EndsWith('*') && path.StartsWith(allowed.TrimEnd('*'), StringComparison.Ordinal));

    private static bool CoversResource(string allowed, RequestAttributes request) => CoversResource(allowed, request.FullResource);

    private static bool CoversResource(string allowed, string wanted)
    {
        if (allowed == "*" || allowed == wanted)
        {
            return true;
        }

        int slash = wanted.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && allowed.StartsWith("*/", StringComparison.Ordinal) && allowed[2..] == wanted[(slash + 1)..];
    }
}
