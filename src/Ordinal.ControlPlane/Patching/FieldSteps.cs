using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>Writes and shows the steps of field paths.</summary>
internal static class FieldSteps
{
    // What JSON writes as it is.
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./: ");

    /// <summary>Gets the step to an item of a list map or set; null when the item does not carry its keys.</summary>
    public static string? OfItem(ListShape list, JsonNode? item)
    {
        if (list.Kind == ListKind.Set)
        {
            return "v:" + JsonText.WriteString(item);
        }

        if (item is not JsonObject fields)
        {
            return null;
        }

        if (list.Keys is [string only] && (fields[only] ?? list.KeyDefaults.GetValueOrDefault(only)).AsText() is { } text && !text.AsSpan().ContainsAnyExcept(Plain) && !only.AsSpan().ContainsAnyExcept(Plain))
        {
            // Most lists: their items are found by a name.
            return $"k:{{\"{only}\":\"{text}\"}}";
        }

        var keys = new JsonObject();
        foreach (string key in list.Keys.Order(StringComparer.Ordinal))
        {
            if ((fields[key] ?? list.KeyDefaults.GetValueOrDefault(key)) is { } value)
            {
                keys[key] = value.DeepClone();
            }
        }

        return keys.Count == 0 ? null : "k:" + JsonText.WriteString(keys);
    }

    /// <summary>Indexes the items of a list map or set by their steps, in order. Of equal keys the last item counts.</summary>
    public static OrderedDictionary<string, JsonNode?> Items(ListShape list, JsonArray? items)
    {
        var found = new OrderedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (JsonNode? item in items ?? [])
        {
            if (OfItem(list, item) is { } step)
            {
                found[step] = item;
            }
        }

        return found;
    }

    /// <summary>Shows a path as messages do: <c>.spec.containers[name="c"].image</c>.</summary>
    public static string Show(IReadOnlyList<string> path)
    {
        var text = new StringBuilder();
        foreach (string step in path)
        {
            string content = step[2..];
            switch (step[0])
            {
                case 'f':
                    text.Append('.').Append(content);
                    break;
                case 'v':
                    text.Append("[=").Append(content).Append(']');
                    break;
                default:
                    JsonObject keys = JsonText.ParseObject(Encoding.UTF8.GetBytes(content));
                    text.Append('[').AppendJoin(',', keys.Select(k => $"{k.Key}={JsonText.WriteString(k.Value)}")).Append(']');
                    break;
            }
        }

        return text.ToString();
    }
}
