using System.Text.Json.Nodes;

namespace Ordinal.Simulation.Harness;

/// <summary>Builds StatefulSet documents for tests.</summary>
public sealed record StatefulSetDocument
{
    public string Name { get; init; } = "web";

    public int Replicas { get; init; } = 3;

    public string Image { get; init; } = "app:v1";

    public bool IsParallel { get; init; }

    /// <summary>Gets the updateStrategy as JSON.</summary>
    public string Strategy { get; init; } = """{"type":"RollingUpdate","rollingUpdate":{"partition":0}}""";

    public int MinReadySeconds { get; init; }

    public int? Start { get; init; }

    public int? HistoryLimit { get; init; }

    public bool HasClaims { get; init; }

    /// <summary>Gets the claim retention policy, when deleted and when scaled.</summary>
    public (string WhenDeleted, string WhenScaled)? Retention { get; init; }

    public Dictionary<string, string> PodAnnotations { get; init; } = [];

    /// <summary>Gets the document.</summary>
    public JsonObject Build()
    {
        JsonObject annotations = [];
        foreach ((string key, string value) in PodAnnotations)
        {
            annotations[key] = value;
        }

        JsonObject spec = new()
        {
            ["serviceName"] = Name,
            ["replicas"] = Replicas,
            ["podManagementPolicy"] = IsParallel ? "Parallel" : "OrderedReady",
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = Name } },
            ["updateStrategy"] = JsonNode.Parse(Strategy),
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = Name }, ["annotations"] = annotations },
                ["spec"] = new JsonObject
                {
                    ["terminationGracePeriodSeconds"] = 5,
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = Image }),
                },
            },
        };
        if (MinReadySeconds > 0)
        {
            spec["minReadySeconds"] = MinReadySeconds;
        }

        if (Start is { } start)
        {
            spec["ordinals"] = new JsonObject { ["start"] = start };
        }

        if (HistoryLimit is { } limit)
        {
            spec["revisionHistoryLimit"] = limit;
        }

        if (HasClaims)
        {
            spec["volumeClaimTemplates"] = new JsonArray(new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = "data" },
                ["spec"] = new JsonObject
                {
                    ["accessModes"] = new JsonArray("ReadWriteOnce"),
                    ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = "1Gi" } },
                },
            });
        }

        if (Retention is { } retention)
        {
            spec["persistentVolumeClaimRetentionPolicy"] = new JsonObject { ["whenDeleted"] = retention.WhenDeleted, ["whenScaled"] = retention.WhenScaled };
        }

        return new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "StatefulSet",
            ["metadata"] = new JsonObject { ["name"] = Name, ["labels"] = new JsonObject { ["app"] = Name } },
            ["spec"] = spec,
        };
    }

    /// <summary>Gets a merge patch that gives the template another image.</summary>
    public static string NewImage(string image) =>
        """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"IMAGE"}]}}}}""".Replace("IMAGE", image, StringComparison.Ordinal);
}
