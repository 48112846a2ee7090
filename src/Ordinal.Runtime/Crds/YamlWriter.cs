using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ordinal.Runtime.Crds;

/// <summary>Writes JSON as block YAML, the same bytes for the same value: generated files are compared byte by byte.</summary>
public static partial class YamlWriter
{
    /// <summary>Words that some reader of YAML takes for something else than text.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase) { "true", "false", "yes", "no", "on", "off", "y", "n", "null", ".nan", ".inf" };

    /// <summary>Writes one document, without its separator.</summary>
    public static string Write(JsonNode document)
    {
        var output = new StringBuilder();
        Write(output, document, 0, isInline: false);
        return output.ToString();
    }

    private static void Write(StringBuilder output, JsonNode? node, int indent, bool isInline)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                foreach (var (name, value) in members)
                {
                    Indent(output, ref isInline, indent);
                    output.Append(Text(name)).Append(':');
                    WriteValue(output, value, indent, isItem: false);
                }

                break;
            case JsonArray { Count: > 0 } items:
                foreach (var item in items)
                {
                    Indent(output, ref isInline, indent);
                    output.Append('-');
                    WriteValue(output, item, indent, isItem: true);
                }

                break;
            default:
                output.Append(Scalar(node)).Append('\n');
                break;
        }
    }

    private static void WriteValue(StringBuilder output, JsonNode? value, int indent, bool isItem)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } or JsonArray { Count: > 0 } when isItem:
                output.Append(' ');
                Write(output, value, indent + 2, isInline: true);
                break;
            case JsonObject { Count: > 0 }:
                output.Append('\n');
                Write(output, value, indent + 2, isInline: false);
                break;
            case JsonArray { Count: > 0 }:
                output.Append('\n');
                Write(output, value, indent, isInline: false);
                break;
            default:
                output.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static void Indent(StringBuilder output, ref bool isInline, int indent)
    {
        if (isInline)
        {
            // The first member of an item stands on the dash's own line.
            isInline = false;
        }
        else
        {
            output.Append(' ', indent);
        }
    }

    private static string Scalar(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ when node.GetValueKind() == JsonValueKind.String => Text(node.GetValue<string>()),
        _ => node.ToJsonString(),
    };

    private static string Text(string text)
    {
        if (PlainText().IsMatch(text) && !Reserved.Contains(text))
        {
            return text;
        }

        if (!text.Any(char.IsControl))
        {
            return $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
        }

        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\t' => quoted.Append("\\t"),
                _ when char.IsControl(character) => quoted.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture)),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append('"').ToString();
    }

    // Letters first, or a JSON path (so no number, no indicator), no colon and no hash inside: nothing a reader could take for more than text.
    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_./,;()'=<> -]*[A-Za-z0-9_./)]\z|^[A-Za-z]\z|^\.[A-Za-z][A-Za-z0-9_.]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainText();
}
