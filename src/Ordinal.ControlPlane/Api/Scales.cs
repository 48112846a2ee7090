using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Patching;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers the scale subresource as an <c>autoscaling/v1</c> Scale.</summary>
internal sealed class Scales(RevisionedStore store, ObjectWriter writer, Writes writes)
{
    /// <summary>Reads the scale of an object.</summary>
    public ApiAnswer Get(ResourceType type, RequestTarget target)
    {
        StoredObject stored = store.Find(KeyOf(type, target)) ?? throw Refuse.NotFound(type, target.Name);
        return new ApiAnswer(200, JsonText.Write(ToScale(type, stored.Parse())));
    }

    /// <summary>Replaces or patches the scale of an object.</summary>
    public ApiAnswer Write(ResourceType type, RequestTarget target, ApiRequest request)
    {
        WriteContext context = writes.ContextOf(type, request, "scale");
        bool isPatch = request.Call.Method == "PATCH";
        IDocumentPatch? patch = isPatch ? ParsePatch(request) : null;
        JsonObject? replacement = isPatch ? null : Bodies.Parse(request);
        StoredObject written = writer.Update(
            type,
            KeyOf(type, target),
            current =>
            {
                JsonObject before = ToScale(type, current);
                JsonObject scale = patch?.Apply((JsonObject)before.DeepClone()) ?? (JsonObject)replacement!.DeepClone();
                Check(target.Name, before, scale);
                Set(current, type.Scale!.SpecReplicas, scale.Child("spec").Number("replicas") ?? 0);
                return current;
            },
            context);
        return new ApiAnswer(200, JsonText.Write(ToScale(type, written.Parse())));
    }

    private static IDocumentPatch ParsePatch(ApiRequest request)
    {
        try
        {
            return Bodies.MediaType(request) switch
            {
                "application/json-patch+json" => JsonPatch.Parse(request.Call.Body.Span),
                "application/merge-patch+json" or "application/strategic-merge-patch+json" => new MergePatch(JsonText.ParseObject(request.Call.Body.Span)),
                _ => throw Refuse.UnsupportedMediaType("application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json"),
            };
        }
        catch (JsonException e)
        {
            throw Refuse.BadRequest($"error decoding patch: {Bodies.Shorten(e.Message)}");
        }
    }

    private static void Check(string name, JsonObject before, JsonObject scale)
    {
        string? version = scale.Child("metadata").Text("resourceVersion");
        if (!string.IsNullOrEmpty(version) && version != before.Metadata().Text("resourceVersion"))
        {
            throw new ApiRefusalException(
                409,
                "Conflict",
                $"Operation cannot be fulfilled on scales.autoscaling \"{name}\": the object has been modified; please apply your changes to the latest version and try again")
            {
                Name = name, Group = "autoscaling", Kind = "scales",
            };
        }

        long replicas = scale.Child("spec").Number("replicas") ?? 0;
        if (replicas < 0)
        {
            var errors = new FieldErrors();
            errors.Invalid("spec.replicas", JsonValue.Create(replicas), "must be greater than or equal to 0");
            throw Refuse.Invalid("autoscaling", "Scale", name, errors.Found);
        }
    }

    private static JsonObject ToScale(ResourceType type, JsonObject document)
    {
        JsonObject source = document.Metadata();
        var metadata = new JsonObject();
        foreach (string field in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (source[field] is { } value)
            {
                metadata[field] = value.DeepClone();
            }
        }

        ScalePaths paths = type.Scale!;
        var spec = new JsonObject();
        if (Find(document, paths.SpecReplicas).AsNumber() is { } wished)
        {
            spec["replicas"] = wished;
        }

        var status = new JsonObject { ["replicas"] = Find(document, paths.StatusReplicas).AsNumber() ?? 0 };
        string? selector = paths.Selector is null ? null : Find(document, paths.Selector) switch
        {
            JsonObject labels => LabelSelector.FromDocument(labels)?.ToString(),
            { } text => text.AsText(),
            null => null,
        };
        if (!string.IsNullOrEmpty(selector))
        {
            status["selector"] = selector;
        }

        return new JsonObject { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    private static JsonNode? Find(JsonObject document, string path)
    {
        JsonNode? node = document;
        foreach (string step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            node = (node as JsonObject)?[step];
        }

        return node;
    }

    private static void Set(JsonObject document, string path, long value)
    {
        string[] steps = path.Split('.', StringSplitOptions.RemoveEmptyEntries);
        JsonObject parent = document;
        foreach (string step in steps.AsSpan(..^1))
        {
            parent = parent.Ensure(step);
        }

        parent[steps[^1]] = value;
    }

    private static StoreKey KeyOf(ResourceType type, RequestTarget target) => new(type.StorageName, target.Namespace, target.Name);
}
