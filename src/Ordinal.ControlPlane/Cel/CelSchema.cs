using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Reads structural schemas as types of CEL and documents as values of them.</summary>
internal static class CelSchema
{
    // What a server reads of one request: nothing in an object can be longer.
    private const double LongestRequest = 3 * 1024 * 1024;

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    };

    private static readonly CelType Metadata = CelType.ObjectOf("object.metadata", new Dictionary<string, CelField>(StringComparer.Ordinal)
    {
        ["name"] = new("name", CelType.Text),
        ["generateName"] = new("generateName", CelType.Text),
    });

    /// <summary>Gets the type of a schema; null where rules cannot look, such as fields that are kept without being known.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="isResource">Whether it is a whole resource, which has apiVersion, kind and metadata beside its own fields.</param>
    /// <param name="path">Name of an object type.</param>
    public static CelType? TypeOf(StructuralSchema schema, bool isResource, string path = "object")
    {
        if (schema.IsIntOrString)
        {
            return CelType.Dynamic.Sized(schema.MaxLength * 4 ?? LongestRequest - 2, 1);
        }

        switch (schema.Type)
        {
            case "boolean":
                return CelType.Bool.Sized(0, 4);
            case "integer":
                return CelType.Int;
            case "number":
                return CelType.Double;
            case "string":
                return schema.Format switch
                {
                    "byte" => CelType.Bytes.Sized(schema.MaxLength ?? LongestRequest - 2, 2),
                    "duration" => CelType.Duration.Sized(32, 3),
                    "date" => CelType.Timestamp.Sized(12, 12),
                    "date-time" => CelType.Timestamp.Sized(32, 21),
                    _ => CelType.Text.Sized(LongestText(schema), 2),
                };
            case "array":
                return schema.Items is { } items && TypeOf(items, items.IsEmbeddedResource, path + "[]") is { } item
                    ? CelType.ListOf(item, schema.ListType switch { "set" => CelListKind.Set, "map" => CelListKind.Map, _ => CelListKind.Atomic }, schema.ListKeys)
                        .Sized(schema.MaxItems ?? Math.Floor((LongestRequest - 2) / (item.LeastSize + 1)), 2)
                    : null;
            case "object" when !isResource && schema.AdditionalProperties is { } values:
                return TypeOf(values, values.IsEmbeddedResource, path + "{}") is { } value
                    ? CelType.MapOf(CelType.Text, value).Sized(schema.MaxProperties ?? Math.Floor((LongestRequest - 2) / (value.LeastSize + 6)), 2)
                    : null;
            case "object":
                return ObjectOf(schema, isResource, path);
            default:
                return null;
        }
    }

    /// <summary>Gets the name under which a rule finds a property; null when no name can stand for it.</summary>
    public static string? Escape(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            return null;
        }

        if (Reserved.Contains(name))
        {
            return $"__{name}__";
        }

        var escaped = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            if (c == '_' && i + 1 < name.Length && name[i + 1] == '_')
            {
                escaped.Append("__underscores__");
                i++;
                continue;
            }

            string? text = c switch { '.' => "__dot__", '-' => "__dash__", '/' => "__slash__", _ => null };
            if (text is null && c != '_' && !char.IsAsciiLetterOrDigit(c))
            {
                return null;
            }

            escaped.Append(text ?? c.ToString());
        }

        return escaped.ToString();
    }

    /// <summary>Reads a value of a document.</summary>
    public static CelValue Read(JsonNode? node, CelType type)
    {
        switch (node)
        {
            case null:
                return CelNull.Instance;
            case JsonArray items:
                CelType item = type.Kind == CelKind.List ? type.Parameters[0] : CelType.Dynamic;
                return new CelList([.. items.Select(i => Read(i, item))]) { Kind = type.ListKind, Keys = type.ListKeys };
            case JsonObject fields when type.Kind == CelKind.Object:
                return new CelObject(fields, type);
            case JsonObject fields:
                CelType value = type.Kind == CelKind.Map ? type.Parameters[1] : CelType.Dynamic;
                return new CelMap([.. fields.Select(f => ((CelValue)new CelText(f.Key), Read(f.Value, value)))]);
            default:
                return ReadScalar(node, type);
        }
    }

    /// <summary>Finds a field of an object; null when it is not there.</summary>
    public static CelValue? Field(CelObject subject, string name) =>
        subject.Type.Fields.TryGetValue(name, out CelField? field) && subject.Document.TryGetPropertyValue(field.JsonName, out JsonNode? node)
            ? Read(node, field.Type) : null;

    /// <summary>Reads an object or a map as a map, for comparing.</summary>
    public static CelMap Entries(CelValue value) => value switch
    {
        CelMap map => map,
        CelObject subject => new CelMap(
            [
                .. subject.Type.Fields.Where(f => subject.Document.ContainsKey(f.Value.JsonName))
                    .Select(f => ((CelValue)new CelText(f.Value.JsonName), Read(subject.Document[f.Value.JsonName], f.Value.Type))),
            ]),
        _ => new CelMap([]),
    };

    private static CelType ObjectOf(StructuralSchema schema, bool isResource, string path)
    {
        var fields = new Dictionary<string, CelField>(StringComparer.Ordinal);
        double leastSize = 2;
        foreach ((string name, StructuralSchema property) in schema.Properties)
        {
            // Once for each property: a second time at each level would be endless in a deep schema.
            string? escaped = Escape(name);
            CelType? type = TypeOf(property, property.IsEmbeddedResource, $"{path}.{escaped ?? name}");
            if (schema.Required.Contains(name) && !property.HasDefault)
            {
                leastSize += name.Length + 4 + (type?.LeastSize ?? 0);
            }

            if (escaped is not null && type is not null)
            {
                fields[escaped] = new CelField(name, type);
            }
        }

        if (isResource)
        {
            fields["apiVersion"] = new CelField("apiVersion", CelType.Text);
            fields["kind"] = new CelField("kind", CelType.Text);
            fields["metadata"] = new CelField("metadata", Metadata);
        }

        return CelType.ObjectOf(path, fields).Sized(0, leastSize);
    }

    /// <summary>Gets how many bytes a text may have: a character has up to four.</summary>
    private static double LongestText(StructuralSchema schema) => schema.MaxLength * 4
        ?? schema.Enum?.Select(e => Encoding.UTF8.GetByteCount(e.AsText() ?? "")).DefaultIfEmpty(0).Max()
        ?? LongestRequest - 2;

    private static CelValue ReadScalar(JsonNode node, CelType type)
    {
        if (node.AsText() is { } text)
        {
            return type.Kind switch
            {
                CelKind.Bytes => FromBase64(text),
                CelKind.Duration => CelTime.ParseDuration(text) is { } duration ? duration : new CelError($"invalid duration {text}"),
                CelKind.Timestamp => CelTime.ParseTimestamp(text) is { } time ? time : new CelError($"invalid timestamp {text}"),
                _ => new CelText(text),
            };
        }

        if (node is JsonValue value && value.TryGetValue(out bool flag))
        {
            return CelBool.Of(flag);
        }

        if (type.Kind != CelKind.Double && node.AsNumber() is { } whole)
        {
            return new CelInt(whole);
        }

        return type.Kind == CelKind.Int ? new CelError("invalid data, expected int, got float64")
            : StructuralSchema.Real(node) is { } real ? new CelDouble(real) : CelError.NoSuchOverload;
    }

    private static CelValue FromBase64(string text)
    {
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length) ? new CelBytes(bytes[..length]) : new CelError("illegal base64 data");
    }
}
