using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Services: ports, a cluster address of its own, and a type that stays sensible.</summary>
public sealed class ServiceStrategy : ResourceStrategy
{
    private readonly Lock _lock = new();
    private int _next = 9;

    public override bool AnswersDeletedObject => true;

    public override string? NameProblem(string name) => Names.LabelProblem(name);

    public override void PrepareForCreate(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        document["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        if (spec.Text("type") != "ExternalName" && string.IsNullOrEmpty(spec.Text("clusterIP")))
        {
            lock (_lock)
            {
                // Nothing routes these addresses; they only have to look like some and differ.
                _next++;
                spec["clusterIP"] = $"10.96.{_next / 250}.{_next % 250}";
            }
        }
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old, string subresource)
    {
        JsonObject spec = document.Ensure("spec");
        JsonObject? before = old.Child("spec");
        foreach (string name in (ReadOnlySpan<string>)["clusterIP", "clusterIPs"])
        {
            if (spec[name] is null && before?[name] is { } kept)
            {
                spec[name] = kept.DeepClone();
            }
        }
    }

    public override void ApplyDefaults(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        spec.Default("internalTrafficPolicy", "Cluster");
        foreach (JsonObject port in (spec.List("ports") ?? []).OfType<JsonObject>())
        {
            port.Default("protocol", "TCP");
            if (port["port"] is { } number)
            {
                port.Default("targetPort", number.DeepClone());
            }
        }

        if (spec.Text("clusterIP") is { Length: > 0 } address)
        {
            spec.Default("clusterIPs", new JsonArray(address));
            spec.Default("ipFamilies", new JsonArray("IPv4"));
            spec.Default("ipFamilyPolicy", "SingleStack");
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject? spec = document.Child("spec");
        if (spec.Text("type") is not ("ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
        {
            errors.NotSupported("spec.type", spec?["type"], "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        }

        JsonArray ports = spec.List("ports") ?? [];
        if (ports.Count == 0 && spec.Text("clusterIP") != "None" && spec.Text("type") != "ExternalName")
        {
            errors.Required("spec.ports");
        }

        for (int i = 0; i < ports.Count; i++)
        {
            var port = ports[i] as JsonObject;
            if (ports.Count > 1 && string.IsNullOrEmpty(port.Text("name")))
            {
                errors.Required($"spec.ports[{i}].name");
            }

            if (port.Number("port") is not (> 0 and < 65536))
            {
                errors.Invalid($"spec.ports[{i}].port", port?["port"], "must be between 1 and 65535, inclusive");
            }
        }

        if (old.Child("spec").Text("clusterIP") is { Length: > 0 } before && spec.Text("clusterIP") != before)
        {
            errors.Invalid("spec.clusterIPs[0]", new JsonArray(spec.Text("clusterIP")), "may not change once set");
        }
    }
}
