using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The selectors of one list or watch.</summary>
internal sealed record Selectors(LabelSelector Labels, FieldSelector Fields)
{
    public bool SelectsAll => Labels.Requirements.Count == 0 && Fields.Requirements.Count == 0;

    public bool Matches(StoredObject stored) => SelectsAll || (Labels.Matches(stored.Labels) && Fields.Matches(stored.Fields));

    public static Selectors Parse(ResourceType type, ApiRequest request)
    {
        LabelSelector labels = LabelSelector.Parse(request.Text("labelSelector") ?? "");
        FieldSelector fields = FieldSelector.Parse(request.Text("fieldSelector") ?? "");
        return new Selectors(labels, new FieldSelector([.. fields.Requirements.Select(r => r with { Field = StoredName(type, r.Field) })]));
    }

    /// <summary>Gets the name under which a field's value is kept with the object.</summary>
    /// <exception cref="ApiRefusalException">The resource cannot be selected by this field.</exception>
    private static string StoredName(ResourceType type, string field)
    {
        if (field is "metadata.name" or "metadata.namespace")
        {
            return field;
        }

        if (type.SelectorNames is { } names)
        {
            return names.TryGetValue(field, out string? stored) ? stored : throw Refuse.BadRequest($"field label not supported: {field}");
        }

        if (type.SelectableFields.ContainsKey(field))
        {
            return field;
        }

        throw Refuse.BadRequest(type.SelectableFields.Count > 0 || type.Strategy is CustomResourceStrategy
            ? $"field label not supported: {field}"
            : $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    }

    /// <summary>Reads the values that this resource's field selectors ask for.</summary>
    public static IReadOnlyDictionary<string, string> FieldValues(ResourceType type, JsonObject document)
    {
        JsonObject? metadata = document.Child("metadata");
        var values = new Dictionary<string, string>(2 + type.SelectableFields.Count, StringComparer.Ordinal)
        {
            ["metadata.name"] = metadata.Text("name") ?? "",
            ["metadata.namespace"] = metadata.Text("namespace") ?? "",
        };
        foreach ((string field, string path) in type.SelectableFields)
        {
            JsonNode? node = document;
            foreach (string step in path.Split('.'))
            {
                node = (node as JsonObject)?[step];
            }

            // Go's zero value of a boolean.
            values[field] = node is null && field is "spec.hostNetwork" or "spec.unschedulable" ? "false" : node.AsShown();
        }

        return values;
    }
}
