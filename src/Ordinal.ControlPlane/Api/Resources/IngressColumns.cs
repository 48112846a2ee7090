using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The columns of ingresses.</summary>
internal static class IngressColumns
{
    public static TableColumns Columns { get; } = BuiltInColumns.Make(
        [new("Name", Format: "name"), new("Class"), new("Hosts"), new("Address"), new("Ports"), new("Age")],
        static (o, now) =>
        [
            CellText.Name(o), o.Child("spec").Text("ingressClassName") ?? "<none>", Hosts(o.Child("spec").List("rules") ?? []), Address(o),
            o.Child("spec").List("tls") is { Count: > 0 } ? "80, 443" : "80", CellText.Age(o, now),
        ]);

    private static string Hosts(JsonArray rules)
    {
        const int MostShown = 3;
        var shown = new List<string>();
        foreach (JsonNode? rule in rules)
        {
            if (shown.Count == MostShown)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', shown)} + {rules.Count - MostShown} more...");
            }

            if ((rule as JsonObject).Text("host") is { Length: > 0 } host)
            {
                shown.Add(host);
            }
        }

        return shown.Count == 0 ? "*" : string.Join(',', shown);
    }

    private static string Address(JsonObject ingress) => string.Join(
        ',',
        (ingress.Child("status").Child("loadBalancer").List("ingress") ?? []).OfType<JsonObject>()
            .Select(point => point.Text("ip") is { Length: > 0 } ip ? ip : point.Text("hostname") ?? "").Where(text => text.Length > 0).Distinct().Order(StringComparer.Ordinal));
}
