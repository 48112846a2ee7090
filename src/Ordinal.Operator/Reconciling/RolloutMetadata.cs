using k8s.Models;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>The metadata of rollouts that the operator makes itself: owned by the policy, found by its labels, and kept until the hold is back.</summary>
internal static class RolloutMetadata
{
    /// <param name="policy">The owner; the rollout is made in its namespace.</param>
    /// <param name="name">A name that follows from what the rollout is for, so that a crash makes none twice.</param>
    /// <param name="type">The value of <c>spec.type</c>.</param>
    /// <param name="follows">Whether it follows a template that stands there already; else it writes one.</param>
    public static V1ObjectMeta Of(V1Alpha1RolloutPolicy policy, string name, string type, bool follows)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [OrdinalNames.PolicyLabel] = policy.Metadata.Name,
            [OrdinalNames.TypeLabel] = type,
            [OrdinalNames.ManagedByLabel] = "ordinal",
        };
        if (follows)
        {
            labels[OrdinalNames.CreatedByLabel] = "operator";
        }

        return new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = policy.Metadata.NamespaceProperty,
            Labels = labels,
            Finalizers = [OrdinalNames.SafeHaltFinalizer],
            OwnerReferences =
            [
                new V1OwnerReference
                {
                    ApiVersion = policy.ApiVersion,
                    Kind = policy.Kind,
                    Name = policy.Metadata.Name,
                    Uid = policy.Metadata.Uid,
                    Controller = true,
                    BlockOwnerDeletion = true,
                },
            ],
        };
    }
}
