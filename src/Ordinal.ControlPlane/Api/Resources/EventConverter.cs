using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Shows core events as <c>events.k8s.io/v1</c> and stores those as core events: one store behind both.</summary>
internal sealed class EventConverter : IVersionConverter
{
    // Name in core/v1 and name in events.k8s.io/v1.
    private static readonly (string Core, string New)[] Renamed =
    [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
    ];

    public JsonObject FromStorage(JsonObject stored) => Convert(stored, "events.k8s.io/v1", static pair => pair);

    public JsonObject ToStorage(JsonObject document) => Convert(document, "v1", static pair => (pair.New, pair.Core));

    private static JsonObject Convert(JsonObject document, string apiVersion, Func<(string Core, string New), (string From, string To)> direction)
    {
        document["apiVersion"] = apiVersion;
        foreach ((string Core, string New) pair in Renamed)
        {
            (string from, string to) = direction(pair);
            if (document.TryGetPropertyValue(from, out JsonNode? value))
            {
                document.Remove(from);
                document[to] = value;
            }
        }

        return document;
    }
}
