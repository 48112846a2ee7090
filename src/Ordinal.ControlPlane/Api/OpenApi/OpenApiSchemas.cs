using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The types of a group's version as OpenAPI schemas. Those of a CRD are what it says; those of the built-in kinds are made from their shapes, so they
/// name every field and its type, and describe none.
/// </summary>
/// <param name="definition">Finds the schema that a CRD gives a resource; null for built-in ones.</param>
internal sealed class OpenApiSchemas(Func<ResourceType, JsonObject?> definition)
{
    private const string Prefix = "#/components/schemas/";

    /// <summary>Makes the schemas by name.</summary>
    public SortedDictionary<string, JsonObject> Of(IEnumerable<ResourceType> types)
    {
        var schemas = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (ResourceType type in types)
        {
            JsonObject schema;
            if (definition(type) is { } custom)
            {
                schema = Custom(custom, schemas);
            }
            else if (type.Shape is ObjectShape known)
            {
                schema = schemas[known.Name] = [];
                Fill(schema, known, schemas);
            }
            else
            {
                continue;
            }

            schema["x-kubernetes-group-version-kind"] = new JsonArray(KindOf(type));
            schemas[NameOf(type)] = schema;
        }

        return schemas;
    }

    /// <summary>Gets the name of a resource's schema.</summary>
    public static string NameOf(ResourceType type) => type.Strategy is CustomResourceStrategy
        ? $"{string.Join('.', type.Group.Split('.').Reverse())}.{type.Version}.{type.Kind}"
        : type.Kind;

    /// <summary>Gets a kind as extensions write it.</summary>
    public static JsonObject KindOf(ResourceType type) => new() { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind };

    private static JsonObject Custom(JsonObject custom, SortedDictionary<string, JsonObject> schemas)
    {
        var schema = (JsonObject)custom.DeepClone();
        JsonObject properties = schema.Ensure("properties");
        properties["apiVersion"] = new JsonObject
        {
            ["type"] = "string",
            ["description"] = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
        };
        properties["kind"] = new JsonObject
        {
            ["type"] = "string",
            ["description"] = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
        };
        properties["metadata"] = new JsonObject
        {
            ["description"] = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
            ["allOf"] = new JsonArray(Property(BuiltInShapes.Of("ObjectMeta"), schemas)),
        };
        return schema;
    }

    private static void Fill(JsonObject schema, ObjectShape shape, SortedDictionary<string, JsonObject> schemas)
    {
        schema["type"] = "object";
        var properties = new JsonObject();
        foreach ((string name, Shape field) in shape.Fields)
        {
            properties[name] = Property(field, schemas);
        }

        schema["properties"] = properties;
        if (shape.IsAtomic)
        {
            schema["x-kubernetes-map-type"] = "atomic";
        }

        if (shape.KeepsUnknownFields)
        {
            schema["x-kubernetes-preserve-unknown-fields"] = true;
        }
    }

    private static JsonObject Property(Shape shape, SortedDictionary<string, JsonObject> schemas) => shape switch
    {
        ScalarShape { Kind: ScalarKind.Text } => new JsonObject { ["type"] = "string" },
        ScalarShape { Kind: ScalarKind.Whole } => new JsonObject { ["type"] = "integer" },
        ScalarShape { Kind: ScalarKind.Flag } => new JsonObject { ["type"] = "boolean" },
        ScalarShape => Either("IntOrString", "int-or-string", schemas),
        ObjectShape known => Reference(known, schemas),
        MapShape { Value: ScalarShape { Kind: ScalarKind.Any } } => new JsonObject { ["type"] = "object", ["additionalProperties"] = Either("Quantity", null, schemas) },
        MapShape map => new JsonObject { ["type"] = "object", ["additionalProperties"] = Property(map.Value, schemas) },
        ListShape list => List(list, schemas),
        AtomicShape => new JsonObject { ["type"] = "object", ["x-kubernetes-map-type"] = "atomic" },
        _ => new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
    };

    private static JsonObject List(ListShape list, SortedDictionary<string, JsonObject> schemas)
    {
        var schema = new JsonObject
        {
            ["type"] = "array",
            ["items"] = list.Item is ScalarShape ? new JsonObject { ["type"] = "string" } : Property(list.Item, schemas),
            ["x-kubernetes-list-type"] = list.Kind switch { ListKind.Map => "map", ListKind.Set => "set", ListKind.Atomic => "atomic" },
        };
        if (list.Kind == ListKind.Map)
        {
            schema["x-kubernetes-list-map-keys"] = new JsonArray([.. list.Keys.Select(key => JsonValue.Create(key))]);
        }

        return schema;
    }

    private static JsonObject Reference(ObjectShape shape, SortedDictionary<string, JsonObject> schemas)
    {
        if (!schemas.ContainsKey(shape.Name))
        {
            // Known before it is filled: a type may refer to itself.
            JsonObject schema = schemas[shape.Name] = [];
            Fill(schema, shape, schemas);
        }

        return new JsonObject { ["$ref"] = Prefix + shape.Name };
    }

    private static JsonObject Either(string name, string? format, SortedDictionary<string, JsonObject> schemas)
    {
        if (!schemas.ContainsKey(name))
        {
            var schema = new JsonObject
            {
                ["oneOf"] = new JsonArray(new JsonObject { ["type"] = format is null ? "number" : "integer" }, new JsonObject { ["type"] = "string" }),
            };
            if (format is not null)
            {
                schema["format"] = format;
            }

            schemas[name] = schema;
        }

        return new JsonObject { ["$ref"] = Prefix + name };
    }
}
