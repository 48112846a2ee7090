using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Admission;

/// <summary>
/// Which writes a policy or a binding is about: selectors of the object and its namespace, then what is left out, then what is meant. Rules match the
/// resource that was asked for; no served resource has an equivalent in another group but events, and those are matched as they were sent.
/// </summary>
internal sealed class MatchResources
{
    private readonly LabelSelector _namespaces;
    private readonly LabelSelector _objects;
    private readonly Rule[] _rules;
    private readonly Rule[] _excluded;

    public MatchResources(JsonObject? document)
    {
        _namespaces = LabelSelector.FromDocument(document.Child("namespaceSelector")) ?? LabelSelector.Everything;
        _objects = LabelSelector.FromDocument(document.Child("objectSelector")) ?? LabelSelector.Everything;
        _rules = Rules(document, "resourceRules");
        _excluded = Rules(document, "excludeResourceRules");
    }

    /// <summary>Tells whether a write is meant.</summary>
    /// <param name="namespaceObject">The namespace that the object is in, or that it is; null for other objects without one.</param>
    public bool Matches(AdmissionAttributes attributes, JsonObject? namespaceObject) =>
        (attributes.Namespace.Length == 0 || _namespaces.Matches(Labels(namespaceObject)))
        && (_objects.Requirements.Count == 0 || Selects(attributes.Object) || Selects(attributes.OldObject))
        && !_excluded.Any(rule => rule.Matches(attributes))
        && (_rules.Length == 0 || _rules.Any(rule => rule.Matches(attributes)));

    private bool Selects(JsonObject? document) => document is not null && _objects.Matches(Labels(document));

    private static Dictionary<string, string> Labels(JsonObject? document) =>
        (document.Child("metadata").Child("labels") ?? []).ToDictionary(label => label.Key, label => label.Value.AsText() ?? "", StringComparer.Ordinal);

    private static Rule[] Rules(JsonObject? document, string name) => [.. (document.List(name) ?? []).OfType<JsonObject>().Select(Rule.Read)];

    /// <summary>Operations on resources.</summary>
    private sealed record Rule(string[] Operations, string[] Groups, string[] Versions, string[] Resources, string[] Names, string Scope)
    {
        public static Rule Read(JsonObject rule) => new(
            Texts(rule, "operations"), Texts(rule, "apiGroups"), Texts(rule, "apiVersions"), Texts(rule, "resources"), Texts(rule, "resourceNames"), rule.Text("scope") ?? "*");

        public bool Matches(AdmissionAttributes attributes) =>
            IsInScope(attributes)
            && Has(Operations, attributes.Operation)
            && Has(Groups, attributes.Type.Group)
            && Has(Versions, attributes.Type.Version)
            && Resources.Any(resource => IsMeant(resource, attributes))
            && (Names.Length == 0 || Names.Contains(attributes.Name));

        private bool IsInScope(AdmissionAttributes attributes) => Scope switch
        {
            "Namespaced" => !attributes.IsNamespace && attributes.Namespace.Length > 0,
            "Cluster" => attributes.IsNamespace || attributes.Namespace.Length == 0,
            _ => true,
        };

        private static bool IsMeant(string resource, AdmissionAttributes attributes)
        {
            string[] parts = resource.Split('/', 2);
            string subresource = parts.Length == 2 ? parts[1] : "";
            return (parts[0] == "*" || parts[0] == attributes.Type.Plural) && (subresource == "*" || subresource == attributes.Context.Subresource);
        }

        private static bool Has(string[] wanted, string value) => wanted.Contains("*") || wanted.Contains(value);

        private static string[] Texts(JsonObject rule, string name) => [.. (rule.List(name) ?? []).Select(text => text.AsText() ?? "")];
    }
}
