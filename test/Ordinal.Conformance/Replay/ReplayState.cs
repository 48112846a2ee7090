using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.Conformance.Clusters;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Replay;

/// <summary>What a watcher of one namespace knows, recorded or seen, and how it came to it.</summary>
internal sealed class ReplayState
{
    private static readonly ImmutableHashSet<string> Kinds = ["StatefulSet", "Pod", "ControllerRevision", "PersistentVolumeClaim"];
    private readonly SortedDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly List<JsonObject> revisions = [];
    private readonly List<string> counters = [];

    /// <summary>Gets the names of the revisions so far.</summary>
    public RevisionNames Names => RevisionNames.Of(revisions);

    /// <summary>Gets a value indicating whether a set is there whose pods come and go one after the other.</summary>
    public bool IsMonotonic { get; private set; } = true;

    /// <summary>Takes one event.</summary>
    public void Take(string type, JsonObject item)
    {
        var kind = item.Text("kind")!;
        if (kind is "Event")
        {
            if (item.Text("source") is "statefulset-controller")
            {
                objects[$"Event {item.Text("type")} {item.Text("reason")} {item.Text("message")}"] = new JsonObject { ["count"] = item["count"]?.DeepClone() };
            }

            return;
        }

        if (!Kinds.Contains(kind))
        {
            return;
        }

        var key = $"{kind} {item.Child("metadata").Text("name")}";
        if (type is "DELETED")
        {
            objects.Remove(key);
            return;
        }

        objects[key] = item;
        if (kind is "ControllerRevision")
        {
            revisions.Add(item);
        }

        if (kind is "StatefulSet")
        {
            IsMonotonic = item.Child("spec").Text("podManagementPolicy") is not "Parallel";
            var count = CountersOf(item.Child("status"));
            if (counters.Count == 0 || counters[^1] != count)
            {
                counters.Add(count);
            }
        }
    }

    /// <summary>Takes what a watcher of ours saw.</summary>
    public void Take(Seen seen)
    {
        if (seen.Kind.Kind is "Event")
        {
            Take(seen.Type, new JsonObject
            {
                ["kind"] = "Event",
                ["type"] = seen.Item.Text("type"),
                ["reason"] = seen.Item.Text("reason"),
                ["message"] = seen.Item.Text("message"),
                ["count"] = seen.Item.Number("count"),
                ["source"] = seen.Item.Child("source").Text("component"),
            });
        }
        else
        {
            Take(seen.Type, Canonical.Cut(seen.Kind.Kind, seen.Item));
        }
    }

    /// <summary>Gets all objects, one line a value.</summary>
    public ImmutableSortedSet<string> Lines()
    {
        var names = Names;
        return objects.SelectMany(each => Canonical.Lines(names.Rename(each.Key) + " ", Cut(each.Value), names)).ToImmutableSortedSet(StringComparer.Ordinal);

        // Recordings keep the node's name; which node it is, is the scheduler's business.
        static JsonObject Cut(JsonObject item)
        {
            if (item.Text("kind") is not "Pod")
            {
                return item;
            }

            var copy = item.DeepClone().AsObject();
            copy.Child("spec")!.Remove("nodeName");
            return copy;
        }
    }

    /// <summary>Gets the counters of the StatefulSet's status that were seen since the last call, each state once.</summary>
    public ImmutableArray<string> TakeCounters()
    {
        var names = Names;
        ImmutableArray<string> taken = [.. counters.Select(names.Rename)];
        if (counters.Count > 1)
        {
            counters.RemoveRange(0, counters.Count - 1);
        }

        return taken;
    }

    private static string CountersOf(JsonObject? status) => string.Create(
        CultureInfo.InvariantCulture,
        $"observed {status.Number("observedGeneration") ?? 0} replicas {status.Number("replicas") ?? 0} ready {status.Number("readyReplicas") ?? 0} available {status.Number("availableReplicas") ?? 0} current {status.Number("currentReplicas") ?? 0} {status.Text("currentRevision")} updated {status.Number("updatedReplicas") ?? 0} {status.Text("updateRevision")}");
}
