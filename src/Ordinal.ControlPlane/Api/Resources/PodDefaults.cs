using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The defaults of a pod's spec, in pods and in templates.</summary>
internal static class PodDefaults
{
    /// <summary>Fills in the defaults of a pod spec.</summary>
    public static void Apply(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30L);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("securityContext", new JsonObject());
        spec.Default("schedulerName", "default-scheduler");
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            spec.Default("serviceAccount", account);
        }

        foreach (string list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            foreach (JsonObject container in (spec.List(list) ?? []).OfType<JsonObject>())
            {
                Container(container);
            }
        }

        foreach (JsonObject volume in (spec.List("volumes") ?? []).OfType<JsonObject>())
        {
            Volume(volume);
        }
    }

    private static void Container(JsonObject container)
    {
        container.Default("resources", new JsonObject());
        container.Default("terminationMessagePath", "/dev/termination-log");
        container.Default("terminationMessagePolicy", "File");
        container.Default("imagePullPolicy", PullPolicy(container.Text("image") ?? ""));
        foreach (JsonObject port in (container.List("ports") ?? []).OfType<JsonObject>())
        {
            port.Default("protocol", "TCP");
        }

        foreach (JsonObject variable in (container.List("env") ?? []).OfType<JsonObject>())
        {
            variable.Child("valueFrom").Child("fieldRef")?.Default("apiVersion", "v1");
        }

        JsonObject? resources = container.Child("resources");
        if (resources.Child("limits") is { Count: > 0 } limits)
        {
            JsonObject requests = resources!.Ensure("requests");
            foreach ((string name, JsonNode? value) in limits)
            {
                if (requests[name] is null && value is not null)
                {
                    requests[name] = value.DeepClone();
                }
            }
        }

        foreach (string probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.Child(probe) is { } found)
            {
                Probe(found);
            }
        }

        foreach (string hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            HttpGet(container.Child("lifecycle").Child(hook));
        }
    }

    private static void Probe(JsonObject probe)
    {
        HttpGet(probe);
        probe.Child("grpc")?.Default("service", "");
        probe.Default("timeoutSeconds", 1L);
        probe.Default("periodSeconds", 10L);
        probe.Default("successThreshold", 1L);
        probe.Default("failureThreshold", 3L);
    }

    private static void HttpGet(JsonObject? handler)
    {
        if (handler.Child("httpGet") is { } get)
        {
            get.Default("path", "/");
            get.Default("scheme", "HTTP");
        }
    }

    private static void Volume(JsonObject volume)
    {
        const long ReadableByAll = 420; // 0644
        if (volume.Count == 1)
        {
            volume["emptyDir"] = new JsonObject();
        }

        volume.Child("hostPath")?.Default("type", "");
        foreach (string source in (ReadOnlySpan<string>)["secret", "configMap", "downwardAPI", "projected"])
        {
            volume.Child(source)?.Default("defaultMode", ReadableByAll);
        }

        foreach (JsonObject item in (volume.Child("downwardAPI").List("items") ?? []).OfType<JsonObject>())
        {
            item.Child("fieldRef")?.Default("apiVersion", "v1");
        }
    }

    /// <summary>An image without a tag, or with the tag <c>latest</c>, is pulled always.</summary>
    private static string PullPolicy(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return "IfNotPresent";
        }

        string last = image[(image.LastIndexOf('/') + 1)..];
        int colon = last.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || last[(colon + 1)..] == "latest" ? "Always" : "IfNotPresent";
    }
}
