using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Network policies are kept with their defaults; nothing enforces them, as in a cluster whose network has no support for them.</summary>
public sealed class NetworkPolicyStrategy : ResourceStrategy
{
    private const string NoBlock = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    private static readonly string[] Protocols = ["TCP", "UDP", "SCTP"];
    private static readonly string[] Types = ["Ingress", "Egress"];

    public override void ApplyDefaults(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        spec.Ensure("podSelector");
        foreach ((JsonObject rule, _) in PodRules.Items(spec, "ingress", "").Concat(PodRules.Items(spec, "egress", "")))
        {
            foreach ((JsonObject port, _) in PodRules.Items(rule, "ports", ""))
            {
                port.Default("protocol", "TCP");
            }
        }

        if (spec.List("policyTypes") is not { Count: > 0 })
        {
            spec["policyTypes"] = spec.List("egress") is { Count: > 0 } ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject? spec = document.Child("spec");
        if (spec.Child("podSelector") is { } selector)
        {
            SelectorRules.Validate(selector, "spec.podSelector", errors);
        }

        Rules(spec, "ingress", "from", errors);
        Rules(spec, "egress", "to", errors);
        JsonArray types = spec.List("policyTypes") ?? [];
        if (types.Count > Types.Length)
        {
            errors.Invalid("spec.policyTypes", types, "may not specify more than two policyTypes");
            return;
        }

        foreach ((int i, JsonNode? type) in types.Index())
        {
            if (!Types.Contains(type.AsText()))
            {
                errors.NotSupported($"spec.policyTypes[{i}]", type, Types);
            }
        }
    }

    private static void Rules(JsonObject? spec, string direction, string peers, FieldErrors errors)
    {
        foreach ((JsonObject rule, string at) in PodRules.Items(spec, direction, "spec"))
        {
            foreach ((JsonObject port, string where) in PodRules.Items(rule, "ports", at))
            {
                Port(port, where, errors);
            }

            foreach ((JsonObject peer, string where) in PodRules.Items(rule, peers, at))
            {
                Peer(peer, where, errors);
            }
        }
    }

    private static void Port(JsonObject port, string at, FieldErrors errors)
    {
        if (port["protocol"] is { } protocol && !Protocols.Contains(protocol.AsText()))
        {
            errors.NotSupported($"{at}.protocol", protocol, Protocols);
        }

        JsonNode? end = port["endPort"];
        if (port["port"] is not { } first)
        {
            if (end is not null)
            {
                errors.Invalid($"{at}.endPort", end, "may not be specified when `port` is not specified");
            }
        }
        else if (first.AsText() is { } name)
        {
            if (end is not null)
            {
                errors.Invalid($"{at}.endPort", end, "may not be specified when `port` is non-numeric");
            }

            PodRules.Report(Names.PortNameProblems(name), $"{at}.port", name, errors);
        }
        else
        {
            ContainerRules.Port(first, $"{at}.port", errors);
            if (end is not null)
            {
                if (end.AsNumber() < first.AsNumber())
                {
                    // The first port is what a real server shows.
                    errors.Invalid($"{at}.endPort", first, "must be greater than or equal to `port`");
                }

                ContainerRules.Port(end, $"{at}.endPort", errors);
            }
        }
    }

    private static void Peer(JsonObject peer, string at, FieldErrors errors)
    {
        int selectors = 0;
        foreach (string name in (ReadOnlySpan<string>)["podSelector", "namespaceSelector"])
        {
            if (peer.Child(name) is { } selector)
            {
                selectors++;
                SelectorRules.Validate(selector, $"{at}.{name}", errors);
            }
        }

        if (peer.Child("ipBlock") is { } block)
        {
            Block(block, $"{at}.ipBlock", errors);
            if (selectors > 0)
            {
                errors.Forbidden(at, "may not specify both ipBlock and another peer");
            }
        }
        else if (selectors == 0)
        {
            errors.Required(at, "must specify a peer");
        }
    }

    private static void Block(JsonObject block, string at, FieldErrors errors)
    {
        string text = block.Text("cidr") ?? "";
        if (text.Length == 0)
        {
            errors.Required($"{at}.cidr");
            return;
        }

        if (Read(text, $"{at}.cidr", errors) is not { } whole)
        {
            return;
        }

        foreach ((int i, JsonNode? except) in (block.List("except") ?? []).Index())
        {
            string where = $"{at}.except[{i}]";
            if (Read(except.AsText() ?? "", where, errors) is { } part && !(whole.Contains(part) && part.Bits > whole.Bits))
            {
                errors.Invalid(where, except, "must be a strict subset of `cidr`");
            }
        }
    }

    private static CelCidr? Read(string text, string at, FieldErrors errors)
    {
        if (CelNetwork.ParseNetwork(text) is not { } network)
        {
            errors.Invalid(at, text, NoBlock);
            return null;
        }

        if (network != network.Masked)
        {
            errors.Invalid(at, text, "must not have bits set beyond the prefix length");
            return null;
        }

        return network;
    }
}
