using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Ordinal.ControlPlane.Text;

/// <summary>Reads and writes JSON documents as the API server needs them.</summary>
public static partial class JsonText
{
    // Go's encoder leaves quotes and non-ASCII text readable; so do we.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private const int FirstScratch = 16 * 1024;
    private const int LargestScratch = 256 * 1024;

    /// <summary>What is being written on this thread; it is copied when its size is known. Writing a node calls nothing of ours, so it is not entered twice.</summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? scratch;

    /// <summary>Parses an object. Of a repeated key the last value wins, and repeated objects are merged, as with a real API server.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="duplicates">Collects the paths of repeated keys, for strict field validation.</param>
    /// <exception cref="JsonException">The text is not one JSON object.</exception>
    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8, ICollection<string>? duplicates = null) =>
        Parse(utf8, duplicates) as JsonObject ?? throw new JsonException("the document is not a JSON object");

    /// <summary>Parses any JSON value; null for the JSON null.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, ICollection<string>? duplicates = null)
    {
        // Go reads bytes that are no UTF-8 as the replacement character.
        var reader = new Utf8JsonReader(Utf8.IsValid(utf8) ? utf8 : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8)), new JsonReaderOptions { MaxDepth = 128 });
        if (!reader.Read())
        {
            throw new JsonException("the document is empty");
        }

        JsonNode? value = ReadValue(ref reader, "", duplicates);
        return reader.Read() ? throw new JsonException("text after the end of the document") : value;
    }

    /// <summary>Writes a document as compact UTF-8.</summary>
    public static byte[] Write(JsonNode? document) => Write(document, [], []);

    /// <summary>Writes a document as compact UTF-8 with something before and after it, into one array of just that size.</summary>
    public static byte[] Write(JsonNode? document, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        ArrayBufferWriter<byte> buffer = scratch ??= new ArrayBufferWriter<byte>(FirstScratch);
        buffer.ResetWrittenCount();
        buffer.Write(before);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            WriteTo(document, writer);
        }

        buffer.Write(after);
        if (buffer.Capacity > LargestScratch)
        {
            scratch = null;
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes a document as a compact string.</summary>
    public static string WriteString(JsonNode? document) => Encoding.UTF8.GetString(Write(document));

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
                    string name = ReadText(ref reader);
                    string inner = duplicates is null ? "" : path.Length == 0 ? name : $"{path}.{name}";
                    reader.Read();
                    JsonNode? value = ReadValue(ref reader, inner, duplicates);
                    if (!result.TryAdd(name, value))
                    {
                        duplicates?.Add(inner);
                        result[name] = Merged(result[name], value);
                    }
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
                return JsonValue.Create(ReadText(ref reader));
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

    /// <summary>Reads a string; half a surrogate pair becomes the replacement character, as in Go.</summary>
    private static string ReadText(ref Utf8JsonReader reader)
    {
        if (!reader.HasValueSequence && !reader.ValueIsEscaped && reader.ValueSpan.Length <= Utf8Pool.Longest)
        {
            return Utf8Pool.Share(reader.ValueSpan);
        }

        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // The lone half is replaced in the raw text: a whole pair is matched first and kept.
            string raw = Encoding.UTF8.GetString(reader.ValueSpan);
            string whole = Surrogates().Replace(raw, match => match.Groups["pair"].Success || match.Groups["other"].Success ? match.Value : "\\ufffd");
            return JsonSerializer.Deserialize<string>($"\"{whole}\"")!;
        }
    }

    private static JsonNode? Merged(JsonNode? before, JsonNode? value)
    {
        if (before is not JsonObject fields || value is not JsonObject more)
        {
            return value;
        }

        foreach (string name in more.Select(p => p.Key).ToArray())
        {
            JsonNode? inner = more[name];
            more.Remove(name);
            JsonNode? old = fields[name];
            fields.Remove(name);
            fields[name] = Merged(old, inner);
        }

        return fields;
    }

    [GeneratedRegex(@"(?<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|(?<other>\\.)", RegexOptions.CultureInvariant)]
    private static partial Regex Surrogates();
}
