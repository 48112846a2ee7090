using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers <c>pods/binding</c> and <c>bindings</c>: puts a pod on a node, once.</summary>
internal sealed class Bindings(ObjectWriter writer, Writes writes)
{
    /// <summary>Binds a pod.</summary>
    /// <exception cref="ApiRefusalException">The pod is not there, is being deleted or has a node.</exception>
    public ApiAnswer Create(ResourceType pods, RequestTarget target, ApiRequest request)
    {
        WriteContext context = writes.ContextOf(pods, request, "binding") with { WritesSpecAndStatus = true };
        JsonObject body = Bodies.ReadSmall(request, "", "Binding", "v1");
        JsonObject? metadata = body.Child("metadata");
        string name = metadata.Text("name") ?? "";
        if (target.Name.Length > 0 && name != target.Name)
        {
            throw Refuse.BadRequest("name in URL does not match name in Binding object");
        }

        Check(body, name, pods, target);
        var key = new StoreKey(pods.StorageName, target.Namespace, name);
        writer.Update(
            pods,
            key,
            pod =>
            {
                string uid = pod.Metadata().Text("uid") ?? "";
                if (metadata.Text("uid") is { Length: > 0 } wanted && wanted != uid)
                {
                    throw Refuse.WrongUid(pods, key, wanted, uid);
                }

                Bind(pod, name, body, context.Now);
                return pod;
            },
            context);
        return new ApiAnswer(201, JsonText.Write(new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201L,
        }));
    }

    private static void Check(JsonObject body, string name, ResourceType pods, RequestTarget target)
    {
        if (body.Child("metadata").Text("namespace") is { Length: > 0 } sent && sent != target.Namespace)
        {
            throw Refuse.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        // A real API server forgets to say that these are mistakes of the caller.
        string kind = body.Child("target").Text("kind") ?? "";
        if (kind is not ("" or "Node"))
        {
            throw Refuse.Plain($"target.kind: Unsupported value: {JsonText.WriteString(kind)}: supported values: \"Node\", \"<empty>\"");
        }

        if (string.IsNullOrEmpty(body.Child("target").Text("name")))
        {
            throw Refuse.Plain("target.name: Required value");
        }

        if (name.Length == 0)
        {
            throw Refuse.NotFound(pods, name);
        }
    }

    private static void Bind(JsonObject pod, string name, JsonObject body, DateTimeOffset now)
    {
        if (pod.Metadata().Text("deletionTimestamp") is not null)
        {
            throw Conflict(name, $"pod {name} is being deleted, cannot be assigned to a host");
        }

        if (pod.Child("spec").Text("nodeName") is { Length: > 0 } bound)
        {
            throw Conflict(name, $"pod {name} is already assigned to node \"{bound}\"");
        }

        if (pod.Child("spec").List("schedulingGates") is { Count: > 0 })
        {
            throw Conflict(name, $"pod {name} has non-empty .spec.schedulingGates");
        }

        pod.Ensure("spec")["nodeName"] = body.Child("target").Text("name");
        foreach ((string annotation, JsonNode? value) in body.Child("metadata").Child("annotations") ?? [])
        {
            pod.Metadata().Ensure("annotations")[annotation] = value?.DeepClone();
        }

        SetScheduled(pod, now);
    }

    private static ApiRefusalException Conflict(string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on pods/binding \"{name}\": {why}") { Name = name, Kind = "pods/binding" };

    private static void SetScheduled(JsonObject pod, DateTimeOffset now)
    {
        JsonObject status = pod.Ensure("status");
        if (status.List("conditions") is not { } conditions)
        {
            conditions = [];
            status["conditions"] = conditions;
        }

        conditions.Remove(conditions.FirstOrDefault(c => (c as JsonObject).Text("type") == "PodScheduled"));
        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "True",
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = JsonNodes.Timestamp(now),
        });
    }
}
