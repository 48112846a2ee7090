namespace Ordinal.Gates.Kafka;

/// <summary>Which brokers are there. What stays must prove that it lives; what shall stop counts as alive for as long as anybody lists it.</summary>
internal sealed class KafkaLiveness
{
    /// <summary>Gets the brokers that both responders list, that are not fenced, and that answered the gate just now.</summary>
    internal required HashSet<int> Others { get; init; }

    internal required HashSet<int> Targets { get; init; }

    /// <summary>Gets those of the targets that either responder lists and that are not fenced. That the gate cannot reach one does not make it dead.</summary>
    internal required HashSet<int> ListedTargets { get; init; }

    /// <summary>Gets all brokers that either responder lists and that are not fenced, whether or not they answered the gate.</summary>
    internal required HashSet<int> Listed { get; init; }

    internal static KafkaLiveness Of(GateContext context, KafkaObservation observation, HashSet<int> targets, KafkaGateOptions options)
    {
        var fenced = observation.Brokers.Where(b => b.IsFenced).Select(b => b.Id).ToHashSet();
        var missing = context.Pods.Where(p => p.IsMissing).Select(p => KafkaNodes.IdOf(p, options)).ToHashSet();
        var live = observation.Members.Where(m => m.Failure is null && !fenced.Contains(m.Id) && !missing.Contains(m.Id)).Select(m => m.Id).ToHashSet();
        var listed = new HashSet<int>();
        foreach (var snapshot in observation.Snapshots)
        {
            live.IntersectWith(snapshot.Live);
            listed.UnionWith(snapshot.Live.Where(id => !fenced.Contains(id)));
        }

        return new KafkaLiveness { Others = live, Targets = targets, Listed = listed, ListedTargets = [.. listed.Where(targets.Contains)] };
    }
}
