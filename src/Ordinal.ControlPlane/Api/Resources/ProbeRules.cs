using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a probe and a hook must be.</summary>
internal static class ProbeRules
{
    private static readonly string[] Handlers = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

    /// <summary>Checks a probe.</summary>
    public static void Validate(JsonObject probe, string path, bool mustSucceedOnce, FieldErrors errors)
    {
        Handler(probe, path, errors);
        foreach (string name in (ReadOnlySpan<string>)["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
        {
            if (probe.Number(name) is < 0)
            {
                errors.Invalid($"{path}.{name}", probe[name], "must be greater than or equal to 0");
            }
        }

        if (mustSucceedOnce && probe.Number("successThreshold") is not (null or 1))
        {
            errors.Invalid($"{path}.successThreshold", probe["successThreshold"], "must be 1");
        }
    }

    /// <summary>Checks that there is one handler, and what it must have.</summary>
    public static void Handler(JsonObject handler, string path, FieldErrors errors)
    {
        string? first = null;
        foreach (string name in Handlers)
        {
            if (handler.Child(name) is not { } found)
            {
                continue;
            }

            if (first is not null)
            {
                errors.Forbidden($"{path}.{name}", "may not specify more than 1 handler type");
                continue;
            }

            first = name;
            Check(name, found, $"{path}.{name}", errors);
        }

        if (first is null)
        {
            errors.Required(path, "must specify a handler type");
        }
    }

    private static void Check(string name, JsonObject handler, string path, FieldErrors errors)
    {
        switch (name)
        {
            case "exec" when handler.List("command") is not { Count: > 0 }:
                errors.Required($"{path}.command");
                break;
            case "httpGet":
                if (string.IsNullOrEmpty(handler.Text("path")))
                {
                    errors.Required($"{path}.path");
                }

                Port(handler["port"], $"{path}.port", errors);
                if (handler.Text("scheme") is { } scheme and not ("HTTP" or "HTTPS"))
                {
                    errors.NotSupported($"{path}.scheme", scheme, "HTTP", "HTTPS");
                }

                break;
            case "tcpSocket":
                Port(handler["port"], $"{path}.port", errors);
                break;
            case "grpc":
                ContainerRules.Port(handler["port"], $"{path}.port", errors);
                break;
        }
    }

    /// <summary>Checks a port that is a number or a name.</summary>
    public static void Port(JsonNode? port, string path, FieldErrors errors)
    {
        if (port.AsText() is { } name)
        {
            PodRules.Report(Names.PortNameProblems(name), path, name, errors);
        }
        else
        {
            ContainerRules.Port(port, path, errors);
        }
    }
}
