using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ordinal.ControlPlane.Text;

/// <summary>Reads YAML documents as JSON, with the types that Kubernetes' YAML reader gives plain scalars.</summary>
public static class YamlText
{
    /// <summary>Parses a single document that is an object.</summary>
    /// <exception cref="FormatException">The text is no YAML, or no object.</exception>
    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8)
    {
        IReadOnlyList<JsonObject> documents = ParseAll(Encoding.UTF8.GetString(utf8));
        return documents.Count == 1 ? documents[0] : throw new FormatException($"expected one YAML document and found {documents.Count}");
    }

    /// <summary>Parses all documents of a stream; empty ones are left out.</summary>
    /// <exception cref="FormatException">The text is no YAML, or a document is no object.</exception>
    public static IReadOnlyList<JsonObject> ParseAll(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new FormatException($"line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}", e);
        }

        var documents = new List<JsonObject>();
        foreach (YamlDocument document in stream.Documents)
        {
            switch (Convert(document.RootNode, 0))
            {
                case JsonObject value:
                    documents.Add(value);
                    break;
                case null:
                    break;
                default:
                    throw new FormatException($"line {document.RootNode.Start.Line}: the document is not an object");
            }
        }

        return documents;
    }

    private static JsonNode? Convert(YamlNode node, int depth)
    {
        // Aliases can make a small text very deep or very large.
        if (depth > 100)
        {
            throw new FormatException("the document is nested too deeply");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var result = new JsonObject();
                foreach ((YamlNode key, YamlNode value) in mapping.Children)
                {
                    result[(key as YamlScalarNode)?.Value ?? ""] = Convert(value, depth + 1);
                }

                return result;
            case YamlSequenceNode sequence:
                var list = new JsonArray();
                foreach (YamlNode item in sequence.Children)
                {
                    list.Add(Convert(item, depth + 1));
                }

                return list;
            case YamlScalarNode scalar:
                return scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty ? Plain(scalar.Value ?? "") : JsonValue.Create(scalar.Value ?? "");
            default:
                throw new FormatException($"line {node.Start.Line}: unsupported YAML node");
        }
    }

    private static JsonValue? Plain(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "true" or "True" or "TRUE":
                return JsonValue.Create(true);
            case "false" or "False" or "FALSE":
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
