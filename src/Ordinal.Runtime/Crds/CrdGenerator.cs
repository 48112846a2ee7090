using System.Reflection;
using System.Text.Json.Nodes;
using k8s.Models;
using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Crds;

/// <summary>
/// Makes a CustomResourceDefinition out of a class. The same class gives the same bytes, so that the file can be compared with a golden
/// one. The status subresource is always there; <c>spec</c> is required when one of its members is.
/// </summary>
public static class CrdGenerator
{
    /// <summary>Makes the definition as YAML.</summary>
    /// <param name="entity">A class with <see cref="KubernetesEntityAttribute"/>.</param>
    /// <exception cref="ArgumentException">The class, or one of its members, has no schema; the message names it.</exception>
    public static string GenerateYaml(Type entity) => YamlWriter.Write(Generate(entity));

    /// <summary>Makes the definition.</summary>
    /// <inheritdoc cref="GenerateYaml"/>
    public static JsonObject Generate(Type entity)
    {
        var kind = ResourceKind.Of(entity);
        if (kind.Group.Length == 0)
        {
            throw new ArgumentException($"{entity.Name}: a custom resource needs a group.", nameof(entity));
        }

        var names = new JsonObject
        {
            ["kind"] = kind.Kind,
            ["listKind"] = kind.Kind + "List",
            ["plural"] = kind.Plural,
            ["singular"] = kind.Kind.ToLowerInvariant(),
        };
        if (entity.GetCustomAttribute<ShortNameAttribute>() is { } shortNames)
        {
            names["shortNames"] = Strings(shortNames.Names);
        }

        if (entity.GetCustomAttribute<CategoryAttribute>() is { } categories)
        {
            names["categories"] = Strings(categories.Names);
        }

        var version = new JsonObject
        {
            ["name"] = kind.Version,
            ["served"] = true,
            ["storage"] = true,
            ["subresources"] = Subresources(entity),
        };
        var columns = Columns(entity);
        if (columns.Count > 0)
        {
            version["additionalPrinterColumns"] = columns;
        }

        version["schema"] = new JsonObject { ["openAPIV3Schema"] = Root(entity) };
        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{kind.Plural}.{kind.Group}" },
            ["spec"] = new JsonObject
            {
                ["group"] = kind.Group,
                ["scope"] = kind.IsNamespaced ? "Namespaced" : "Cluster",
                ["names"] = names,
                ["versions"] = new JsonArray(version),
            },
        };
    }

    private static JsonObject Subresources(Type entity)
    {
        var subresources = new JsonObject { ["status"] = new JsonObject() };
        if (entity.GetCustomAttribute<ScaleSubresourceAttribute>() is { } scale)
        {
            var paths = new JsonObject { ["specReplicasPath"] = scale.SpecReplicasPath, ["statusReplicasPath"] = scale.StatusReplicasPath };
            if (scale.LabelSelectorPath is not null)
            {
                paths["labelSelectorPath"] = scale.LabelSelectorPath;
            }

            subresources["scale"] = paths;
        }

        return subresources;
    }

    private static JsonObject Root(Type entity)
    {
        var builder = new SchemaBuilder();
        var schema = builder.Build(entity);
        var properties = schema["properties"]!.AsObject();
        // The server knows these three by itself; a description of them would only be noise.
        properties["apiVersion"] = new JsonObject { ["type"] = "string" };
        properties["kind"] = new JsonObject { ["type"] = "string" };
        properties["metadata"] = new JsonObject { ["type"] = "object" };
        if (properties["spec"]?["required"] is JsonArray { Count: > 0 } && schema["required"] is null)
        {
            schema["required"] = new JsonArray("spec");
        }

        return SchemaBuilder.Ordered(schema);
    }

    private static JsonArray Columns(Type entity)
    {
        var columns = new List<(int Order, JsonObject Column)>();
        foreach (var generic in entity.GetCustomAttributes<GenericAdditionalPrinterColumnAttribute>())
        {
            columns.Add((generic.Order, Column(generic.Name, generic.Type, generic.JsonPath, generic.Priority, generic.Description)));
        }

        Collect(entity, "", columns, []);
        // A twin of the same order would come out in any order: refused.
        var twins = columns.GroupBy(column => column.Order).FirstOrDefault(group => group.Count() > 1);
        return twins is null
            ? [.. columns.OrderBy(column => column.Order).Select(column => column.Column)]
            : throw new ArgumentException($"{entity.Name}: {twins.Count()} printer columns have order {twins.Key}; give each its own.");
    }

    private static void Collect(Type type, string path, List<(int Order, JsonObject Column)> columns, HashSet<Type> seen)
    {
        if (!seen.Add(type))
        {
            return;
        }

        foreach (var member in SchemaBuilder.Members(type))
        {
            var here = $"{path}.{SchemaBuilder.NameOf(member)}";
            if (member.GetCustomAttribute<AdditionalPrinterColumnAttribute>() is { } column)
            {
                columns.Add((column.Order, Column(column.Name, ColumnType(member), here, column.Priority, member.GetCustomAttribute<DescriptionAttribute>()?.Text)));
            }

            if (member.PropertyType is { IsClass: true, IsGenericType: false, IsArray: false } inner && inner != typeof(string) && inner.Assembly == type.Assembly)
            {
                Collect(inner, here, columns, seen);
            }
        }

        seen.Remove(type);
    }

    private static string ColumnType(PropertyInfo member) => new SchemaBuilder().Member(member) switch
    {
        var schema when (string?)schema["format"] == "date-time" => "date",
        var schema => (string?)schema["type"] switch { "integer" => "integer", "number" => "number", "boolean" => "boolean", _ => "string" },
    };

    private static JsonObject Column(string name, string type, string jsonPath, int priority, string? description)
    {
        var column = new JsonObject { ["name"] = name, ["type"] = type, ["jsonPath"] = jsonPath };
        if (priority != 0)
        {
            column["priority"] = priority;
        }

        if (description is not null)
        {
            column["description"] = description;
        }

        return column;
    }

    private static JsonArray Strings(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];
}
