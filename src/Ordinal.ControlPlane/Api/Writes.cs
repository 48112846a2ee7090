using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Admission;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Patching;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers create, replace, patch and delete.</summary>
internal sealed class Writes(TimeProvider timeProvider, RevisionedStore store, ObjectWriter writer, Deleter deleter, Reader reader, PolicyAdmission policies)
{
    public ApiAnswer Create(ResourceType type, RequestTarget target, ApiRequest request)
    {
        if (type.Namespaced && target.Namespace.Length == 0)
        {
            throw Refuse.MethodNotAllowed();
        }

        return Warning(ContextOf(type, request, ""), context =>
        {
            JsonObject document = Bodies.ReadObject(request, type, context);
            return reader.Answer(201, type, writer.Create(type, target.Namespace, document, context), request, context.Warnings);
        });
    }

    public ApiAnswer Replace(ResourceType type, RequestTarget target, ApiRequest request)
    {
        CheckStatus(type, target);
        return Warning(ContextOf(type, request, target.Subresource) with { IsReplace = true }, context =>
        {
            JsonObject document = Bodies.ReadObject(request, type, context);
            StoreKey key = KeyOf(type, target);
            if (type.CreatesOnUpdate && store.Find(key) is null)
            {
                document.Metadata()["name"] ??= target.Name;
                document.Metadata().Remove("resourceVersion");
                return reader.Answer(201, type, writer.Create(type, target.Namespace, document, context), request, context.Warnings);
            }

            StoredObject stored = writer.Replace(type, key, document, context);
            return reader.Answer(200, type, stored, request, context.Warnings);
        });
    }

    /// <summary>Replaces a namespace's own finalizers; with the last one it goes.</summary>
    public ApiAnswer Finalize(ResourceType type, RequestTarget target, ApiRequest request)
    {
        WriteContext context = ContextOf(type, request, "finalize") with { WritesSpecAndStatus = true };
        JsonObject document = Bodies.ReadObject(request, type, context);
        if (document.Child("metadata").Text("name") is { Length: > 0 } name && name != target.Name)
        {
            throw Refuse.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        }

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
        string mediaType = Bodies.MediaType(request);
        Patches.CheckType(mediaType, type);
        WriteContext writeContext = ContextOf(type, request, target.Subresource);
        if (mediaType == Patches.Apply)
        {
            return Warning(writeContext with { IsApply = true }, context => Apply(type, target, request, context));
        }

        return Warning(writeContext, context =>
        {
            StoreKey key = KeyOf(type, target);
            IDocumentPatch patch = Patches.Parse(request, type.Shape);
            StoredObject stored = writer.Update(
                type,
                key,
                (current, start) =>
                {
                    context.Warnings.Clear();
                    JsonObject patched = Patched(current);
                    DecodeWords words = patch.Words(() => Patched(start.Parse()));
                    CheckKind(type, patched, words);
                    patched = type.Converter?.ToStorage(patched) ?? patched;
                    FieldFilter.Prune(type, patched, context, words, patch.Duplicates);
                    return patched;
                },
                context);
            return reader.Answer(200, type, stored, request, context.Warnings);

            JsonObject Patched(JsonObject current) => patch.Apply(type.Converter?.FromStorage(current) ?? current);
        });
    }

    private ApiAnswer Apply(ResourceType type, RequestTarget target, ApiRequest request, WriteContext context)
    {
        JsonObject declared = Bodies.ReadApply(request, type, context);
        if (type.Converter is { } converter)
        {
            declared = converter.ToStorage(declared);
        }

        if (type.HasStatus)
        {
            // A manager owns only what this endpoint can write.
            foreach (string name in declared.Select(p => p.Key).Where(n => n is not ("apiVersion" or "kind" or "metadata")).ToArray())
            {
                if (name == "status" != context.IsStatusWrite)
                {
                    declared.Remove(name);
                }
            }
        }

        ApplyTypes.Check(type, declared);

        // What is there has its name; what is to be made must say its own.
        bool isNamed = declared.Metadata().Text("name") is { Length: > 0 };
        declared.Metadata()["name"] ??= target.Name;
        StoreKey key = KeyOf(type, target);
        bool force = request.Flag("force");
        var apply = new ServerSideApply(type.Shape, declared, context, force);
        if (store.Find(key) is not null)
        {
            return reader.Answer(200, type, writer.Update(type, key, live => Read(apply.Apply(live)), context), request, context.Warnings);
        }

        if (target.Subresource.Length > 0)
        {
            throw Refuse.NotFound(type, target.Name);
        }

        if (!isNamed)
        {
            throw Refuse.NoName(target.Name);
        }

        if (declared.Metadata().Text("uid") is { Length: > 0 } uid)
        {
            throw Refuse.Conflict(type, target.Name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        }

        JsonObject created = apply.Apply(new JsonObject { ["apiVersion"] = type.StorageApiVersion, ["kind"] = type.Kind, ["metadata"] = new JsonObject() });
        created.Metadata().Remove("resourceVersion");
        return reader.Answer(201, type, writer.Create(type, target.Namespace, Read(created), context), request, context.Warnings);

        // The schema of server-side apply has refused what is unknown; what is left is to read nulls and check values.
        JsonObject Read(JsonObject applied)
        {
            FieldFilter.Prune(type, applied, context, DecodeWords.OfBody(type));
            return applied;
        }
    }

    /// <summary>Carries out a write; its warnings go with the refusal too.</summary>
    private static ApiAnswer Warning(WriteContext context, Func<WriteContext, ApiAnswer> write)
    {
        try
        {
            return write(context);
        }
        catch (ApiRefusalException refusal)
        {
            throw refusal.Warning(context.Warnings);
        }
    }

    /// <summary>A patch may not make another kind of an object.</summary>
    private static void CheckKind(ResourceType type, JsonObject patched, DecodeWords words)
    {
        string kind = patched.Text("kind") ?? type.Kind;
        string apiVersion = patched.Text("apiVersion") ?? type.ApiVersion;
        if (kind == type.Kind && apiVersion == type.ApiVersion)
        {
            return;
        }

        if (type.Strategy is CustomResourceStrategy)
        {
            throw Refuse.BadRequest($"the kind or API version in the data ({apiVersion}, {kind}) does not match the expected one ({type.ApiVersion}, {type.Kind})");
        }

        string why = GoKinds.Mismatch(apiVersion, kind, type.Group, type.Kind).Message;
        throw words.Refusal(why[(why.IndexOf($"as a {type.Kind}: ", StringComparison.Ordinal) + $"as a {type.Kind}: ".Length)..]);
    }

    public ApiAnswer Delete(ResourceType type, RequestTarget target, ApiRequest request)
    {
        DeleteOptions options = DeleteOptions.Read(request);
        if (type.Strategy is NamespaceStrategy && target.Name is ("default" or "kube-system" or "kube-public"))
        {
            throw Refuse.Forbidden(type, target.Name, "this namespace may not be deleted");
        }

        return Warning(ContextOf(type, request, "") with { IsDryRun = options.IsDryRun }, context => Delete(type, target, request, options, context));
    }

    private ApiAnswer Delete(ResourceType type, RequestTarget target, ApiRequest request, DeleteOptions options, WriteContext context)
    {
        DeleteOutcome outcome = deleter.Delete(type, KeyOf(type, target), options, context, document => policies.Check(new AdmissionAttributes("DELETE", type, null, document, context)));
        if (!outcome.IsGone || type.Strategy.AnswersDeletedObject)
        {
            return reader.Answer(200, type, outcome.Last, request, context.Warnings);
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
        }))
        {
            Warnings = context.Warnings,
        };
    }

    public ApiAnswer DeleteCollection(ResourceType type, RequestTarget target, ApiRequest request)
    {
        if ((type.Namespaced && target.Namespace.Length == 0) || type.Strategy is NamespaceStrategy)
        {
            // A real server has no collection deletes across namespaces, and none of namespaces.
            throw Refuse.MethodNotAllowed();
        }

        Selectors selectors = Selectors.Parse(type, request);
        DeleteOptions options = DeleteOptions.Read(request);
        WriteContext context = ContextOf(type, request, "") with { IsDryRun = options.IsDryRun };
        int limit = (int)Math.Clamp(request.Number("limit") ?? 0, 0, int.MaxValue);
        var deleted = new List<StoredObject>();
        (StoreSnapshot snapshot, StoreKey? after) = reader.ChooseSnapshot(type, target, request);
        StoreKey? last = null;
        bool isPage = false;
        foreach (StoredObject stored in snapshot.Objects(after))
        {
            if (!selectors.Matches(stored))
            {
                continue;
            }

            if (limit > 0 && deleted.Count == limit)
            {
                isPage = true;
                break;
            }

            last = stored.Key;
            try
            {
                deleted.Add(deleter.Delete(type, stored.Key, options, context, document => policies.Check(new AdmissionAttributes("DELETE", type, null, document, context))).Last);
            }
            catch (ApiRefusalException refusal) when (refusal.Code == 404)
            {
                // Somebody else deleted it between the list and now: that is what the caller wanted.
            }
        }

        var metadata = new JsonObject { ["resourceVersion"] = store.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        if (isPage && last is { } end)
        {
            store.Keep(snapshot);
            metadata["continue"] = ContinueToken.Write(snapshot.Revision, end);
        }

        return new ApiAnswer(200, Representations.List(
            type.ListKind, type.ApiVersion, metadata, deleted.Select(s => Representations.InVersion(type, s))));
    }

    /// <summary>Builds the context of a write from the request's parameters.</summary>
    /// <exception cref="ApiRefusalException">A parameter is not valid.</exception>
    public WriteContext ContextOf(ResourceType type, ApiRequest request, string subresource)
    {
        WriteOptions.Check(request);
        return new WriteContext(ManagerOf(request), timeProvider.GetUtcNow())
        {
            Subresource = subresource,
            User = request.Call.User,
            Verb = RequestAttributes.Of(request).Verb,
            ApiVersion = type.ApiVersion,
            IsDryRun = request.IsDryRun,
            FieldValidation = request.Text("fieldValidation") ?? "Warn",
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
