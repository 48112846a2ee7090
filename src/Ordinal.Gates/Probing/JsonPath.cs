using System.Globalization;
using System.Text.Json;

namespace Ordinal.Gates.Probing;

/// <summary>
/// The part of JSONPath that a condition needs: <c>.status</c>, <c>a.b[0].c</c>, <c>['a key']</c>, <c>[-1]</c>, <c>[*]</c>, <c>.*</c>; with or
/// without <c>$</c> before it or <c>{}</c> around it, as kubectl writes it. No filters, no slices, no search in depth.
/// </summary>
internal sealed class JsonPath
{
    /// <summary>The most values that one path may yield; more are left out.</summary>
    internal const int MostValues = 1000;

    private readonly Step[] steps;

    private JsonPath(Step[] steps) => this.steps = steps;

    private abstract record Step
    {
        internal sealed record Key(string Name) : Step;

        internal sealed record Index(int At) : Step;

        internal sealed record Every : Step;
    }

    /// <summary>Reads a path.</summary>
    /// <param name="text">The path.</param>
    /// <param name="problem">What is wrong with it; null when all is well.</param>
    /// <returns>The path; null with a problem.</returns>
    internal static JsonPath? Parse(string text, out string? problem)
    {
        var path = text.Trim();
        path = path.StartsWith('{') && path.EndsWith('}') ? path[1..^1].Trim() : path;
        path = path.StartsWith('$') ? path[1..] : path;
        var steps = new List<Step>();
        problem = null;
        for (var at = 0; at < path.Length && problem is null;)
        {
            at = path[at] == '[' ? Bracket(path, at, steps, out problem) : Name(path, at, steps, out problem);
        }

        problem = problem is null && steps.Count == 0 ? "the path is empty" : problem;
        return problem is null ? new JsonPath([.. steps]) : null;
    }

    /// <summary>Finds the values at the path; none when the document has no such place.</summary>
    internal List<JsonElement> Select(JsonElement root)
    {
        List<JsonElement> found = [root];
        foreach (var step in steps)
        {
            found = [.. found.SelectMany(value => Next(value, step)).Take(MostValues)];
        }

        return found;
    }

    /// <summary>Writes a value as a condition compares it: texts bare, everything else as JSON has it.</summary>
    internal static string Text(JsonElement value) => value.ValueKind is JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static IEnumerable<JsonElement> Next(JsonElement value, Step step) => (step, value.ValueKind) switch
    {
        (Step.Key key, JsonValueKind.Object) => value.TryGetProperty(key.Name, out var member) ? [member] : [],
        (Step.Index index, JsonValueKind.Array) => At(value, index.At),
        (Step.Every, JsonValueKind.Array) => value.EnumerateArray(),
        (Step.Every, JsonValueKind.Object) => value.EnumerateObject().Select(p => p.Value),
        _ => [],
    };

    private static JsonElement[] At(JsonElement array, int index)
    {
        var length = array.GetArrayLength();
        var at = index < 0 ? length + index : index;
        return at >= 0 && at < length ? [array[at]] : [];
    }

    private static int Name(string path, int start, List<Step> steps, out string? problem)
    {
        var at = path[start] == '.' ? start + 1 : start;
        var end = path.AsSpan(at).IndexOfAny('.', '[') is var length and >= 0 ? at + length : path.Length;
        var name = path[at..end];
        problem = name.Length == 0 ? $"a name is missing at character {at + 1} (search in depth is not supported)"
            : start > 0 && at == start ? $"a dot is missing at character {at + 1}"
            : null;
        steps.Add(name == "*" ? new Step.Every() : new Step.Key(name));
        return end;
    }

    private static int Bracket(string path, int start, List<Step> steps, out string? problem)
    {
        problem = null;
        if (start + 1 < path.Length && path[start + 1] is '\'' or '"')
        {
            var close = path.IndexOf(path[start + 1], start + 2);
            if (close > 0 && close + 1 < path.Length && path[close + 1] == ']')
            {
                steps.Add(new Step.Key(path[(start + 2)..close]));
                return close + 2;
            }
        }

        var end = path.IndexOf(']', start);
        var inside = end < 0 ? "" : path[(start + 1)..end].Trim();
        if (inside == "*")
        {
            steps.Add(new Step.Every());
        }
        else if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            steps.Add(new Step.Index(index));
        }
        else
        {
            problem = $"what stands in brackets at character {start + 1} is no number, no * and no quoted name";
        }

        return end + 1;
    }
}
