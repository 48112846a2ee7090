using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The columns of events, in either API's shape.</summary>
internal static class EventColumns
{
    public static TableColumns Columns { get; } = BuiltInColumns.Make(
        [
            new("Last Seen"), new("Type"), new("Reason"), new("Object"), new("Subobject", Priority: 1), new("Source", Priority: 1), new("Message"),
            new("First Seen", Priority: 1), new("Count", Priority: 1), new("Name", Priority: 1, Format: "name"),
        ],
        Cells);

    private static JsonNode?[] Cells(JsonObject document, DateTimeOffset now)
    {
        JsonObject? about = document.Child("involvedObject") ?? document.Child("regarding");
        JsonObject? source = document.Child("source") ?? document.Child("deprecatedSource");
        JsonObject? series = document.Child("series");
        string? first = document.Text("firstTimestamp") ?? document.Text("deprecatedFirstTimestamp") ?? document.Text("eventTime");
        string? last = series.Text("lastObservedTime") ?? document.Text("lastTimestamp") ?? document.Text("deprecatedLastTimestamp") ?? first;
        string component = source.Text("component") ?? document.Text("reportingComponent") ?? document.Text("reportingController") ?? "";
        string host = source.Text("host") ?? document.Text("reportingInstance") ?? "";
        return
        [
            CellText.Since(last, now),
            document.Text("type") ?? "",
            document.Text("reason") ?? "",
            $"{about.Text("kind")?.ToLowerInvariant()}/{about.Text("name")}",
            about.Text("fieldPath") ?? "",
            host.Length == 0 ? component : $"{component}, {host}",
            (document.Text("message") ?? document.Text("note") ?? "").Trim(),
            CellText.Since(first, now),
            series.Number("count") ?? document.Number("count") ?? document.Number("deprecatedCount") ?? 1,
            CellText.Name(document),
        ];
    }
}
