using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <summary>What the controller tells of rolling updates when MaxUnavailableStatefulSet is on. As with the real one, a set that is gone keeps its last values.</summary>
internal sealed class StatefulSetMetrics
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, long> allowed = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> unavailable = new(StringComparer.Ordinal);

    /// <summary>Notes what one look at a set has found.</summary>
    /// <param name="set">The set.</param>
    /// <param name="counted">How many pods are unavailable; null when the look did not come so far.</param>
    public void Note(StatefulSetView set, long? counted)
    {
        ObjectKey key = set.Key;
        string labels = $"pod_management_policy=\"{(set.IsMonotonic ? "OrderedReady" : "Parallel")}\",statefulset_name=\"{key.Name}\",statefulset_namespace=\"{key.Namespace}\"";
        lock (gate)
        {
            allowed[labels] = set.EffectiveMaxUnavailable();
            if (counted is { } known)
            {
                unavailable[labels] = known;
            }
        }
    }

    public void WriteTo(MetricsText text)
    {
        lock (gate)
        {
            foreach ((string labels, long value) in allowed)
            {
                text.Add("statefulset_controller_statefulset_max_unavailable", "gauge", "[ALPHA] Maximum number of unavailable pods allowed during StatefulSet rolling updates", labels, value);
            }

            foreach ((string labels, long value) in unavailable)
            {
                text.Add("statefulset_controller_statefulset_unavailable_replicas", "gauge", "[ALPHA] Current number of unavailable pods in StatefulSet", labels, value);
            }
        }
    }
}
