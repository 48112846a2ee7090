using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers <c>pods/binding</c>: puts a pod on a node, once.</summary>
internal sealed class Bindings(ObjectWriter writer, Writes writes)
{
    /// <summary>Binds a pod.</summary>
    /// <exception cref="ApiRefusalException">The pod is not there, is being deleted or has a node.</exception>
    public ApiAnswer Create(ResourceType pods, RequestTarget target, ApiRequest request)
    {
        JsonObject body = Bodies.Parse(request);
        if (body.Child("target").Text("name") is not { Length: > 0 } node)
        {
            var errors = new FieldErrors();
            errors.Required("target.name");
            throw Refuse.Invalid("", "Binding", target.Name, errors.Found);
        }

        WriteContext context = writes.ContextOf(pods, request, "binding") with { WritesSpecAndStatus = true };
        writer.Update(
            pods,
            new StoreKey(pods.StorageName, target.Namespace, target.Name),
            pod =>
            {
                if (pod.Metadata().Text("deletionTimestamp") is not null)
                {
                    throw Refuse.Conflict(pods, target.Name, $"pod {target.Name} is being deleted, cannot be assigned to a host");
                }

                if (pod.Child("spec").Text("nodeName") is { Length: > 0 } bound)
                {
                    throw Refuse.Conflict(pods, target.Name, $"pod {target.Name} is already assigned to node \"{bound}\"");
                }

                pod.Ensure("spec")["nodeName"] = node;
                SetScheduled(pod, context.Now);
                return pod;
            },
            context);
        return new ApiAnswer(201, JsonText.Write(new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201L,
        }));
    }

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
