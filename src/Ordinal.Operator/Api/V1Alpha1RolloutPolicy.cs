using k8s.Models;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>Long-lived: which StatefulSets are rolled, how, and behind which gates.</summary>
[KubernetesEntity(Group = OrdinalNames.Group, ApiVersion = OrdinalNames.Version, Kind = "RolloutPolicy", PluralName = "rolloutpolicies")]
[ShortName("rop")]
[Category("ordinal")]
[Description("RolloutPolicy says how a StatefulSet, or a group of StatefulSets, is rolled and scaled.")]
[ScaleSubresource(".spec.replicas", ".status.replicas", ".status.selector")]
[ValidationRule("size(self.metadata.name) <= 52", "the name is part of the names of its rollouts, so 52 characters at most")]
[GenericAdditionalPrinterColumn(".status.summary.targets", "Targets", "string", 1)]
[GenericAdditionalPrinterColumn(".status.summary.updated", "Updated", "string", 2)]
[GenericAdditionalPrinterColumn(".status.conditions[?(@.type==\"Ready\")].status", "Ready", "string", 3)]
[GenericAdditionalPrinterColumn(".status.activeRollout.name", "Active", "string", 4)]
[GenericAdditionalPrinterColumn(".status.conditions[?(@.type==\"Ready\")].reason", "Status", "string", 5)]
[GenericAdditionalPrinterColumn(".spec.suspend", "Suspend", "boolean", 6)]
[GenericAdditionalPrinterColumn(".metadata.creationTimestamp", "Age", "date", 7)]
[GenericAdditionalPrinterColumn(".spec.update.driver", "Driver", "string", 8, Priority = 1)]
[GenericAdditionalPrinterColumn(".spec.update.podOrder", "Order", "string", 9, Priority = 1)]
[GenericAdditionalPrinterColumn(".status.summary.gates", "Gates", "string", 10, Priority = 1)]
[GenericAdditionalPrinterColumn(".status.conditions[?(@.type==\"Ready\")].message", "Message", "string", 11, Priority = 1)]
public sealed class V1Alpha1RolloutPolicy : CustomKubernetesEntity<RolloutPolicySpec, RolloutPolicyStatus>
{
    public V1Alpha1RolloutPolicy()
    {
        ApiVersion = $"{OrdinalNames.Group}/{OrdinalNames.Version}";
        Kind = "RolloutPolicy";
    }
}
