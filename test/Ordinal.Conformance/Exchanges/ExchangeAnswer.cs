using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Exchanges;

/// <summary>
/// Puts an answer into the form in which it was recorded: what differs from run to run (uids, times, versions, the namespace) is masked,
/// and so are the documents that a refused patch shows and the order of a refusal's causes.
/// </summary>
internal static partial class ExchangeAnswer
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Makes the canonical form.</summary>
    public static JsonObject Of(ApiAnswer answer, JsonObject look, string space)
    {
        var shown = new JsonObject { ["code"] = (long)answer.StatusCode };
        var body = Parse(answer);
        if (body is null)
        {
            var text = Encoding.UTF8.GetString(answer.Body.Span);
            if (text.Length > 0)
            {
                shown["text"] = text;
            }
        }
        else if (answer.StatusCode >= 300 || look.Flag("all") == true)
        {
            shown["body"] = body.DeepClone();
        }
        else
        {
            Look(body, look, shown);
        }

        if (answer.Warnings.Count > 0)
        {
            shown["warnings"] = new JsonArray([.. answer.Warnings.Select(warning => JsonValue.Create(warning))]);
        }

        if (answer.RetryAfter is { } retry)
        {
            shown["retryAfter"] = (long)retry.TotalSeconds;
        }

        return (JsonObject)Masked(shown, space)!;
    }

    private static JsonNode? Parse(ApiAnswer answer)
    {
        try
        {
            return answer.Body.IsEmpty ? null : JsonNode.Parse(answer.Body.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Look(JsonNode body, JsonObject look, JsonObject shown)
    {
        foreach (var path in (look.List("show") ?? []).Select(path => path!.GetValue<string>()))
        {
            var found = Find(body, path);
            if (look.List("leaveOut") is { } names && found is JsonArray items)
            {
                found = new JsonArray([.. items.Where(item => !names.Any(name => JsonNode.DeepEquals(name, item))).Select(item => item?.DeepClone())]);
            }

            shown[path] = path.EndsWith("managedFields", StringComparison.Ordinal) && found is JsonArray owners ? Sorted(owners) : found;
        }

        foreach (var path in (look.List("has") ?? []).Select(path => path!.GetValue<string>()))
        {
            shown["has " + path] = Find(body, path) is not null;
        }

        if (look.Text("name") is { } pattern)
        {
            shown["name fits"] = Regex.IsMatch(Find(body, "metadata.name").AsText() ?? "", pattern);
        }
    }

    // The order of owners is that of seconds, and a controller writes when it likes.
    private static JsonArray Sorted(JsonArray owners) =>
        new([.. owners.Where(o => (string?)o!["manager"] != "kube-controller-manager").OrderBy(o => $"{o!["operation"]} {o["manager"]} {o["subresource"]}", StringComparer.Ordinal).Select(o => o!.DeepClone())]);

    private static JsonNode? Find(JsonNode? node, string path)
    {
        if (path.Length == 0)
        {
            return node?.DeepClone();
        }

        var dot = path.IndexOf('.', StringComparison.Ordinal);
        var (head, tail) = dot < 0 ? (path, "") : (path[..dot], path[(dot + 1)..]);
        return node switch
        {
            JsonArray items when head == "*" => new JsonArray([.. items.Select(item => Find(item, tail))]),
            JsonArray items => int.TryParse(head, CultureInfo.InvariantCulture, out var index) && index < items.Count ? Find(items[index], tail) : null,
            JsonObject fields when fields.TryGetPropertyValue(head, out var value) => Find(value, tail),
            _ => null,
        };
    }

    private static JsonNode? Masked(JsonNode? node, string space)
    {
        switch (node)
        {
            case JsonObject fields:
                var copy = new JsonObject();
                foreach (var (name, value) in fields)
                {
                    copy[Masked(name, space)] = name == "causes" && value is JsonArray causes ? Causes(causes, space) : Masked(value, space);
                }

                return copy;
            case JsonArray items:
                return new JsonArray([.. items.Select(item => Masked(item, space))]);
            default:
                return node.AsText() is { } text ? Masked(text, space) : node?.DeepClone();
        }
    }

    private static JsonArray Causes(JsonArray causes, string space)
    {
        var distinct = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var cause in causes)
        {
            var masked = Masked(cause, space);
            distinct.TryAdd(masked!.ToJsonString(Plain), masked);
        }

        return new JsonArray([.. distinct.Values]);
    }

    private static string Masked(string text, string space)
    {
        // A whole word: namespace t3 is no part of int32.
        text = Regex.Replace(text, $"(?<![A-Za-z0-9]){Regex.Escape(space)}(?![A-Za-z0-9])", "{ns}");
        text = Uuid().Replace(text, match => match.Value.StartsWith("11111111-", StringComparison.Ordinal) ? match.Value : "{uid}");
        text = Time().Replace(text, "{time}");
        text = Age().Replace(text, "{age}");
        text = Version().Replace(text, "$1{version}$2");
        text = Current().Replace(text, "$1{version}");
        text = Source().Replace(text, "in scheme \"pkg/");
        text = Document().Replace(text, "Invalid value: {document}: ");
        var difference = text.IndexOf("\n@@", StringComparison.Ordinal);
        return difference < 0 ? text : text[..difference];
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")]
    private static partial Regex Time();

    [GeneratedRegex(@"^\d+s$")]
    private static partial Regex Age();

    [GeneratedRegex(@"(ResourceVersion in record \()\d+(\))")]
    private static partial Regex Version();

    [GeneratedRegex(@"(Too large resource version: \d+, current: )\d+")]
    private static partial Regex Current();

    // Where the program was built is part of its words.
    [GeneratedRegex("in scheme \"[^\"]*?pkg/(?=apis?/)")]
    private static partial Regex Source();

    // A refused patch shows the whole document as a quoted text.
    [GeneratedRegex(@"Invalid value: ""(\{\\""|map\[).*(\}|\])"": ", RegexOptions.Singleline)]
    private static partial Regex Document();
}
