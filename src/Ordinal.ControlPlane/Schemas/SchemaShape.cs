using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>Derives the <see cref="Shape"/> of a custom resource from its schema.</summary>
internal static class SchemaShape
{
    /// <summary>Gets the shape of a whole custom resource, metadata included.</summary>
    public static ObjectShape OfResource(string kind, StructuralSchema schema)
    {
        var shape = new ObjectShape(kind) { KeepsUnknownFields = schema.KeepsUnknownFields };
        Fill(shape, schema);
        shape.Fields["apiVersion"] = Shape.Scalar;
        shape.Fields["kind"] = Shape.Scalar;
        shape.Fields["metadata"] = BuiltInShapes.Of("ObjectMeta");
        return shape;
    }

    private static void Fill(ObjectShape shape, StructuralSchema schema)
    {
        foreach ((string name, StructuralSchema property) in schema.Properties)
        {
            shape.Fields[name] = Of(property);
        }
    }

    private static Shape Of(StructuralSchema schema)
    {
        if (schema.IsIntOrString)
        {
            return Shape.Scalar;
        }

        switch (schema.Type)
        {
            case "object" or null when schema.Properties.Count == 0 && schema.AdditionalProperties is { } values:
                return schema.MapType == "atomic" ? Shape.Atomic : new MapShape(Of(values));
            case "object" when schema.AllowsAnyProperty || schema.IsEmbeddedResource && schema.KeepsUnknownFields:
                return Shape.Unknown;
            case "object":
                var shape = new ObjectShape("object") { IsAtomic = schema.MapType == "atomic", KeepsUnknownFields = schema.KeepsUnknownFields };
                Fill(shape, schema);
                if (schema.IsEmbeddedResource)
                {
                    shape.Fields["apiVersion"] = Shape.Scalar;
                    shape.Fields["kind"] = Shape.Scalar;
                    shape.Fields["metadata"] = BuiltInShapes.Of("ObjectMeta");
                }

                return shape;
            case "array":
                Shape item = schema.Items is { } items ? Of(items) : Shape.Unknown;
                return schema.ListType switch
                {
                    "map" => new ListShape(item, ListKind.Map, schema.ListKeys) { KeyDefaults = DefaultsOfKeys(schema) },
                    "set" => new ListShape(item, ListKind.Set, []),
                    _ => new ListShape(item, ListKind.Atomic, []),
                };
            case null:
                return Shape.Unknown;
            default:
                return Shape.Scalar;
        }
    }

    private static ImmutableDictionary<string, JsonNode> DefaultsOfKeys(StructuralSchema list) => list.ListKeys
        .Select(key => KeyValuePair.Create(key, list.Items?.Properties.GetValueOrDefault(key)?.Default))
        .Where(pair => pair.Value is not null)
        .ToImmutableDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.Ordinal);
}
