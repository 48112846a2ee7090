using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;
using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Crds;

/// <summary>
/// Makes a structural schema out of a C# class. Members keep the order of their declaration, those of a base class first. JSON names
/// are those of <see cref="JsonPropertyNameAttribute"/>, else camel case.
/// </summary>
internal sealed class SchemaBuilder
{
    private readonly List<Type> path = [];

    /// <summary>Builds the schema of a class or of a member's type.</summary>
    /// <exception cref="ArgumentException">The type has no schema: it refers to itself, or is none that JSON has.</exception>
    public JsonObject Build(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (Primitive(type) is { } primitive)
        {
            return primitive;
        }

        if (type.IsEnum)
        {
            return new JsonObject { ["type"] = "string", ["enum"] = Strings(EnumNames(type)) };
        }

        if (type == typeof(V1ObjectMeta))
        {
            return new JsonObject { ["type"] = "object" };
        }

        if (type == typeof(object) || type == typeof(JsonElement) || typeof(JsonNode).IsAssignableFrom(type))
        {
            return new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        }

        if (MapValue(type) is { } value)
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Build(value) };
        }

        if (ListItem(type) is { } item)
        {
            return new JsonObject { ["type"] = "array", ["items"] = Build(item) };
        }

        return Object(type);
    }

    /// <summary>Returns the members of a class that have a place in its JSON, in order.</summary>
    public static IEnumerable<PropertyInfo> Members(Type type)
    {
        var depth = 0;
        var depths = new Dictionary<Type, int>();
        for (var each = type; each is not null; each = each.BaseType)
        {
            depths[each] = depth++;
        }

        return type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(member => member.GetIndexParameters().Length == 0 && member.CanRead
                && member.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always }
                && member.GetCustomAttribute<JsonExtensionDataAttribute>() is null)
            .OrderByDescending(member => depths[member.DeclaringType!])
            .ThenBy(member => member.MetadataToken);
    }

    /// <summary>Returns a member's name in JSON.</summary>
    public static string NameOf(PropertyInfo member) => member.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(member.Name);

    /// <summary>Builds the schema of one member, with all that its attributes say.</summary>
    public JsonObject Member(PropertyInfo member)
    {
        var schema = member.GetCustomAttribute<PreserveUnknownFieldsAttribute>() is null
            ? Build(member.PropertyType)
            : new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        foreach (var constraint in member.GetCustomAttributes<SchemaConstraintAttribute>())
        {
            Constrain(constraint.OnItems ? ItemsOf(schema, member) : schema, constraint, member);
        }

        if (member.GetCustomAttribute<DefaultAttribute>() is { } byDefault)
        {
            schema["default"] = JsonNode.Parse(byDefault.Json);
        }

        var keys = member.GetCustomAttribute<ListMapKeysAttribute>();
        if (keys is not null || member.GetCustomAttribute<ListTypeAttribute>() is not null)
        {
            var kind = keys is not null ? ListKind.Map : member.GetCustomAttribute<ListTypeAttribute>()!.Kind;
            schema["x-kubernetes-list-type"] = kind switch { ListKind.Atomic => "atomic", ListKind.Set => "set", ListKind.Map => "map" };
        }

        if (keys is not null)
        {
            schema["x-kubernetes-list-map-keys"] = Strings(keys.Keys);
        }

        if (member.GetCustomAttribute<AtomicMapAttribute>() is not null)
        {
            schema["x-kubernetes-map-type"] = "atomic";
        }

        AddRules(schema, member);
        if (member.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            schema["description"] = description.Text;
        }

        return Ordered(schema);
    }

    /// <summary>Puts the keywords of a schema into one order, so that it reads the same however it was put together.</summary>
    public static JsonObject Ordered(JsonObject schema)
    {
        string[] order =
        [
            "description", "type", "format", "x-kubernetes-int-or-string", "anyOf", "x-kubernetes-preserve-unknown-fields", "enum", "default", "pattern",
            "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
            "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-validations", "required", "items", "additionalProperties", "properties",
        ];
        var ordered = new JsonObject();
        foreach (var (name, value) in schema.OrderBy(each => Array.IndexOf(order, each.Key) is var at && at < 0 ? order.Length : at).ToList())
        {
            ordered[name] = value?.DeepClone();
        }

        return ordered;
    }

    private JsonObject Object(Type type)
    {
        if (path.Contains(type))
        {
            throw new ArgumentException($"{string.Join(" → ", path.Select(each => each.Name))} → {type.Name}: a structural schema cannot refer to itself.");
        }

        path.Add(type);
        var schema = new JsonObject { ["type"] = "object" };
        if (type.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            schema["description"] = description.Text;
        }

        if (type.GetCustomAttribute<PreserveUnknownFieldsAttribute>() is not null)
        {
            schema["x-kubernetes-preserve-unknown-fields"] = true;
        }

        AddRules(schema, type);
        var required = new JsonArray();
        var properties = new JsonObject();
        foreach (var member in Members(type))
        {
            properties[NameOf(member)] = Member(member);
            if (member.GetCustomAttribute<RequiredAttribute>() is not null)
            {
                required.Add(NameOf(member));
            }
        }

        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        if (properties.Count > 0)
        {
            schema["properties"] = properties;
        }

        path.RemoveAt(path.Count - 1);
        return Ordered(schema);
    }

    private static JsonObject? Primitive(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => null,
        TypeCode.String => new JsonObject { ["type"] = "string" },
        TypeCode.Boolean => new JsonObject { ["type"] = "boolean" },
        TypeCode.Int32 => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
        TypeCode.Int64 => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
        TypeCode.Double or TypeCode.Single or TypeCode.Decimal => new JsonObject { ["type"] = "number" },
        TypeCode.DateTime => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        _ when type == typeof(DateTimeOffset) => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        _ when type == typeof(IntOrString) => IntegerOrText(),
        // ISO 8601 (PT5M) is what the client would write; people write 5m.
        _ when type == typeof(TimeSpan) => throw new ArgumentException("A duration is a string with [Duration]: the client writes a TimeSpan as ISO 8601."),
        TypeCode.Object => null,
        _ => throw new ArgumentException($"{type.Name} has no place in a schema; use string, bool, int, long, double, DateTime, a list, a map or a class."),
    };

    private static JsonObject IntegerOrText() => new()
    {
        ["x-kubernetes-int-or-string"] = true,
        ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }),
    };

    private static Type? MapValue(Type type) => Closed(type, typeof(IDictionary<,>))?[1] ?? Closed(type, typeof(IReadOnlyDictionary<,>))?[1];

    private static Type? ListItem(Type type) => typeof(IEnumerable).IsAssignableFrom(type) ? Closed(type, typeof(IEnumerable<>))?[0] : null;

    private static Type[]? Closed(Type type, Type open) => type.GetInterfaces().Append(type)
        .FirstOrDefault(each => each.IsGenericType && each.GetGenericTypeDefinition() == open)?.GetGenericArguments();

    private static IEnumerable<string> EnumNames(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .OrderBy(field => field.MetadataToken)
        .Select(field => field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? field.Name);

    private static JsonObject ItemsOf(JsonObject schema, PropertyInfo member) =>
        schema["items"] as JsonObject ?? schema["additionalProperties"] as JsonObject
        ?? throw new ArgumentException($"{member.DeclaringType?.Name}.{member.Name}: OnItems is for lists and maps.");

    private static void Constrain(JsonObject schema, SchemaConstraintAttribute constraint, PropertyInfo member)
    {
        switch (constraint)
        {
            case PatternAttribute pattern:
                schema["pattern"] = pattern.Regex;
                break;
            case RangeMinimumAttribute minimum:
                schema["minimum"] = Number(minimum.Minimum);
                if (minimum.ExclusiveMinimum)
                {
                    schema["exclusiveMinimum"] = true;
                }

                break;
            case RangeMaximumAttribute maximum:
                schema["maximum"] = Number(maximum.Maximum);
                if (maximum.ExclusiveMaximum)
                {
                    schema["exclusiveMaximum"] = true;
                }

                break;
            case LengthAttribute length:
                Limits(schema, "minLength", length.Minimum, "maxLength", length.Maximum);
                break;
            case ItemsAttribute items when schema.ContainsKey("items"):
                Limits(schema, "minItems", items.Minimum, "maxItems", items.Maximum);
                break;
            case ItemsAttribute entries:
                Limits(schema, "minProperties", entries.Minimum, "maxProperties", entries.Maximum);
                break;
            case EmbeddedEnumAttribute values:
                schema["enum"] = Strings(values.Values ?? Constants(values.Constants!));
                break;
            case DurationAttribute:
                schema["pattern"] = DurationAttribute.Pattern;
                schema["maxLength"] = 20;
                break;
            case IntOrStringAttribute:
                schema.Remove("type");
                schema.Remove("format");
                foreach (var (name, value) in IntegerOrText())
                {
                    schema[name] = value?.DeepClone();
                }

                break;
            default:
                throw new ArgumentException($"{member.DeclaringType?.Name}.{member.Name}: {constraint.GetType().Name} is not known here.");
        }
    }

    private static void Limits(JsonObject schema, string minimumName, int minimum, string maximumName, int maximum)
    {
        if (minimum > 0)
        {
            schema[minimumName] = minimum;
        }

        if (maximum >= 0)
        {
            schema[maximumName] = maximum;
        }
    }

    private static JsonValue Number(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15 ? JsonValue.Create((long)value) : JsonValue.Create(value);

    private static string[] Constants(Type type) => [.. type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field is { IsLiteral: true, FieldType: var fieldType } && fieldType == typeof(string))
        .OrderBy(field => field.MetadataToken)
        .Select(field => (string)field.GetRawConstantValue()!)];

    private static void AddRules(JsonObject schema, MemberInfo source)
    {
        var rules = schema["x-kubernetes-validations"] as JsonArray ?? [];
        foreach (var rule in source.GetCustomAttributes<ValidationRuleAttribute>(inherit: false).OrderBy(rule => rule.Order).ThenBy(rule => rule.Rule, StringComparer.Ordinal))
        {
            var entry = new JsonObject { ["rule"] = rule.Rule, ["message"] = rule.Message };
            Add(entry, "messageExpression", rule.MessageExpression);
            Add(entry, "reason", rule.Reason);
            Add(entry, "fieldPath", rule.FieldPath);
            rules.Add(entry);
        }

        if (rules.Count > 0)
        {
            schema["x-kubernetes-validations"] = rules.DeepClone();
        }
    }

    private static void Add(JsonObject entry, string name, string? value)
    {
        if (value is not null)
        {
            entry[name] = value;
        }
    }

    private static JsonArray Strings(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];
}
