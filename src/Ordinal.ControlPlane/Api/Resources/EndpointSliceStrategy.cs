using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>EndpointSlices: what their address type and their endpoints must be.</summary>
public sealed class EndpointSliceStrategy : ResourceStrategy
{
    private const int MostEndpoints = 1000;

    public override void ApplyDefaults(JsonObject document)
    {
        foreach (JsonObject port in (document.List("ports") ?? []).OfType<JsonObject>())
        {
            port.Default("name", "");
            port.Default("protocol", "TCP");
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        string type = document.Text("addressType") ?? "";
        if (type.Length == 0)
        {
            errors.Required("addressType");
        }
        else if (type is not ("FQDN" or "IPv4" or "IPv6"))
        {
            errors.NotSupported("addressType", type, "FQDN", "IPv4", "IPv6");
        }

        if (old is not null && old.Text("addressType") != type)
        {
            errors.Invalid("addressType", type, "field is immutable");
        }

        if (document.List("endpoints") is { Count: > MostEndpoints } many)
        {
            errors.TooMany("endpoints", many.Count, MostEndpoints);
        }

        int index = 0;
        foreach (JsonObject endpoint in (document.List("endpoints") ?? []).OfType<JsonObject>())
        {
            if (endpoint.List("addresses") is not { Count: > 0 })
            {
                errors.Required($"endpoints[{index}].addresses", "must contain at least 1 address");
            }

            index++;
        }
    }

    public override bool ChangesGeneration(JsonObject document, JsonObject old) =>
        !JsonNodes.Same(document["endpoints"], old["endpoints"]) || !JsonNodes.Same(document["ports"], old["ports"]);
}
