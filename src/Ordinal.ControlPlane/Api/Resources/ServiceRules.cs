using System.Net;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a Service must be.</summary>
internal static class ServiceRules
{
    private const string NoAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    private static readonly string[] Types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    private static readonly string[] Protocols = ["SCTP", "TCP", "UDP"];

    /// <summary>Checks a spec.</summary>
    public static void Validate(JsonObject spec, JsonObject? old, FieldErrors errors)
    {
        string type = spec.Text("type") ?? "";
        if (old.Text("clusterIP") is { Length: > 0 } before && type != "ExternalName" && spec.Text("clusterIP") != before)
        {
            errors.Invalid("spec.clusterIPs[0]", new JsonArray(spec.Text("clusterIP")), "may not change once set");
        }

        JsonArray ports = spec.List("ports") ?? [];
        if (ports.Count == 0 && spec.Text("clusterIP") != "None" && type != "ExternalName")
        {
            errors.Required("spec.ports");
        }

        if (type == "ExternalName" && string.IsNullOrEmpty(spec.Text("externalName")))
        {
            errors.Required("spec.externalName");
        }

        Ports(spec, ports, type, errors);
        MetadataRules.Labels(spec.Child("selector"), "spec.selector", errors);
        OneOf(spec, "sessionAffinity", errors, "ClientIP", "None");
        if (!Types.Contains(type))
        {
            errors.NotSupported("spec.type", spec["type"] ?? "", Types);
        }

        Addresses(spec, type, errors);
        OneOf(spec, "internalTrafficPolicy", errors, "Cluster", "Local");
    }

    private static void OneOf(JsonObject spec, string field, FieldErrors errors, params string[] supported)
    {
        if (spec.Text(field) is { } value && !supported.Contains(value))
        {
            errors.NotSupported($"spec.{field}", value, supported);
        }
    }

    private static void Ports(JsonObject spec, JsonArray ports, string type, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<(string, long)>();
        foreach ((JsonObject port, string at) in PodRules.Items(spec, "ports", "spec"))
        {
            string name = port.Text("name") ?? "";
            if (name.Length == 0 && ports.Count > 1)
            {
                errors.Required($"{at}.name");
            }
            else if (name.Length > 0)
            {
                PodRules.Report(Names.LabelProblems(name), $"{at}.name", name, errors);
                if (!names.Add(name))
                {
                    errors.Duplicate($"{at}.name", name);
                }
            }

            ContainerRules.Port(port["port"], $"{at}.port", errors);
            string protocol = port.Text("protocol") ?? "TCP";
            if (!Protocols.Contains(protocol))
            {
                errors.NotSupported($"{at}.protocol", protocol, Protocols);
            }

            ProbeRules.Port(port["targetPort"], $"{at}.targetPort", errors);
            long number = port.Number("port") ?? 0;
            if (!numbers.Add((protocol, number)) && number > 0)
            {
                string shown = $"{{\"Name\":\"\",\"Protocol\":{JsonText.WriteString(protocol)},\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}";
                errors.DuplicateShown(at, shown);
            }

            if (type == "ClusterIP" && port.Number("nodePort") is not (null or 0))
            {
                errors.Forbidden($"{at}.nodePort", "may not be used when `type` is 'ClusterIP'");
            }
        }
    }

    private static void Addresses(JsonObject spec, string type, FieldErrors errors)
    {
        string? address = spec.Text("clusterIP");
        if (address == "None" && type is "NodePort" or "LoadBalancer")
        {
            errors.Invalid("spec.clusterIPs[0]", "None", $"may not be set to 'None' for {type} services");
        }
        else if (address is { Length: > 0 } and not "None" && !IPAddress.TryParse(address, out _))
        {
            errors.Invalid("spec.clusterIPs[0]", address, NoAddress);
        }

        int index = 0;
        foreach (JsonNode? family in spec.List("ipFamilies") ?? [])
        {
            if (family.AsText() is not ("IPv4" or "IPv6"))
            {
                errors.NotSupported($"spec.ipFamilies[{index}]", family, "IPv4", "IPv6");
            }

            index++;
        }

        index = 0;
        foreach (JsonNode? external in spec.List("externalIPs") ?? [])
        {
            if (!IPAddress.TryParse(external.AsText(), out _))
            {
                errors.Invalid($"spec.externalIPs[{index}]", external, NoAddress);
            }

            index++;
        }
    }
}
