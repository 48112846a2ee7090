using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>How Go names and prints the values of JSON documents.</summary>
internal static class GoJson
{
    /// <summary>Gets the name of a value's type in the messages of Go's decoder.</summary>
    public static string KindOf(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        null or JsonValueKind.Null => "null",
        _ => "number",
    };

    /// <summary>Prints a document as Go prints a map.</summary>
    public static string Print(JsonNode? node)
    {
        var text = new StringBuilder();
        Print(node, text);
        return text.ToString();
    }

    private static void Print(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case null:
                text.Append("<nil>");
                break;
            case JsonObject fields:
                text.Append("map[");
                string space = "";
                foreach ((string name, JsonNode? value) in fields.OrderBy(f => f.Key, StringComparer.Ordinal))
                {
                    text.Append(CultureInfo.InvariantCulture, $"{space}{name}:");
                    Print(value, text);
                    space = " ";
                }

                text.Append(']');
                break;
            case JsonArray items:
                text.Append('[');
                for (int i = 0; i < items.Count; i++)
                {
                    text.Append(i == 0 ? "" : " ");
                    Print(items[i], text);
                }

                text.Append(']');
                break;
            default:
                text.Append(node.AsShown());
                break;
        }
    }
}
