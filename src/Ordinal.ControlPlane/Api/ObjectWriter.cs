using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Patching;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Creates and updates objects: metadata that the server owns, defaults, validation, optimistic locking, generation, managed
/// fields, finalizers. Everything that writes goes through here.
/// </summary>
internal sealed class ObjectWriter(RevisionedStore store, ObjectIdentity identity, Func<string, string, ResourceType?> findType)
{
    private static readonly string[] ServerOwned =
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "name", "namespace", "selfLink"];

    private readonly RecentDocuments _recent = new();

    /// <summary>Gets or sets what is told of every write: the resource, the key and whether the object is gone.</summary>
    public Action<ResourceType, StoreKey, bool>? Observer { get; set; }

    /// <summary>Gets or sets what is asked before a valid object is written: resource, new and old state, context. It may refuse.</summary>
    public Action<ResourceType, JsonObject, JsonObject?, WriteContext>? Admission { get; set; }

    /// <summary>Creates an object.</summary>
    /// <exception cref="ApiRefusalException">It exists, is invalid or its namespace does not let it in.</exception>
    public StoredObject Create(ResourceType type, string @namespace, JsonObject document, WriteContext context)
    {
        JsonObject metadata = document.Metadata();
        string? bodyNamespace = metadata.Text("namespace");
        if (type.Namespaced && !string.IsNullOrEmpty(bodyNamespace) && bodyNamespace != @namespace)
        {
            throw Refuse.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        long? sentVersion = metadata.Text("resourceVersion") is { } text && long.TryParse(text, CultureInfo.InvariantCulture, out long sent) ? sent : null;
        string? generateName = metadata.Text("generateName");
        string name = metadata.Text("name") ?? "";
        if (name.Length == 0 && !string.IsNullOrEmpty(generateName))
        {
            name = identity.NewName(generateName);
        }

        if (type.Namespaced)
        {
            CheckNamespace(type, @namespace, name);
        }

        var created = new JsonObject { ["name"] = name };
        Carry(metadata, created, "generateName");
        if (type.Namespaced)
        {
            created["namespace"] = @namespace;
        }

        created["uid"] = identity.NewUid();
        created["resourceVersion"] = "";
        if (type.TracksGeneration)
        {
            created["generation"] = 1L;
        }

        if (!type.TracksGeneration || metadata.Number("generation") is < 0)
        {
            // Where nobody counts, it is the maker's; where somebody does, a wrong one is still refused.
            Carry(metadata, created, "generation");
        }

        created["creationTimestamp"] = JsonNodes.Timestamp(context.Now);
        foreach (string kept in (ReadOnlySpan<string>)["labels", "annotations", "ownerReferences", "finalizers", "managedFields"])
        {
            Carry(metadata, created, kept);
        }

        MetadataRules.DropEmpty(created);
        document["metadata"] = created;
        if (type.HasStatus)
        {
            document.Remove("status");
        }

        PodPriority? priority = type.Strategy is PodStrategy ? PodPriority.Of(store, type, findType("scheduling.k8s.io", "priorityclasses")!, name, document) : null;
        type.Strategy.PrepareForCreate(document);
        type.Strategy.ApplyDefaults(document);
        var errors = new FieldErrors();
        MetadataRules.Validate(type, document, null, errors);
        type.Strategy.Validate(document, null, isStatusWrite: false, errors);
        Throw(type, name, errors);
        context.Warnings.AddRange(errors.Warnings);
        Admission?.Invoke(type, document, null, context);
        var key = new StoreKey(type.StorageName, @namespace, name);
        if (store.Find(key) is not null)
        {
            throw Refuse.AlreadyExists(type, name);
        }

        if (!context.IsApply)
        {
            ManagedFields.RecordWrite(type, null, document, context);
        }

        priority?.ApplyTo(document);
        type.Strategy.Admit(document);
        if (sentVersion is > 0 && !context.IsDryRun)
        {
            // The storage's own word, which a real API server passes on without a reason.
            throw Refuse.Plain("resourceVersion should not be set on objects to be created");
        }

        return Commit(type, key, null, document, context) ?? throw Refuse.AlreadyExists(type, name);
    }

    /// <summary>
    /// Updates an object. The change is computed on what is stored, and again when somebody else was faster, unless the new
    /// document names a resourceVersion.
    /// </summary>
    /// <param name="type">Resource.</param>
    /// <param name="key">Key of the object.</param>
    /// <param name="change">Computes the new state from a copy of the stored one; it may return that copy.</param>
    /// <param name="context">Who writes and how.</param>
    /// <exception cref="ApiRefusalException">The object is not there, has changed, or the new state is invalid.</exception>
    public StoredObject Update(ResourceType type, StoreKey key, Func<JsonObject, JsonObject> change, WriteContext context) =>
        Update(type, key, (current, _) => change(current), context);

    /// <summary>Updates an object as the other does; the change is also given the version that it starts from.</summary>
    /// <param name="type">Resource.</param>
    /// <param name="key">Key of the object.</param>
    /// <param name="change">Computes the new state from a copy of the stored one and from what is stored; it may return that copy.</param>
    /// <param name="context">Who writes and how.</param>
    /// <exception cref="ApiRefusalException">The object is not there, has changed, or the new state is invalid.</exception>
    public StoredObject Update(ResourceType type, StoreKey key, Func<JsonObject, StoredObject, JsonObject> change, WriteContext context) =>
        UpdateFrom(type, key, (old, stored) => change((JsonObject)old.DeepClone(), stored), context);

    private StoredObject UpdateFrom(ResourceType type, StoreKey key, Func<JsonObject, StoredObject, JsonObject> change, WriteContext context)
    {
        while (true)
        {
            StoredObject stored = store.Find(key) ?? throw Refuse.NotFound(type, key.Name);
            JsonObject old = _recent.Take(stored);
            JsonObject proposed = change(old, stored);
            CheckLocking(type, key, stored, old, proposed, context);
            Prepare(type, proposed, old, context);
            bool mayBeSame = context.IsApply || !ManagedFields.RecordWrite(type, old, proposed, context);
            if (mayBeSame && IsSame(old, proposed))
            {
                return stored;
            }

            StoredObject? written = FinishDeletion(type, proposed)
                ? context.IsDryRun ? stored : Remove(type, stored, proposed)
                : Commit(type, key, stored, proposed, context);
            if (written is not null)
            {
                return written;
            }
        }
    }

    /// <summary>Puts a document in the place of what is stored.</summary>
    /// <exception cref="ApiRefusalException">The object is not there, has changed, or the new state is invalid.</exception>
    public StoredObject Replace(ResourceType type, StoreKey key, JsonObject document, WriteContext context) =>
        UpdateFrom(type, key, (_, _) => IsTriedOnce(document) ? document : (JsonObject)document.DeepClone(), context);

    /// <summary>Builds what the store keeps, or what a dry run answers.</summary>
    public StoredObject? Commit(ResourceType type, StoreKey key, StoredObject? current, JsonObject document, WriteContext context)
    {
        IReadOnlyDictionary<string, string> fields = Selectors.FieldValues(type, document);
        if (context.IsDryRun)
        {
            document.Metadata()["resourceVersion"] = current?.Revision.ToString(CultureInfo.InvariantCulture) ?? "";
            if (current is null)
            {
                document.Metadata().Remove("resourceVersion");
            }

            return new StoredObject(key, current?.Revision ?? 0, JsonText.Write(document), new Dictionary<string, string>(), fields);
        }

        StoredObject? written = store.TryWrite(key, current?.Revision, document, fields);
        if (written is not null)
        {
            _recent.Keep(written, document);
            Observer?.Invoke(type, key, false);
        }

        return written;
    }

    /// <summary>Removes an object for good; null when somebody else was faster.</summary>
    public StoredObject? Remove(ResourceType type, StoredObject current, JsonObject lastState)
    {
        StoredObject? removed = store.TryDelete(current.Key, current.Revision, lastState);
        if (removed is not null)
        {
            Observer?.Invoke(type, current.Key, true);
        }

        return removed;
    }

    /// <summary>Reports findings as one refusal.</summary>
    public static void Throw(ResourceType type, string name, FieldErrors errors)
    {
        if (errors.Found.Count > 0)
        {
            // A kind that is stored in another group is refused under that group's name.
            int slash = type.StorageApiVersion.IndexOf('/');
            throw Refuse.Invalid(slash < 0 ? "" : type.StorageApiVersion[..slash], type.Kind, name, errors.Found);
        }
    }

    private void Prepare(ResourceType type, JsonObject proposed, JsonObject old, WriteContext context)
    {
        JsonObject oldMetadata = old.Metadata();
        JsonObject metadata = proposed.Metadata();
        foreach (string owned in ServerOwned)
        {
            metadata.Remove(owned);
            Carry(oldMetadata, metadata, owned);
        }

        MetadataRules.DropEmpty(metadata);

        // The server's own fields come first, as a real server writes them.
        Carry(oldMetadata, metadata, "resourceVersion");
        if (metadata.Text("generateName") is null)
        {
            Carry(oldMetadata, metadata, "generateName");
        }

        proposed["apiVersion"] = type.StorageApiVersion;
        proposed["kind"] = type.Kind;
        if (type.HasStatus && !context.WritesSpecAndStatus)
        {
            if (context.IsStatusWrite)
            {
                foreach (string name in old.Select(p => p.Key).Concat(proposed.Select(p => p.Key)).Distinct(StringComparer.Ordinal).ToArray())
                {
                    // A patch of the status leaves a copy of the rest as it is.
                    if (name is not ("status" or "metadata") && (context.IsReplace || old[name] is not { } kept || !JsonNodes.Same(proposed[name], kept)))
                    {
                        proposed[name] = old[name]?.DeepClone();
                    }
                }
            }
            else
            {
                proposed.Remove("status");
                Carry(old, proposed, "status");
            }
        }

        type.Strategy.PrepareForUpdate(proposed, old, context.Subresource);
        type.Strategy.ApplyDefaults(proposed);
        if (type.TracksGeneration && !context.IsStatusWrite && type.Strategy.ChangesGeneration(proposed, old))
        {
            metadata["generation"] = (oldMetadata.Number("generation") ?? 0) + 1;
        }

        var errors = new FieldErrors();
        MetadataRules.Validate(type, proposed, old, errors);
        type.Strategy.Validate(proposed, old, context.IsStatusWrite, errors);
        Throw(type, oldMetadata.Text("name") ?? "", errors);
        context.Warnings.AddRange(errors.Warnings);
        Admission?.Invoke(type, proposed, old, context);
    }

    /// <summary>Tells whether a document names the version that it replaces: when somebody else is faster it is refused, and not tried again.</summary>
    private static bool IsTriedOnce(JsonObject document) => document.Child("metadata").Text("resourceVersion") is { Length: > 0 } and not "0";

    private static void CheckLocking(ResourceType type, StoreKey key, StoredObject stored, JsonObject old, JsonObject proposed, WriteContext context)
    {
        JsonObject metadata = proposed.Metadata();
        string? name = metadata.Text("name");
        if (string.IsNullOrEmpty(name))
        {
            throw Refuse.NoName(key.Name);
        }

        if (!string.IsNullOrEmpty(name) && name != key.Name)
        {
            throw Refuse.BadRequest($"the name of the object ({name}) does not match the name on the URL ({key.Name})");
        }

        string? bodyNamespace = metadata.Text("namespace");
        if (type.Namespaced && !string.IsNullOrEmpty(bodyNamespace) && bodyNamespace != key.Namespace)
        {
            throw Refuse.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
        }

        string? uid = metadata.Text("uid");
        string? storedUid = old.Child("metadata").Text("uid");
        if (!string.IsNullOrEmpty(uid) && uid != storedUid)
        {
            if (context.IsReplace)
            {
                throw Refuse.WrongUid(type, key, uid, storedUid ?? "");
            }

            var errors = new FieldErrors();
            errors.Invalid("metadata.uid", metadata["uid"], "field is immutable");
            Throw(type, key.Name, errors);
        }

        string? version = metadata.Text("resourceVersion");
        if (!string.IsNullOrEmpty(version) && !long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw Refuse.Plain(Refuse.NoVersion(version));
        }

        if (context.IsReplace && version is null or "" or "0" && type.NeedsVersion && context.Subresource.Length == 0)
        {
            throw Refuse.NeedsVersion(type, key.Name);
        }

        if (!string.IsNullOrEmpty(version) && version != "0" && version != stored.Revision.ToString(CultureInfo.InvariantCulture))
        {
            throw Refuse.Modified(type, key.Name);
        }
    }

    /// <summary>A write that changes nothing is no write: the resourceVersion stays.</summary>
    private static bool IsSame(JsonObject old, JsonObject proposed)
    {
        JsonNode? oldTimes = old.Metadata()["managedFields"];
        JsonNode? newTimes = proposed.Metadata()["managedFields"];
        if (!ManagedFields.SameButTimes(oldTimes as JsonArray, newTimes as JsonArray))
        {
            return false;
        }

        old.Metadata().Remove("managedFields");
        proposed.Metadata().Remove("managedFields");
        bool same = JsonNodes.Same(old, proposed);
        if (newTimes is not null)
        {
            proposed.Metadata()["managedFields"] = newTimes;
        }

        return same;
    }

    /// <summary>An object under deletion goes with its last finalizer, a pod only when its grace period is over too.</summary>
    private static bool FinishDeletion(ResourceType type, JsonObject proposed)
    {
        JsonObject metadata = proposed.Metadata();
        bool finalizersLeft = metadata.List("finalizers") is { Count: > 0 }
            || (type.Strategy is NamespaceStrategy && proposed.Child("spec").List("finalizers") is { Count: > 0 });
        return metadata.Text("deletionTimestamp") is not null && !finalizersLeft && metadata.Number("deletionGracePeriodSeconds") is null or 0;
    }

    private static void Carry(JsonObject from, JsonObject to, string name)
    {
        if (from[name] is { } node)
        {
            to[name] = node.DeepClone();
        }
    }

    private void CheckNamespace(ResourceType type, string @namespace, string name)
    {
        ResourceType namespaces = findType("", "namespaces")!;
        StoredObject? stored = store.Find(new StoreKey(namespaces.StorageName, "", @namespace));
        if (stored is null)
        {
            throw Refuse.NotFound(namespaces, @namespace);
        }

        if (stored.Fields.TryGetValue("status.phase", out string? phase) && phase == "Terminating")
        {
            ApiRefusalException refusal = Refuse.Forbidden(
                type, name, $"unable to create new content in namespace {@namespace} because it is being terminated");
            throw new ApiRefusalException(refusal.Code, refusal.Reason, refusal.Message)
            {
                Name = refusal.Name,
                Group = refusal.Group,
                Kind = refusal.Kind,
                Causes = [new StatusCause("NamespaceTerminating", $"namespace {@namespace} is being terminated", "metadata.namespace")],
            };
        }
    }
}
