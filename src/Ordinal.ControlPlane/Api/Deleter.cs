using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>What came of a deletion.</summary>
/// <param name="Last">The object as it is now, or as it was last.</param>
/// <param name="IsGone">Whether it is gone; else finalizers or a grace period keep it.</param>
internal sealed record DeleteOutcome(StoredObject Last, bool IsGone);

/// <summary>Deletes objects: preconditions, grace periods, finalizers and propagation.</summary>
internal sealed class Deleter(RevisionedStore store, ObjectWriter writer)
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";

    /// <summary>Deletes an object, or starts to.</summary>
    /// <param name="type">Resource.</param>
    /// <param name="key">Key of the object.</param>
    /// <param name="options">What the caller asked for.</param>
    /// <param name="context">Who deletes.</param>
    /// <param name="admit">Is asked about the object before anything happens to it; null for what is not asked about, such as what an eviction does.</param>
    /// <exception cref="ApiRefusalException">It is not there, a precondition fails, or it may not be deleted.</exception>
    public DeleteOutcome Delete(ResourceType type, StoreKey key, DeleteOptions options, WriteContext context, Action<JsonObject>? admit = null)
    {
        while (true)
        {
            StoredObject stored = store.Find(key) ?? throw Refuse.NotFound(type, key.Name);
            JsonObject document = stored.Parse();
            CheckPreconditions(type, key.Name, document, options);
            admit?.Invoke(document);
            bool dryRun = options.IsDryRun || context.IsDryRun;
            bool changed = Mark(type, document, options, context, out bool keeps);
            if (keeps && !changed)
            {
                return new DeleteOutcome(stored, IsGone: false);
            }

            if (dryRun)
            {
                return new DeleteOutcome(keeps ? writer.Commit(type, key, stored, document, context with { IsDryRun = true })! : stored, !keeps);
            }

            StoredObject? written = keeps
                ? writer.Commit(type, key, stored, document, context)
                : writer.Remove(type, stored, document);
            if (written is not null)
            {
                return new DeleteOutcome(written, !keeps);
            }
        }
    }

    /// <summary>Checks the preconditions of a deletion.</summary>
    /// <exception cref="ApiRefusalException">One fails.</exception>
    public static void CheckPreconditions(ResourceType type, string name, JsonObject document, DeleteOptions options)
    {
        string uid = document.Metadata().Text("uid") ?? "";
        if (options.Uid is { } wantedUid && wantedUid != uid)
        {
            throw Refuse.Precondition(
                type,
                name,
                $"the UID in the precondition ({wantedUid}) does not match the UID in record ({uid}). The object might have been deleted and then recreated");
        }

        string version = document.Metadata().Text("resourceVersion") ?? "";
        if (options.ResourceVersion is { } wantedVersion && wantedVersion != version)
        {
            throw Refuse.Precondition(
                type,
                name,
                $"the ResourceVersion in the precondition ({wantedVersion}) does not match the ResourceVersion in record ({version}). The object might have been modified");
        }
    }

    /// <summary>Puts the marks of a deletion on the document and says whether something keeps the object.</summary>
    private static bool Mark(ResourceType type, JsonObject document, DeleteOptions options, WriteContext context, out bool keeps)
    {
        JsonObject metadata = document.Metadata();
        bool changed = SetPropagation(metadata, options.PropagationPolicy);
        bool hasFinalizers = metadata.List("finalizers") is { Count: > 0 }
            || (type.Strategy is NamespaceStrategy && document.Child("spec").List("finalizers") is { Count: > 0 });
        long? grace = type.Strategy.GraceSeconds(document, options.GracePeriodSeconds);
        bool isMarked = metadata.Text("deletionTimestamp") is not null;
        if (isMarked && grace is { } again)
        {
            // A second delete may only shorten the grace period.
            long running = metadata.Number("deletionGracePeriodSeconds") ?? 0;
            grace = options.GracePeriodSeconds is null ? running : Math.Min(running, again);
            if (grace < running)
            {
                changed = true;
            }
        }

        keeps = hasFinalizers || grace > 0;
        if (!isMarked && !hasFinalizers && grace is null)
        {
            // It goes at once, as it is: who watches sees the object that there was, without the marks of a deletion.
            return changed;
        }

        if (!isMarked || (changed && grace is not null))
        {
            metadata["deletionTimestamp"] = JsonNodes.Timestamp(context.Now.AddSeconds(grace ?? 0));
            if (type.Strategy is not NamespaceStrategy)
            {
                metadata["deletionGracePeriodSeconds"] = grace ?? 0;
            }

            if (!isMarked && metadata.Number("generation") is { } generation)
            {
                metadata["generation"] = generation + 1;
            }

            changed = true;
        }

        if (type.Strategy is NamespaceStrategy && document.Child("status").Text("phase") != "Terminating")
        {
            document.Ensure("status")["phase"] = "Terminating";
            changed = true;
        }

        return changed;
    }

    private static bool SetPropagation(JsonObject metadata, string? policy)
    {
        if (policy is null)
        {
            return false;
        }

        string[] before = [.. (metadata.List("finalizers") ?? []).Select(f => f.AsText() ?? "")];
        List<string> after = [.. before.Where(f => f is not (Foreground or Orphan))];
        if (policy == "Foreground")
        {
            after.Add(Foreground);
        }
        else if (policy == "Orphan")
        {
            after.Add(Orphan);
        }

        if (before.SequenceEqual(after))
        {
            return false;
        }

        metadata["finalizers"] = after.Count == 0 ? null : new JsonArray([.. after.Select(f => JsonValue.Create(f))]);
        if (after.Count == 0)
        {
            metadata.Remove("finalizers");
        }

        return true;
    }
}
