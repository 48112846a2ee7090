using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The columns of services, and how endpoints are written.</summary>
internal static class ServiceColumns
{
    public static TableColumns Columns { get; } = BuiltInColumns.Make(
        [
            new("Name", Format: "name"), new("Type"), new("Cluster-IP"), new("External-IP"), new("Port(s)"), new("Age"), new("Selector", Priority: 1),
        ],
        static (service, now) =>
        {
            JsonObject? spec = service.Child("spec");
            return
            [
                CellText.Name(service), spec.Text("type"), spec.Text("clusterIP") is { Length: > 0 } address ? address : "<none>",
                External(spec), Ports(spec), CellText.Age(service, now), Selector(spec),
            ];
        });

    /// <summary>Writes the first addresses of endpoints, as kubectl shows them.</summary>
    public static string Endpoints(JsonObject endpoints)
    {
        const int MostShown = 3;
        var all = new List<string>();
        foreach (JsonObject subset in (endpoints.List("subsets") ?? []).OfType<JsonObject>())
        {
            JsonArray ports = subset.List("ports") ?? [];
            foreach (JsonObject address in (subset.List("addresses") ?? []).OfType<JsonObject>())
            {
                string ip = address.Text("ip") ?? "";
                all.AddRange(ports.Count == 0 ? [ip] : ports.Select(p => string.Create(CultureInfo.InvariantCulture, $"{ip}:{(p as JsonObject).Number("port")}")));
            }
        }

        string shown = string.Join(',', all.Take(MostShown));
        return all.Count == 0 ? "<none>" : all.Count > MostShown ? $"{shown} + {all.Count - MostShown} more..." : shown;
    }

    private static string External(JsonObject? spec) => spec.Text("type") switch
    {
        "ExternalName" => spec.Text("externalName") ?? "",
        "LoadBalancer" => "<pending>",
        _ => spec.List("externalIPs") is { Count: > 0 } addresses ? string.Join(',', addresses.Select(a => a.AsText())) : "<none>",
    };

    private static string Ports(JsonObject? spec)
    {
        string[] ports =
        [
            .. (spec.List("ports") ?? []).OfType<JsonObject>().Select(p => p.Number("nodePort") is > 0 and var node
                ? string.Create(CultureInfo.InvariantCulture, $"{p.Number("port")}:{node}/{p.Text("protocol")}")
                : string.Create(CultureInfo.InvariantCulture, $"{p.Number("port")}/{p.Text("protocol")}")),
        ];
        return ports.Length == 0 ? "<none>" : string.Join(',', ports);
    }

    private static string Selector(JsonObject? spec) => spec.Child("selector") is { Count: > 0 } selector
        ? string.Join(',', selector.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value.AsShown()}"))
        : "<none>";

    /// <summary>Shows the ports of an EndpointSlice: three, and how many more.</summary>
    public static string SlicePorts(JsonObject slice) => Some(
        [.. (slice.List("ports") ?? []).OfType<JsonObject>().Select(port => port.Number("port") is { } number ? number.ToString(CultureInfo.InvariantCulture) : port.Text("name") ?? "*")]);

    /// <summary>Shows the addresses of an EndpointSlice: three, and how many more.</summary>
    public static string SliceAddresses(JsonObject slice) =>
        Some([.. (slice.List("endpoints") ?? []).OfType<JsonObject>().SelectMany(endpoint => endpoint.List("addresses") ?? []).Select(address => address.AsText() ?? "")]);

    private static string Some(string[] all) => all.Length switch
    {
        0 => "<unset>",
        <= 3 => string.Join(',', all),
        _ => string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', all[..3])} + {all.Length - 3} more..."),
    };
}
