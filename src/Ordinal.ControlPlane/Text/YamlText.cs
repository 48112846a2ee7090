using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ordinal.ControlPlane.Text;

/// <summary>Reads YAML documents as JSON, with the types that Kubernetes' YAML reader gives plain scalars.</summary>
public static class YamlText
{
    // Aliases can make a small text very deep or very large.
    private const int Deepest = 100;
    private const int MostAliased = 100_000;

    /// <summary>Parses a single document that is an object.</summary>
    /// <exception cref="FormatException">The text is no YAML, or no object.</exception>
    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8)
    {
        IReadOnlyList<JsonObject> documents = ParseAll(Encoding.UTF8.GetString(utf8));
        return documents.Count == 1 ? documents[0] : throw new FormatException($"expected one YAML document and found {documents.Count}");
    }

    /// <summary>Parses the first document of a stream, whatever it is; null when there is none. A real API server looks at no other.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="duplicates">Collects the problems of repeated keys: <c>line 7: key "a" already set in map</c>.</param>
    /// <exception cref="FormatException">The text is no YAML.</exception>
    public static JsonNode? ParseFirst(ReadOnlySpan<byte> utf8, ICollection<string>? duplicates = null)
    {
        string text = Encoding.UTF8.GetString(utf8);
        return Guarded(() =>
        {
            var reader = new Reader(text, duplicates);
            return reader.Next(out JsonNode? document, out _) ? document : null;
        });
    }

    /// <summary>Parses all documents of a stream; empty ones are left out.</summary>
    /// <exception cref="FormatException">The text is no YAML, a document is no object, or a key is repeated.</exception>
    public static IReadOnlyList<JsonObject> ParseAll(string text) => Guarded(() =>
    {
        var documents = new List<JsonObject>();
        var duplicates = new List<string>();
        var reader = new Reader(text, duplicates);
        while (reader.Next(out JsonNode? document, out long line))
        {
            switch (document)
            {
                case JsonObject value:
                    documents.Add(value);
                    break;
                case null:
                    break;
                default:
                    throw new FormatException($"line {line}: the document is not an object");
            }
        }

        return duplicates.Count == 0 ? documents : throw new FormatException(duplicates[0]);
    });

    private static T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (YamlException e)
        {
            string message = e.InnerException?.Message ?? e.Message;
            int comma = message.StartsWith("While ", StringComparison.Ordinal) ? message.IndexOf(", ", StringComparison.Ordinal) : -1;
            throw new FormatException($"line {e.Start.Line}: {message[(comma < 0 ? 0 : comma + 2)..].TrimEnd('.')}", e);
        }
    }

    private sealed class Reader
    {
        private readonly Parser _parser;
        private readonly ICollection<string>? _duplicates;
        private readonly Dictionary<string, (JsonNode? Value, int Size)> _anchors = new(StringComparer.Ordinal);
        private int _read;
        private int _aliased;

        public Reader(string text, ICollection<string>? duplicates)
        {
            _duplicates = duplicates;
            _parser = new Parser(new StringReader(text));
            _parser.Consume<StreamStart>();
        }

        public bool Next(out JsonNode? document, out long line)
        {
            document = null;
            line = 0;
            if (!_parser.TryConsume<DocumentStart>(out _))
            {
                return false;
            }

            _anchors.Clear();
            line = _parser.Current!.Start.Line;
            document = Read(0);
            _parser.Consume<DocumentEnd>();
            return true;
        }

        private JsonNode? Read(int depth)
        {
            if (depth > Deepest)
            {
                throw new FormatException("the document is nested too deeply");
            }

            int before = _read++;
            switch (_parser.Consume<ParsingEvent>())
            {
                case AnchorAlias alias:
                    return Copy(alias);
                case Scalar scalar:
                    return Anchored(scalar, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty ? Plain(scalar.Value) : JsonValue.Create(scalar.Value), before);
                case SequenceStart start:
                    var list = new JsonArray();
                    while (!_parser.TryConsume<SequenceEnd>(out _))
                    {
                        list.Add(Read(depth + 1));
                    }

                    return Anchored(start, list, before);
                case MappingStart start:
                    return Anchored(start, ReadMapping(depth), before);
                case var other:
                    throw new FormatException($"line {other.Start.Line}: unsupported YAML node");
            }
        }

        private JsonObject ReadMapping(int depth)
        {
            var result = new JsonObject();
            while (!_parser.TryConsume<MappingEnd>(out _))
            {
                long line = _parser.Current!.Start.Line;
                bool isPlain = _parser.Current is Scalar { Style: ScalarStyle.Plain };
                JsonNode? key = Read(depth + 1);
                JsonNode? value = Read(depth + 1);
                if (isPlain && key.AsText() == "<<" && value is JsonObject merged)
                {
                    foreach ((string name, JsonNode? inner) in merged)
                    {
                        result.TryAdd(name, inner?.DeepClone());
                    }

                    continue;
                }

                string text = key switch
                {
                    null => "null",
                    JsonValue => key.AsShown(),
                    _ => throw new FormatException($"line {line}: a key is not a scalar"),
                };
                if (result.ContainsKey(text))
                {
                    _duplicates?.Add($"line {line}: key \"{text}\" already set in map");
                }

                result[text] = value;
            }

            return result;
        }

        private JsonNode? Anchored(NodeEvent node, JsonNode? value, int before)
        {
            if (!node.Anchor.IsEmpty)
            {
                _anchors[node.Anchor.Value] = (value, _read - before);
            }

            return value;
        }

        private JsonNode? Copy(AnchorAlias alias)
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out (JsonNode? Value, int Size) anchored))
            {
                throw new FormatException($"unknown anchor '{alias.Value.Value}' referenced");
            }

            _read += anchored.Size;
            _aliased += anchored.Size;
            return _aliased > MostAliased ? throw new FormatException("document contains excessive aliasing") : anchored.Value?.DeepClone();
        }

        private static JsonValue? Plain(string text)
        {
            switch (text)
            {
                case "" or "~" or "null" or "Null" or "NULL":
                    return null;
                case "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                    return JsonValue.Create(true);
                case "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                    return JsonValue.Create(false);
            }

            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
            {
                return JsonValue.Create(whole);
            }

            const NumberStyles Real = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            return (char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.')
                && double.TryParse(text, Real, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real)
                ? JsonValue.Create(real)
                : JsonValue.Create(text);
        }
    }
}
