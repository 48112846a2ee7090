using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The types of resources as OpenAPI schemas, under the names that a real server gives them. Those of a CRD are what it says; those of the built-in
/// kinds are made from their shapes, and described in the words of a real server.
/// </summary>
/// <param name="definition">Finds the schema that a CRD gives a resource; null for built-in ones.</param>
/// <param name="isV2">Whether they are for the second version, which knows less and by which kubectl merges lists; otherwise for the third.</param>
internal sealed class OpenApiSchemas(Func<ResourceType, JsonObject?> definition, bool isV2)
{
    private const string Quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
    private const string IntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

    private readonly string prefix = isV2 ? "#/definitions/" : "#/components/schemas/";

    /// <summary>Makes the schemas by name.</summary>
    public SortedDictionary<string, JsonObject> Of(IEnumerable<ResourceType> types)
    {
        var schemas = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (ResourceType type in types)
        {
            JsonObject schema;
            if (definition(type) is { } custom)
            {
                schema = schemas[NameOf(type)] = Custom(custom, schemas);
            }
            else if (type.Shape is ObjectShape known)
            {
                _ = Reference(known, schemas);
                schema = schemas[OpenApiName.Of(known.Name).Definition];
            }
            else
            {
                continue;
            }

            // Events are one kind under two groups.
            JsonArray kinds = schema["x-kubernetes-group-version-kind"] as JsonArray ?? [];
            kinds.Add((JsonNode)KindOf(type));
            schema["x-kubernetes-group-version-kind"] = kinds.Parent is null ? kinds : kinds.DeepClone();
        }

        return schemas;
    }

    /// <summary>Gets a kind as extensions write it.</summary>
    public static JsonObject KindOf(ResourceType type) => new() { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind };

    private static string NameOf(ResourceType type) => $"{string.Join('.', type.Group.Split('.').Reverse())}.{type.Version}.{type.Kind}";

    private JsonObject Custom(JsonObject custom, SortedDictionary<string, JsonObject> schemas)
    {
        var schema = (JsonObject)custom.DeepClone();
        if (isV2)
        {
            OpenApiV2Schema.Reduce(schema);
            if (schema["x-kubernetes-preserve-unknown-fields"] is not null)
            {
                return schema;
            }
        }

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
        JsonObject metadata = Property(BuiltInShapes.Of("ObjectMeta"), schemas);
        properties["metadata"] = new JsonObject
        {
            ["description"] = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
            [isV2 ? "$ref" : "allOf"] = isV2 ? metadata["$ref"]!.DeepClone() : new JsonArray(metadata),
        };
        return schema;
    }

    private void Fill(JsonObject schema, ObjectShape shape, SortedDictionary<string, JsonObject> schemas)
    {
        OpenApiName name = OpenApiName.Of(shape.Name);
        if (OpenApiDescriptions.Of(name.Definition) is { } about)
        {
            schema["description"] = about;
        }

        schema["type"] = "object";
        if (name.Required.Count > 0)
        {
            schema["required"] = new JsonArray([.. name.Required.Select(field => JsonValue.Create(field))]);
        }

        if (shape.Fields.Count > 0 && !(isV2 && shape.KeepsUnknownFields))
        {
            var properties = new JsonObject();
            foreach ((string field, Shape of) in shape.Fields)
            {
                JsonObject property = Described(Property(of, schemas), OpenApiDescriptions.Of(name.Definition, field));
                if (isV2 && name.Strategies.TryGetValue(field, out string? strategy))
                {
                    property["x-kubernetes-patch-strategy"] = strategy;
                }

                properties[field] = property;
            }

            schema["properties"] = properties;
        }

        if (shape.IsAtomic)
        {
            schema["x-kubernetes-map-type"] = "atomic";
        }

        if (shape.KeepsUnknownFields)
        {
            schema["x-kubernetes-preserve-unknown-fields"] = true;
        }
    }

    /// <summary>Adds a description. In the third version nothing stands beside a reference, so that this is put into a list of its own.</summary>
    private JsonObject Described(JsonObject property, string? description)
    {
        if (description is null)
        {
            return property;
        }

        JsonObject described = !isV2 && property.ContainsKey("$ref") ? new JsonObject { ["allOf"] = new JsonArray(property) } : property;
        described["description"] = description;
        return described;
    }

    private JsonObject Property(Shape shape, SortedDictionary<string, JsonObject> schemas) => shape switch
    {
        ScalarShape { Kind: ScalarKind.Text } => new JsonObject { ["type"] = "string" },
        ScalarShape { Kind: ScalarKind.Whole } => new JsonObject { ["type"] = "integer" },
        ScalarShape { Kind: ScalarKind.Flag } => new JsonObject { ["type"] = "boolean" },
        ScalarShape => Either(IntOrString, "int-or-string", schemas),
        ObjectShape known => Reference(known, schemas),
        MapShape { Value: ScalarShape { Kind: ScalarKind.Any } } => new JsonObject { ["type"] = "object", ["additionalProperties"] = Either(Quantity, null, schemas) },
        MapShape map => new JsonObject { ["type"] = "object", ["additionalProperties"] = Property(map.Value, schemas) },
        ListShape list => List(list, schemas),
        AtomicShape => new JsonObject { ["type"] = "object", ["x-kubernetes-map-type"] = "atomic" },
        _ when isV2 => [],
        _ => new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
    };

    private JsonObject List(ListShape list, SortedDictionary<string, JsonObject> schemas)
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

        if (isV2 && (list.MergeKey is not null || list.MergesScalars))
        {
            schema["x-kubernetes-patch-strategy"] = list.Item is ObjectShape { IsUnion: true } ? "merge,retainKeys" : "merge";
            if (list.MergeKey is { } key)
            {
                schema["x-kubernetes-patch-merge-key"] = key;
            }
        }

        return schema;
    }

    private JsonObject Reference(ObjectShape shape, SortedDictionary<string, JsonObject> schemas)
    {
        string name = OpenApiName.Of(shape.Name).Definition;
        if (!schemas.ContainsKey(name))
        {
            // Known before it is filled: a type may refer to itself.
            JsonObject schema = schemas[name] = [];
            Fill(schema, shape, schemas);
        }

        return new JsonObject { ["$ref"] = prefix + name };
    }

    private JsonObject Either(string name, string? format, SortedDictionary<string, JsonObject> schemas)
    {
        if (!schemas.ContainsKey(name))
        {
            var schema = isV2 ? new JsonObject { ["type"] = "string" } : new JsonObject
            {
                ["oneOf"] = new JsonArray(new JsonObject { ["type"] = format is null ? "number" : "integer" }, new JsonObject { ["type"] = "string" }),
            };
            if (format is not null)
            {
                schema["format"] = format;
            }

            schemas[name] = schema;
        }

        return new JsonObject { ["$ref"] = prefix + name };
    }
}
