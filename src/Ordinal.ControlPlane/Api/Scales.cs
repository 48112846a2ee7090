using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Patching;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers the scale subresource as an <c>autoscaling/v1</c> Scale.</summary>
internal sealed class Scales(RevisionedStore store, ObjectWriter writer, Writes writes)
{
    private const string ApiVersion = "autoscaling/v1";
    private static readonly ResourceType Kind = new("autoscaling", "v1", "scales", "Scale", true) { Shape = BuiltInShapes.Of("Scale") };

    /// <summary>Reads the scale of an object.</summary>
    public ApiAnswer Get(ResourceType type, RequestTarget target)
    {
        StoredObject stored = store.Find(KeyOf(type, target)) ?? throw Refuse.NotFound(type, target.Name);
        return new ApiAnswer(200, JsonText.Write(ToScale(type, stored.Parse())));
    }

    /// <summary>Replaces or patches the scale of an object.</summary>
    public ApiAnswer Write(ResourceType type, RequestTarget target, ApiRequest request)
    {
        string mediaType = Bodies.MediaType(request);
        if (request.Call.Method == "PUT")
        {
            WriteContext replace = writes.ContextOf(type, request, "scale") with { IsReplace = true };
            JsonObject document = Bodies.ReadSmall(request, "autoscaling", "Scale", ApiVersion);
            FieldFilter.Prune(Kind, document, replace, DecodeWords.OfBody(Kind));
            return Answer(type, writer.Update(type, KeyOf(type, target), current => WithScale(type, target, current, document, replace), replace));
        }

        Patches.CheckType(mediaType, type);
        WriteContext context = writes.ContextOf(type, request, "scale");
        if (mediaType == Patches.Apply)
        {
            return Apply(type, target, request, context with { IsApply = true });
        }

        IDocumentPatch patch = Patches.Parse(request, Kind.Shape);
        StoredObject written = writer.Update(
            type,
            KeyOf(type, target),
            (current, start) =>
            {
                context.Warnings.Clear();
                JsonObject scale = patch.Apply(ToScale(type, current));
                FieldFilter.Prune(Kind, scale, context, patch.Words(() => patch.Apply(ToScale(type, start.Parse()))), patch.Duplicates);
                return WithScale(type, target, current, scale, context);
            },
            context);
        return Answer(type, written) with { Warnings = context.Warnings };
    }

    /// <summary>Applies the size: the manager owns the field of the object that carries it.</summary>
    private ApiAnswer Apply(ResourceType type, RequestTarget target, ApiRequest request, WriteContext context)
    {
        JsonObject scale = Bodies.ReadApply(request, ApiVersion, "Scale", context);
        ApplyTypes.Check(Kind, scale);
        var declared = new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = scale["metadata"]?.DeepClone() };
        if (scale.Child("spec").Number("replicas") is { } replicas)
        {
            CheckReplicas(target.Name, replicas);
            Set(declared, type.Scale!.SpecReplicas, replicas);
        }

        var apply = new ServerSideApply(type.Shape, declared, context, request.Flag("force"));
        return Answer(type, writer.Update(type, KeyOf(type, target), apply.Apply, context));
    }

    private static ApiAnswer Answer(ResourceType type, StoredObject stored) => new(200, JsonText.Write(ToScale(type, stored.Parse())));

    private static JsonObject WithScale(ResourceType type, RequestTarget target, JsonObject current, JsonObject scale, WriteContext context)
    {
        JsonObject? metadata = scale.Child("metadata");
        if (metadata.Text("name") is { Length: > 0 } name && name != target.Name)
        {
            throw Refuse.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        }

        if (string.IsNullOrEmpty(metadata.Text("name")) && context.IsReplace)
        {
            throw Refuse.BadRequest($"the name of the object ({target.Name} based on URL) was undeterminable: name must be provided");
        }

        if (metadata.Text("namespace") is { Length: > 0 } sent && sent != target.Namespace)
        {
            throw Refuse.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        if (metadata.Text("resourceVersion") is { Length: > 0 } version)
        {
            // The object's own check compares it.
            current.Metadata()["resourceVersion"] = version;
        }

        long replicas = scale.Child("spec").Number("replicas") ?? 0;
        CheckReplicas(target.Name, replicas);
        Set(current, type.Scale!.SpecReplicas, replicas);
        return current;
    }

    private static void CheckReplicas(string name, long replicas)
    {
        if (replicas < 0)
        {
            var errors = new FieldErrors();
            errors.Invalid("spec.replicas", JsonValue.Create(replicas), "must be greater than or equal to 0");
            throw Refuse.Invalid("autoscaling", "Scale", name, errors.Found);
        }
    }

    /// <summary>Makes the Scale of an object.</summary>
    public static JsonObject ToScale(ResourceType type, JsonObject document)
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
        if (Find(document, paths.SpecReplicas).AsNumber() is { } wished and not 0)
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

        return new JsonObject { ["kind"] = "Scale", ["apiVersion"] = ApiVersion, ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
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
