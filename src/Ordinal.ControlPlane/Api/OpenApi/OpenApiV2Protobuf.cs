using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Writes an OpenAPI v2 document in the encoding of gnostic's openapiv2/OpenAPIv2.proto, whose field numbers these are. What is not in <see cref="OpenApiV2"/> is not here.</summary>
internal static class OpenApiV2Protobuf
{
    private const int Name = 1;
    private const int Value = 2;
    private const int AnyYaml = 2;

    /// <summary>Encodes a document.</summary>
    public static byte[] Write(JsonObject document) => Message(root =>
    {
        root.Text(1, document.Text("swagger"));
        root.Inner(2, info =>
        {
            info.Text(1, document.Child("info").Text("title"));
            info.Text(2, document.Child("info").Text("version"));
        });
        root.Inner(8, paths => Each(document.Child("paths"), (path, item) => paths.Named(2, path, value => value.Inner(8, patch => Operation(patch, item.Child("patch")!)))));
        root.Inner(9, definitions => Each(document.Child("definitions"), (name, schema) => definitions.Named(1, name, value => Schema(value, schema))));
    });

    private static void Operation(Builder builder, JsonObject operation)
    {
        foreach (JsonObject parameter in operation.List("parameters")!.OfType<JsonObject>())
        {
            // A parameter, that is not the body, in the query.
            builder.Inner(8, item => item.Inner(1, any => any.Inner(2, plain => plain.Inner(3, query =>
            {
                query.Text(2, parameter.Text("in"));
                query.Text(4, parameter.Text("name"));
                query.Text(6, parameter.Text("type"));
                query.Flag(20, parameter["uniqueItems"]);
            }))));
        }

        builder.Inner(9, responses => Each(operation.Child("responses"), (code, response) => responses.Named(1, code, value => value.Inner(1, one => one.Text(1, response.Text("description"))))));
        Extensions(builder, 13, operation);
    }

    private static void Schema(Builder builder, JsonObject schema)
    {
        builder.Text(1, schema.Text("$ref"));
        builder.Text(2, schema.Text("format"));
        builder.Text(3, schema.Text("title"));
        builder.Text(4, schema.Text("description"));
        builder.Any(5, schema["default"]);
        builder.Real(6, schema["multipleOf"]);
        builder.Real(7, schema["maximum"]);
        builder.Flag(8, schema["exclusiveMaximum"]);
        builder.Real(9, schema["minimum"]);
        builder.Flag(10, schema["exclusiveMinimum"]);
        builder.Whole(11, schema["maxLength"]);
        builder.Whole(12, schema["minLength"]);
        builder.Text(13, schema.Text("pattern"));
        builder.Whole(14, schema["maxItems"]);
        builder.Whole(15, schema["minItems"]);
        builder.Flag(16, schema["uniqueItems"]);
        builder.Whole(17, schema["maxProperties"]);
        builder.Whole(18, schema["minProperties"]);
        foreach (JsonNode? required in schema.List("required") ?? [])
        {
            builder.Text(19, required.AsText());
        }

        foreach (JsonNode? one in schema.List("enum") ?? [])
        {
            builder.Any(20, one);
        }

        if (schema["additionalProperties"] is { } additional)
        {
            builder.Inner(21, item => Either(item, additional));
        }

        if (schema.Text("type") is { } type)
        {
            builder.Inner(22, item => item.Text(1, type));
        }

        if (schema.Child("items") is { } items)
        {
            builder.Inner(23, item => item.Inner(1, inner => Schema(inner, items)));
        }

        if (schema.Child("properties") is { } properties)
        {
            builder.Inner(25, item => Each(properties, (name, property) => item.Named(1, name, value => Schema(value, property))));
        }

        Extensions(builder, 31, schema);
    }

    private static void Either(Builder item, JsonNode additional)
    {
        if (additional is JsonObject schema)
        {
            item.Inner(1, inner => Schema(inner, schema));
        }
        else
        {
            item.Flag(2, additional);
        }
    }

    private static void Extensions(Builder builder, int field, JsonObject holder)
    {
        foreach ((string name, JsonNode? value) in holder.Where(each => each.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            builder.Named(field, name, any => any.Text(AnyYaml, Yaml(value)));
        }
    }

    private static void Each(JsonObject? holder, Action<string, JsonObject> act)
    {
        foreach ((string name, JsonNode? value) in holder ?? [])
        {
            act(name, (JsonObject)value!);
        }
    }

    // JSON is YAML; the line's end is what gnostic itself writes.
    private static string Yaml(JsonNode? value) => (value?.ToJsonString() ?? "null") + "\n";

    private static byte[] Message(Action<Builder> fill)
    {
        Builder builder = new();
        fill(builder);
        return builder.ToArray();
    }

    /// <summary>Writes fields; what is null is left out.</summary>
    private sealed class Builder
    {
        private const int Varint = 0;
        private const int Fixed64 = 1;
        private const int LengthDelimited = 2;
        private readonly ArrayBufferWriter<byte> buffer = new();

        public void Text(int field, string? text)
        {
            if (text is not null)
            {
                Bytes(field, Encoding.UTF8.GetBytes(text));
            }
        }

        public void Any(int field, JsonNode? value)
        {
            if (value is not null)
            {
                Inner(field, any => any.Text(AnyYaml, Yaml(value)));
            }
        }

        public void Whole(int field, JsonNode? value)
        {
            if (value.AsNumber() is { } number)
            {
                Tag(field, Varint);
                Number((ulong)number);
            }
        }

        public void Flag(int field, JsonNode? value)
        {
            if (value is JsonValue flag && flag.TryGetValue(out bool isSet) && isSet)
            {
                Tag(field, Varint);
                Number(1);
            }
        }

        public void Real(int field, JsonNode? value)
        {
            double? real = value is JsonValue number && number.TryGetValue(out double fraction) ? fraction : value.AsNumber();
            if (real is { } known)
            {
                Tag(field, Fixed64);
                BinaryPrimitives.WriteDoubleLittleEndian(buffer.GetSpan(8), known);
                buffer.Advance(8);
            }
        }

        public void Named(int field, string name, Action<Builder> fill) => Inner(field, named =>
        {
            named.Text(Name, name);
            named.Inner(Value, fill);
        });

        public void Inner(int field, Action<Builder> fill) => Bytes(field, Message(fill));

        public byte[] ToArray() => buffer.WrittenSpan.ToArray();

        private void Bytes(int field, byte[] bytes)
        {
            Tag(field, LengthDelimited);
            Number((uint)bytes.Length);
            buffer.Write(bytes);
        }

        private void Tag(int field, int type) => Number((uint)((field << 3) | type));

        private void Number(ulong value)
        {
            Span<byte> at = buffer.GetSpan(10);
            int length = 0;
            while (value >= 0x80)
            {
                at[length++] = (byte)(value | 0x80);
                value >>= 7;
            }

            at[length++] = (byte)value;
            buffer.Advance(length);
        }
    }
}
