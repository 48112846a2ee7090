using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Ordinal.Gates.Prometheus;

/// <summary>Reads the answer of <c>/api/v1/query</c>, as Prometheus, Thanos, Mimir and VictoriaMetrics write it. No input makes it throw.</summary>
internal static class PrometheusWire
{
    private const int MostWarnings = 3;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16 };

    /// <summary>Reads an answer.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The bytes.</param>
    /// <param name="clean">Takes secrets out of the server's words.</param>
    internal static PrometheusAnswer Read(int status, ReadOnlyMemory<byte> body, Func<string, string> clean)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            var root = document.RootElement;
            if (root.ValueKind is not JsonValueKind.Object || Text(root, "status") is not ("success" or "error"))
            {
                return Foreign(status, "it has no status");
            }

            var warnings = Warnings(root, clean);
            if (Text(root, "status") == "error")
            {
                return new() { Status = status, ErrorType = clean(Text(root, "errorType")), Error = clean(Text(root, "error")), Warnings = warnings };
            }

            var data = root.TryGetProperty("data", out var found) && found.ValueKind is JsonValueKind.Object ? found : throw new FormatException("it has no data");
            var type = Text(data, "resultType");
            var result = data.TryGetProperty("result", out var values) ? values : throw new FormatException("it has no result");
            return new() { Status = status, ResultType = clean(type), Series = Series(type, result, clean), Warnings = warnings };
        }
        catch (JsonException)
        {
            return Foreign(status, "it is no JSON");
        }
        catch (FormatException e)
        {
            return Foreign(status, e.Message);
        }
        catch (InvalidOperationException)
        {
            return Foreign(status, "it holds a text that is not UTF-8");
        }
    }

    private static PrometheusAnswer Foreign(int status, string why) => new() { Status = status, IsPrometheus = false, Error = why };

    private static ImmutableArray<PrometheusSeries> Series(string type, JsonElement result, Func<string, string> clean) => type switch
    {
        "scalar" => [Point("", result)],
        "vector" when result.ValueKind is JsonValueKind.Array => [.. result.EnumerateArray().Select(one => OneOf(one, clean))],
        "vector" => throw new FormatException("its vector is no list"),
        _ => [],
    };

    private static PrometheusSeries OneOf(JsonElement series, Func<string, string> clean)
    {
        if (series.ValueKind is not JsonValueKind.Object || !series.TryGetProperty("metric", out var metric) || metric.ValueKind is not JsonValueKind.Object)
        {
            throw new FormatException("a series has no metric");
        }

        // A native histogram has no one number that a limit could be held against: as good as NaN.
        return series.TryGetProperty("value", out var value) ? Point(clean(Labels(metric)), value)
            : series.TryGetProperty("histogram", out _) ? new(clean(Labels(metric)), 0, double.NaN)
            : throw new FormatException("a series has no value");
    }

    private static PrometheusSeries Point(string labels, JsonElement point)
    {
        if (point.ValueKind is not JsonValueKind.Array || point.GetArrayLength() != 2 || point[0].ValueKind is not JsonValueKind.Number || point[1].ValueKind is not JsonValueKind.String)
        {
            throw new FormatException("a value is not a time and a text");
        }

        return new(labels, point[0].GetDouble(), Number(point[1].GetString()!));
    }

    /// <summary>Prometheus writes +Inf, -Inf and NaN in Go's way.</summary>
    private static double Number(string text) => text switch
    {
        "NaN" => double.NaN,
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException("a value is no number"),
    };

    private static string Labels(JsonElement metric)
    {
        var labels = metric.EnumerateObject().Where(l => l.Name != "__name__").Take(8).Select(l => $"{l.Name}=\"{(l.Value.ValueKind is JsonValueKind.String ? l.Value.GetString() : "")}\"");
        return $"{Text(metric, "__name__")}{{{string.Join(",", labels)}}}";
    }

    private static ImmutableArray<string> Warnings(JsonElement root, Func<string, string> clean) =>
        root.TryGetProperty("warnings", out var warnings) && warnings.ValueKind is JsonValueKind.Array
            ? [.. warnings.EnumerateArray().Take(MostWarnings).Select(w => clean(w.ValueKind is JsonValueKind.String ? w.GetString()! : w.GetRawText()))]
            : [];

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString()! : "";
}
