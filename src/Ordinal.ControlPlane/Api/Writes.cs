using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Patching;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers create, replace, patch and delete.</summary>
internal sealed class Writes(TimeProvider timeProvider, RevisionedStore store, ObjectWriter writer, Deleter deleter, Reader reader)
{
    public ApiAnswer Create(ResourceType type, RequestTarget target, ApiRequest request)
    {
        if (type.Namespaced && target.Namespace.Length == 0)
        {
            throw Refuse.MethodNotAllowed();
        }

        WriteContext context = ContextOf(type, request, "");
        JsonObject document = Bodies.ReadObject(request, type, context);
        StoredObject stored = writer.Create(type, target.Namespace, document, context);
        return reader.Answer(201, type, stored, request, context.Warnings);
    }

    public ApiAnswer Replace(ResourceType type, RequestTarget target, ApiRequest request)
    {
        CheckStatus(type, target);
        WriteContext context = ContextOf(type, request, target.Subresource);
        JsonObject document = Bodies.ReadObject(request, type, context);
        StoreKey key = KeyOf(type, target);
        if (type.CreatesOnUpdate && store.Find(key) is null)
        {
            document.Metadata()["name"] ??= target.Name;
            return reader.Answer(201, type, writer.Create(type, target.Namespace, document, context), request, context.Warnings);
        }

        StoredObject stored = writer.Update(type, key, _ => (JsonObject)document.DeepClone(), context);
        return reader.Answer(200, type, stored, request, context.Warnings);
    }

    /// <summary>Replaces a namespace's own finalizers; with the last one it goes.</summary>
    public ApiAnswer Finalize(ResourceType type, RequestTarget target, ApiRequest request)
    {
        WriteContext context = ContextOf(type, request, "finalize") with { WritesSpecAndStatus = true };
        JsonObject document = Bodies.ReadObject(request, type, context);
        StoredObject stored = writer.Update(
            type,
            KeyOf(type, target),
            current =>
            {
                current["spec"] = document["spec"]?.DeepClone();
                return current;
            },
            context);
        return reader.Answer(200, type, stored, request, context.Warnings);
    }

    public ApiAnswer Patch(ResourceType type, RequestTarget target, ApiRequest request)
    {
        CheckStatus(type, target);
        if (Bodies.MediaType(request) is "application/apply-patch+yaml" or "application/apply-patch+cbor")
        {
            return Apply(type, target, request);
        }

        WriteContext context = ContextOf(type, request, target.Subresource);
        StoreKey key = KeyOf(type, target);
        IDocumentPatch patch = Patches.Parse(request, type);
        StoredObject stored = writer.Update(
            type,
            key,
            current =>
            {
                if (type.Converter is null)
                {
                    return patch.Apply(current);
                }

                return type.Converter.ToStorage(patch.Apply(type.Converter.FromStorage(current)));
            },
            context);
        return reader.Answer(200, type, stored, request, context.Warnings);
    }

    private ApiAnswer Apply(ResourceType type, RequestTarget target, ApiRequest request)
    {
        if (request.Text("fieldManager") is null)
        {
            throw Refuse.Invalid("meta.k8s.io", "PatchOptions", "", [new FieldError("FieldValueRequired", "fieldManager", "Required value: is required for apply patch")]);
        }

        WriteContext context = ContextOf(type, request, target.Subresource) with { IsApply = true };
        JsonObject declared = Bodies.ReadApply(request, type, target);
        if (type.Converter is { } converter)
        {
            declared = converter.ToStorage(declared);
        }

        if (type.HasStatus)
        {
            // A manager owns only what this endpoint can write.
            foreach (string name in declared.Select(p => p.Key).Where(n => n is not ("apiVersion" or "kind" or "metadata")).ToArray())
            {
                if ((name == "status") != context.IsStatusWrite)
                {
                    declared.Remove(name);
                }
            }
        }

        StoreKey key = KeyOf(type, target);
        bool force = request.Flag("force");
        if (store.Find(key) is null)
        {
            if (target.Subresource.Length > 0)
            {
                throw Refuse.NotFound(type, target.Name);
            }

            JsonObject created = new ServerSideApply(type.Shape, declared, context, force).Apply(new JsonObject
            {
                ["apiVersion"] = type.StorageApiVersion, ["kind"] = type.Kind, ["metadata"] = new JsonObject(),
            });
            return reader.Answer(201, type, writer.Create(type, target.Namespace, created, context), request, context.Warnings);
        }

        var apply = new ServerSideApply(type.Shape, declared, context, force);
        return reader.Answer(200, type, writer.Update(type, key, apply.Apply, context), request, context.Warnings);
    }

    public ApiAnswer Delete(ResourceType type, RequestTarget target, ApiRequest request)
    {
        DeleteOptions options = DeleteOptions.Read(request);
        DeleteOutcome outcome = deleter.Delete(type, KeyOf(type, target), options, ContextOf(type, request, ""));
        if (!outcome.IsGone || type.Strategy.AnswersDeletedObject)
        {
            return reader.Answer(200, type, outcome.Last, request);
        }

        var details = new JsonObject { ["name"] = target.Name };
        if (type.Group.Length > 0)
        {
            details["group"] = type.Group;
        }

        details["kind"] = type.Plural;
        details["uid"] = outcome.Last.Parse().Metadata().Text("uid");
        return new ApiAnswer(200, JsonText.Write(new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        }));
    }

    public ApiAnswer DeleteCollection(ResourceType type, RequestTarget target, ApiRequest request)
    {
        if (type.Namespaced && target.Namespace.Length == 0)
        {
            // A real server has no collection deletes across namespaces.
            throw Refuse.MethodNotAllowed();
        }

        Selectors selectors = Selectors.Parse(type, request);
        DeleteOptions options = DeleteOptions.Read(request);
        WriteContext context = ContextOf(type, request, "");
        var deleted = new List<StoredObject>();
        foreach (StoredObject stored in store.Snapshot(type.StorageName, target.Namespace).Objects())
        {
            if (!selectors.Matches(stored))
            {
                continue;
            }

            try
            {
                deleted.Add(deleter.Delete(type, stored.Key, options, context).Last);
            }
            catch (ApiRefusalException refusal) when (refusal.Code == 404)
            {
                // Somebody else deleted it between the list and now: that is what the caller wanted.
            }
        }

        var metadata = new JsonObject { ["resourceVersion"] = store.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        return new ApiAnswer(200, Representations.List(
            type.ListKind, type.ApiVersion, metadata, deleted.Select(s => Representations.InVersion(type, s))));
    }

    /// <summary>Builds the context of a write from the request's parameters.</summary>
    /// <exception cref="ApiRefusalException">A parameter is not valid.</exception>
    public WriteContext ContextOf(ResourceType type, ApiRequest request, string subresource)
    {
        if (request.Text("dryRun") is { } dryRun && dryRun != "All")
        {
            throw Refuse.Invalid("meta.k8s.io", "CreateOptions", "", [new FieldError("FieldValueNotSupported", "dryRun", $"Unsupported value: [\"{dryRun}\"]: supported values: \"All\"")]);
        }

        string validation = request.Text("fieldValidation") ?? "Warn";
        if (validation is not ("Strict" or "Warn" or "Ignore"))
        {
            throw Refuse.Invalid("meta.k8s.io", "CreateOptions", "", [new FieldError("FieldValueNotSupported", "fieldValidation", $"Unsupported value: \"{validation}\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"")]);
        }

        return new WriteContext(ManagerOf(request), timeProvider.GetUtcNow())
        {
            Subresource = subresource,
            User = request.Call.User,
            Verb = RequestAttributes.Of(request).Verb,
            ApiVersion = type.ApiVersion,
            IsDryRun = request.IsDryRun,
            FieldValidation = validation,
        };
    }

    private static string ManagerOf(ApiRequest request)
    {
        if (request.Text("fieldManager") is { } manager)
        {
            return manager;
        }

        string agent = request.Call.UserAgent ?? "";
        int slash = agent.IndexOf('/');
        string name = slash < 0 ? agent : agent[..slash];
        return name.Length == 0 ? "unknown" : name.Length > 128 ? name[..128] : name;
    }

    private static void CheckStatus(ResourceType type, RequestTarget target)
    {
        if (target.Subresource == "status" && !type.HasStatus)
        {
            throw Refuse.NoSuchResource();
        }
    }

    private static StoreKey KeyOf(ResourceType type, RequestTarget target) => new(type.StorageName, target.Namespace, target.Name);
}
