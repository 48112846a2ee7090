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
        document["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
    }

    /// <summary>The address is the server's to give; what a Service has from it belongs to nobody.</summary>
    public override void Admit(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        if (spec.Text("type") != "ExternalName" && string.IsNullOrEmpty(spec.Text("clusterIP")))
        {
            lock (_lock)
            {
                // Nothing routes these addresses; they only have to look like some and differ.
                _next++;
                spec["clusterIP"] = $"10.96.{_next / 250}.{_next % 250}";
            }
        }

        AddFamilies(spec);
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old, string subresource)
    {
        JsonObject spec = document.Ensure("spec");
        JsonObject? before = old.Child("spec");
        foreach (string name in (ReadOnlySpan<string>)["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
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

    }

    private static void AddFamilies(JsonObject spec)
    {
        if (spec.Text("clusterIP") is { Length: > 0 } address)
        {
            spec.Default("clusterIPs", new JsonArray(address));

            // Whoever writes the endpoints of a headless service without a selector may write both kinds, unless told to have one.
            bool isBoth = address == "None" && spec.Child("selector") is null or { Count: 0 } && spec.Text("ipFamilyPolicy") != "SingleStack";
            spec.Default("ipFamilies", isBoth ? new JsonArray("IPv4", "IPv6") : new JsonArray("IPv4"));
            spec.Default("ipFamilyPolicy", isBoth ? "RequireDualStack" : "SingleStack");
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (!isStatusWrite)
        {
            ServiceRules.Validate(document.Ensure("spec"), old.Child("spec"), errors);
        }
    }
}
