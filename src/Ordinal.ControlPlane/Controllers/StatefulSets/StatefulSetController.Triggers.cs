using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers.StatefulSets;

/// <content>What wakes the controller: sets and pods. Claims and revisions are only read; a deleted claim wakes nobody.</content>
public sealed partial class StatefulSetController
{
    private void PodChanged(StoreChange change)
    {
        KubeObject pod = change.Latest;
        KubeObject? before = change.Before;
        if (change.After is null || (before is null && pod.IsTerminating))
        {
            Wake(pod.Namespace, pod.Controller);
            return;
        }

        bool changedOwner = before is not null && before.Controller?.Uid != pod.Controller?.Uid;
        if (changedOwner)
        {
            Wake(pod.Namespace, before!.Controller);
        }

        if (pod.Controller is { } controller)
        {
            if (Wake(pod.Namespace, controller) is { MinReadySeconds: > 0 } set
                && before is not null
                && !PodFacts.Of(before).HasReadyCondition
                && PodFacts.Of(pod).HasReadyCondition)
            {
                Queue.AddAfter(set.Key, TimeSpan.FromSeconds(set.MinReadySeconds));
            }

            return;
        }

        if (before is null || changedOwner || !before.Labels.SequenceEqual(pod.Labels))
        {
            WakeAllThatMatch(pod);
        }
    }

    /// <summary>Wakes the set that an owner reference names; null when that one is not there or is another incarnation.</summary>
    private StatefulSetView? Wake(string @namespace, OwnerReference? owner)
    {
        if (owner is not { Kind: "StatefulSet" } || sets.Get(new ObjectKey(@namespace, owner.Name)) is not { } set || set.Uid != owner.Uid)
        {
            return null;
        }

        Queue.Add(set.Key);
        return StatefulSetView.Of(set);
    }

    private void WakeAllThatMatch(KubeObject orphan)
    {
        SortedDictionary<string, string> labels = orphan.Labels;
        foreach (KubeObject set in sets.List(orphan.Namespace))
        {
            try
            {
                if (LabelSelector.Read(set.Root.At("spec", "selector")).Matches(labels))
                {
                    Queue.Add(set.Key);
                }
            }
            catch (FormatException)
            {
                // Told when the set itself is looked at.
            }
        }
    }
}
