using Ordinal.Core.Model;

namespace Ordinal.Core.Planning;

/// <summary>
/// Pods for which the built-in controller may wait for ever: under OrderedReady it creates, removes and rolls nothing while one that is there cannot
/// become ready (kubernetes #67250). Where no rollout of ours is about such a pod, it is not ours to take: we say which it is, and who looks decides.
/// </summary>
internal static class BlockingPods
{
    private const int MostNames = 10;

    /// <summary>Names them with the remedy, as a sentence that begins with a blank; empty when there is none.</summary>
    /// <param name="outside">True for those outside the wanted ordinals, false for those inside.</param>
    public static Words Sentence(WorkloadSnapshot snapshot, bool outside)
    {
        var set = snapshot.Set;
        if (set.PodManagement is not PodManagementPolicy.OrderedReady)
        {
            return default;
        }

        var (text, count) = (default(Words), 0);
        foreach (var pod in snapshot.Pods)
        {
            var isOutside = pod.Ordinal < set.StartOrdinal || pod.Ordinal >= set.StartOrdinal + set.Replicas;
            if (isOutside != outside || pod.IsReady || pod.IsTerminating)
            {
                continue;
            }

            count++;
            if (count <= MostNames)
            {
                text.AppendLiteral(count > 1 ? ", " : "");
                text.AppendLiteral(pod.Name);
            }
        }

        var more = count > MostNames ? Words.Of($" and {count - MostNames} more") : default;
        return count == 0 ? default : Words.Of($" Under OrderedReady the StatefulSet controller may wait for ever for pods that are not ready: {text}{more}; if they cannot become ready, delete them.");
    }
}
