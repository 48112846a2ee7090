using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Http;

/// <summary>
/// Holds a condition against a body. Pure, and total: no body makes it throw. The expression is matched without backtracking, so that no body can
/// make it take long.
/// </summary>
internal sealed class HttpConditionReader
{
    private static readonly JsonDocumentOptions Lenient = new() { MaxDepth = 64, CommentHandling = JsonCommentHandling.Disallow };

    private readonly HttpCondition condition;
    private readonly JsonPath? path;
    private readonly Regex? pattern;

    private HttpConditionReader(HttpCondition condition, JsonPath? path, Regex? pattern) => (this.condition, this.path, this.pattern) = (condition, path, pattern);

    /// <summary>Prepares a condition.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="problem">What is wrong with it; null when all is well.</param>
    /// <returns>The reader; null with a problem.</returns>
    internal static HttpConditionReader? Create(HttpCondition condition, out string? problem)
    {
        problem = null;
        JsonPath? path = null;
        if (condition.JsonPath.Length > 0)
        {
            path = JsonPath.Parse(condition.JsonPath, out var wrong);
            problem = wrong is null ? null : $"body.jsonPath \"{GateText.Clean(condition.JsonPath)}\": {wrong}";
        }

        if (condition.Expected is null && condition.Pattern is null && condition.Range.IsOpen)
        {
            problem ??= "body wants nothing: give expect, matches, min or max";
        }

        if (path is null && !condition.Range.IsOpen)
        {
            problem ??= "body.min and body.max need a jsonPath";
        }

        Regex? pattern = null;
        try
        {
            pattern = condition.Pattern is null ? null : new Regex(condition.Pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            problem ??= $"body.matches \"{GateText.Clean(condition.Pattern!)}\" is no regular expression, or needs backtracking";
        }

        return problem is null ? new HttpConditionReader(condition, path, pattern) : null;
    }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The bytes, UTF-8.</param>
    /// <param name="clean">Takes secrets out of what is shown.</param>
    internal BodyFinding Read(ReadOnlyMemory<byte> body, Func<string, string> clean)
    {
        if (path is null)
        {
            return Judge([Encoding.UTF8.GetString(body.Span)], clean);
        }

        try
        {
            using var document = JsonDocument.Parse(body, Lenient);
            var values = path.Select(document.RootElement).ConvertAll(JsonPath.Text);
            return values.Count == 0 ? new BodyFinding { Unreadable = $"{condition.JsonPath} finds nothing" } : Judge(values, clean);
        }
        catch (JsonException)
        {
            return new BodyFinding { Unreadable = $"the body is no JSON: \"{clean(Start(body))}\"" };
        }
        catch (InvalidOperationException)
        {
            return new BodyFinding { Unreadable = "the body holds a text that is not UTF-8" };
        }
    }

    private static string Start(ReadOnlyMemory<byte> body) => Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 80)]);

    private BodyFinding Judge(List<string> values, Func<string, string> clean)
    {
        var offender = values.Find(value => !Holds(value));
        return new BodyFinding { Count = values.Count, Values = [.. values.Take(3).Select(clean)], Offender = offender is null ? null : clean(offender) };
    }

    private bool Holds(string value) =>
        (condition.Expected is null || value == condition.Expected)
        && (pattern is null || pattern.IsMatch(value))
        && (condition.Range.IsOpen || (NumberRange.Read(value) is { } number && condition.Range.Holds(number)));
}
