using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>
/// A value of an update and the value that was in its place before. Fields are found by name and entries of list maps by their
/// keys; entries of other lists have no counterpart. What did not change is not refused (CRDValidationRatcheting).
/// </summary>
internal sealed class Correlation(JsonNode? value, JsonNode? old, StructuralSchema? schema)
{
    private bool? _isSame;

    /// <summary>Gets a value indicating whether nothing has changed.</summary>
    public bool IsSame => _isSame ??= JsonNodes.Same(value, old);

    /// <summary>Gets the counterpart of a field; null when it was not there.</summary>
    public Correlation? Key(string name) =>
        value is JsonObject fields && old is JsonObject oldFields && fields.TryGetPropertyValue(name, out JsonNode? node) && oldFields.TryGetPropertyValue(name, out JsonNode? oldNode)
            ? new Correlation(node, oldNode, schema is null ? null : schema.Properties.TryGetValue(name, out StructuralSchema? property) ? property : schema.AdditionalProperties)
            : null;

    /// <summary>Gets the counterpart of an entry; null when there is none.</summary>
    public Correlation? Index(int index) =>
        value is JsonArray items && index < items.Count && schema is not null && OldItem(schema, items[index], old as JsonArray) is { } oldItem
            ? new Correlation(items[index], oldItem, schema.Items)
            : null;

    /// <summary>Finds the entry of a list map that has the same keys.</summary>
    public static JsonNode? OldItem(StructuralSchema list, JsonNode? item, JsonArray? old) =>
        list.ListType != "map" || old is null || item is not JsonObject fields ? null
            : old.OfType<JsonObject>().FirstOrDefault(o => list.ListKeys.All(key => JsonNodes.Same(o[key], fields[key])));
}
