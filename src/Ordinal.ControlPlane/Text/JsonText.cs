using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Text;

/// <summary>Reads and writes JSON documents as the API server needs them.</summary>
public static class JsonText
{
    // Go's encoder leaves quotes and non-ASCII text readable; so do we.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Parses an object. Of a repeated key the last one wins, as with a real API server.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="duplicates">Collects the paths of repeated keys, for strict field validation.</param>
    /// <exception cref="JsonException">The text is not one JSON object.</exception>
    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8, ICollection<string>? duplicates = null) =>
        Parse(utf8, duplicates) as JsonObject ?? throw new JsonException("the document is not a JSON object");

    /// <summary>Parses any JSON value; null for the JSON null.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, ICollection<string>? duplicates = null)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 128 });
        if (!reader.Read())
        {
            throw new JsonException("the document is empty");
        }

        JsonNode? value;
        try
        {
            value = ReadValue(ref reader, "", duplicates);
        }
        catch (InvalidOperationException e)
        {
            // The reader's word for bytes that are no UTF-8, and for half a surrogate pair.
            throw new JsonException("a string is not valid UTF-8", e);
        }

        return reader.Read() ? throw new JsonException("text after the end of the document") : value;
    }

    /// <summary>Writes a document as compact UTF-8.</summary>
    public static byte[] Write(JsonNode? document)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            WriteTo(document, writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes a document as a compact string.</summary>
    public static string WriteString(JsonNode? document) => System.Text.Encoding.UTF8.GetString(Write(document));

    private static void WriteTo(JsonNode? node, Utf8JsonWriter writer)
    {
        if (node is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            node.WriteTo(writer);
        }
    }

    private static JsonNode? ReadValue(ref Utf8JsonReader reader, string path, ICollection<string>? duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var result = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString()!;
                    string inner = duplicates is null ? "" : path.Length == 0 ? name : $"{path}.{name}";
                    reader.Read();
                    JsonNode? value = ReadValue(ref reader, inner, duplicates);
                    if (duplicates is not null && result.ContainsKey(name))
                    {
                        duplicates.Add(inner);
                    }

                    result[name] = value;
                }

                return result;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(ReadValue(ref reader, duplicates is null ? "" : $"{path}[{list.Count}]", duplicates));
                }

                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            case JsonTokenType.Null:
                return null;
            default:
                return reader.TryGetInt64(out long number) ? JsonValue.Create(number) : JsonValue.Create(JsonElement.ParseValue(ref reader));
        }
    }
}
