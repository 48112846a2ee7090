using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Ingresses are kept; nothing routes by them.</summary>
public sealed class IngressStrategy : ResourceStrategy
{
    private const string OldClass = "kubernetes.io/ingress.class";
    private static readonly string[] PathTypes = ["Exact", "ImplementationSpecific", "Prefix"];
    private static readonly string[] BadParts = ["//", "/./", "/../", "%2f", "%2F"];
    private static readonly string[] BadEnds = ["/..", "/."];

    public override void PrepareForCreate(JsonObject document) => document["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (isStatusWrite)
        {
            return;
        }

        JsonObject? spec = document.Child("spec");
        string? classByAnnotation = document.Child("metadata").Child("annotations").Text(OldClass);
        string? className = spec.Text("ingressClassName");
        if (old is null && classByAnnotation is not null && className is not null && classByAnnotation != className)
        {
            errors.Invalid($"annotations.{OldClass}", classByAnnotation, "must match `ingressClassName` when both are specified");
        }

        if (spec.List("rules") is not { Count: > 0 } && spec.Child("defaultBackend") is null)
        {
            errors.Invalid("spec", spec?["rules"], "either `defaultBackend` or `rules` must be specified");
        }

        if (spec.Child("defaultBackend") is { } backend)
        {
            Backend(backend, "spec.defaultBackend", errors);
        }

        foreach ((JsonObject rule, string at) in PodRules.Items(spec, "rules", "spec"))
        {
            Rule(rule, at, errors);
        }

        foreach ((JsonObject tls, string at) in PodRules.Items(spec, "tls", "spec"))
        {
            foreach ((int i, JsonNode? host) in (tls.List("hosts") ?? []).Index())
            {
                Host(host.AsText() ?? "", $"{at}.hosts[{i}]", errors);
            }

            if (tls.Text("secretName") is { Length: > 0 } secret)
            {
                PodRules.Report(Names.SubdomainProblems(secret), $"{at}.secretName", secret, errors);
            }
        }

        if (className is not null)
        {
            PodRules.Report(Names.SubdomainProblems(className), "spec.ingressClassName", className, errors);
        }
    }

    private static void Rule(JsonObject rule, string at, FieldErrors errors)
    {
        if (rule.Text("host") is { Length: > 0 } host)
        {
            if (CelNetwork.ParseAddress(host, out _) is not null)
            {
                errors.Invalid($"{at}.host", host, "must be a DNS name, not an IP address");
            }

            Host(host, $"{at}.host", errors);
        }

        if (rule.Child("http") is not { } http)
        {
            return;
        }

        if (http.List("paths") is not { Count: > 0 })
        {
            errors.Required($"{at}.http.paths");
        }

        foreach ((JsonObject path, string where) in PodRules.Items(http, "paths", $"{at}.http"))
        {
            Path(path, where, errors);
            Backend(path.Child("backend") ?? [], $"{where}.backend", errors);
        }
    }

    private static void Host(string host, string at, FieldErrors errors) =>
        PodRules.Report(host.Contains('*', StringComparison.Ordinal) ? Names.WildcardProblems(host) : Names.SubdomainProblems(host), at, host, errors);

    private static void Path(JsonObject path, string at, FieldErrors errors)
    {
        string text = path.Text("path") ?? "";
        switch (path.Text("pathType"))
        {
            case null:
                errors.Required($"{at}.pathType", "pathType must be specified");
                break;
            case "Exact" or "Prefix":
                if (!text.StartsWith('/'))
                {
                    errors.Invalid($"{at}.path", text, "must be an absolute path");
                }

                foreach (string part in BadParts.Where(part => text.Contains(part, StringComparison.Ordinal)))
                {
                    errors.Invalid($"{at}.path", text, $"must not contain '{part}'");
                }

                foreach (string end in BadEnds.Where(end => text.EndsWith(end, StringComparison.Ordinal)))
                {
                    errors.Invalid($"{at}.path", text, $"cannot end with '{end}'");
                }

                break;
            case "ImplementationSpecific":
                if (text.Length > 0 && text[0] != '/')
                {
                    errors.Invalid($"{at}.path", text, "must be an absolute path");
                }

                break;
            case { } other:
                errors.NotSupported($"{at}.pathType", other, PathTypes);
                break;
        }
    }

    private static void Backend(JsonObject backend, string at, FieldErrors errors)
    {
        JsonObject? service = backend.Child("service");
        JsonObject? resource = backend.Child("resource");
        switch (service, resource)
        {
            case (null, null):
                errors.Invalid(at, "", "resource or service backend is required");
                break;
            case (not null, not null):
                errors.Invalid(at, "", "cannot set both resource and service backends");
                break;
            case (not null, null):
                Service(service, at, errors);
                break;
            default:
                foreach (string name in (ReadOnlySpan<string>)["kind", "name"])
                {
                    if (string.IsNullOrEmpty(resource!.Text(name)))
                    {
                        errors.Required($"{at}.resource.{name}");
                    }
                }

                break;
        }
    }

    private static void Service(JsonObject service, string at, FieldErrors errors)
    {
        string name = service.Text("name") ?? "";
        if (name.Length == 0)
        {
            errors.Required($"{at}.service.name");
        }
        else
        {
            PodRules.Report(Names.LabelProblems(name), $"{at}.service.name", name, errors);
        }

        string portName = service.Child("port").Text("name") ?? "";
        long number = service.Child("port").Number("number") ?? 0;
        if (portName.Length > 0 && number != 0)
        {
            errors.Invalid(at, "", "cannot set both port name & port number");
        }
        else if (portName.Length > 0)
        {
            PodRules.Report(Names.PortNameProblems(portName), $"{at}.service.port.name", portName, errors);
        }
        else if (number != 0)
        {
            ContainerRules.Port(number, $"{at}.service.port.number", errors);
        }
        else
        {
            errors.Required(at, "port name or number is required");
        }
    }
}
