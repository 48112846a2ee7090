using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Text;

/// <summary>
/// The part of Kubernetes' JSONPath that printer columns use: <c>.a.b</c>, <c>['a.b']</c>, <c>[0]</c>, <c>[-1]</c>, <c>[*]</c>
/// and filters <c>[?(@.type=="Ready")]</c>.
/// </summary>
public sealed class JsonPath
{
    private readonly List<Func<JsonNode?, IEnumerable<JsonNode?>>> _steps = [];

    private JsonPath()
    {
    }

    /// <summary>Parses a path, with or without surrounding braces.</summary>
    /// <exception cref="FormatException">The path is not understood.</exception>
    public static JsonPath Parse(string text)
    {
        string path = text.Trim();
        if (path.Length > 1 && path[0] == '{' && path[^1] == '}')
        {
            path = path[1..^1];
        }

        var result = new JsonPath();
        int i = path.StartsWith('$') ? 1 : 0;
        while (i < path.Length)
        {
            i = path[i] switch
            {
                '.' => result.AddName(path, i + 1),
                '[' => result.AddBracket(path, i),
                _ when i == 0 => result.AddName(path, i),
                _ => throw new FormatException($"'{text}': unexpected '{path[i]}' at {i}"),
            };
        }

        return result;
    }

    /// <summary>Finds all values that the path leads to; missing ones are left out.</summary>
    public IEnumerable<JsonNode> Find(JsonNode? root)
    {
        IEnumerable<JsonNode?> found = [root];
        foreach (Func<JsonNode?, IEnumerable<JsonNode?>> step in _steps)
        {
            found = found.SelectMany(step);
        }

        return found.OfType<JsonNode>();
    }

    private static IEnumerable<JsonNode?> Children(JsonNode? node) => node switch
    {
        JsonArray items => items,
        JsonObject fields => fields.Select(f => f.Value),
        _ => [],
    };

    private int AddName(string path, int start)
    {
        var name = new StringBuilder();
        int i = start;
        for (; i < path.Length && path[i] is not ('.' or '['); i++)
        {
            if (path[i] == '\\' && i + 1 < path.Length)
            {
                i++;
            }

            name.Append(path[i]);
        }

        string field = name.ToString();
        if (field == "*")
        {
            _steps.Add(Children);
        }
        else if (field.Length > 0)
        {
            _steps.Add(node => node is JsonObject fields && fields.TryGetPropertyValue(field, out JsonNode? value) ? [value] : []);
        }

        return i;
    }

    private int AddBracket(string path, int start)
    {
        int end = path[start..].StartsWith("[?(", StringComparison.Ordinal) ? path.IndexOf(")]", start, StringComparison.Ordinal) + 1 : path.IndexOf(']', start);
        if (end <= start)
        {
            throw new FormatException($"'{path}': unclosed '['");
        }

        string inside = path[(start + 1)..end].Trim();
        if (inside == "*")
        {
            _steps.Add(Children);
        }
        else if (inside.StartsWith("?(", StringComparison.Ordinal))
        {
            AddFilter(inside[2..^1]);
        }
        else if (int.TryParse(inside, CultureInfo.InvariantCulture, out int index))
        {
            _steps.Add(node => node is JsonArray items && (index < 0 ? items.Count + index : index) is var at && at >= 0 && at < items.Count ? [items[at]] : []);
        }
        else
        {
            string field = inside.Trim('\'', '"');
            _steps.Add(node => node is JsonObject fields && fields.TryGetPropertyValue(field, out JsonNode? value) ? [value] : []);
        }

        return end + 1;
    }

    private void AddFilter(string condition)
    {
        foreach (string comparison in (ReadOnlySpan<string>)["==", "!="])
        {
            int at = condition.IndexOf(comparison, StringComparison.Ordinal);
            if (at < 0)
            {
                continue;
            }

            JsonPath left = Parse(condition[..at].Trim().TrimStart('@'));
            string right = condition[(at + 2)..].Trim().Trim('"', '\'');
            bool wantsEqual = comparison == "==";
            _steps.Add(node => Children(node).Where(item => left.Find(item).Any(v => v.AsShown() == right) == wantsEqual));
            return;
        }

        JsonPath exists = Parse(condition.Trim().TrimStart('@'));
        _steps.Add(node => Children(node).Where(item => exists.Find(item).Any()));
    }
}
