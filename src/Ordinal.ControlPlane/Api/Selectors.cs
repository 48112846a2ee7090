using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The selectors of one list or watch.</summary>
internal sealed record Selectors(LabelSelector Labels, FieldSelector Fields)
{
    public bool SelectsAll => Labels.Requirements.Count == 0 && Fields.Requirements.Count == 0;

    public bool Matches(StoredObject stored) => Labels.Matches(stored.Labels) && Fields.Matches(stored.Fields);

    public static Selectors Parse(ResourceType type, ApiRequest request)
    {
        FieldSelector fields = FieldSelector.Parse(request.Text("fieldSelector") ?? "");
        foreach (FieldRequirement requirement in fields.Requirements)
        {
            if (requirement.Field is not ("metadata.name" or "metadata.namespace") && !type.SelectableFields.ContainsKey(requirement.Field))
            {
                throw Refuse.BadRequest($"field label not supported: {requirement.Field}");
            }
        }

        return new Selectors(LabelSelector.Parse(request.Text("labelSelector") ?? ""), fields);
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

            values[field] = node.AsShown();
        }

        return values;
    }
}
