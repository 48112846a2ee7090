using k8s.Models;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>One execution of an update, restart, scale or rollback; runs to completion like a Job.</summary>
[KubernetesEntity(Group = OrdinalNames.Group, ApiVersion = OrdinalNames.Version, Kind = "StatefulSetRollout", PluralName = "statefulsetrollouts")]
[ShortName("stsr")]
[Category("ordinal")]
[Description("StatefulSetRollout is one execution of an update, restart, scale or rollback.")]
[ValidationRule("size(self.metadata.name) <= 63", "the name is used as a label value, so 63 characters at most")]
[ValidationRule("!has(oldSelf.status) || !has(oldSelf.status.completionTime) || (self.spec.suspend == oldSelf.spec.suspend && self.spec.cancel == oldSelf.spec.cancel && self.spec.approvedStep == oldSelf.spec.approvedStep && has(self.spec.force) == has(oldSelf.spec.force) && (!has(self.spec.force) || size(self.spec.force) == size(oldSelf.spec.force)))", "this rollout has finished; create a new one")]
[GenericAdditionalPrinterColumn(".spec.policyRef.name", "Policy", "string", 1)]
[GenericAdditionalPrinterColumn(".spec.type", "Type", "string", 2)]
[GenericAdditionalPrinterColumn(".status.progress", "Progress", "string", 3)]
[GenericAdditionalPrinterColumn(".status.current.pod", "Current", "string", 4)]
[GenericAdditionalPrinterColumn(".status.conditions[?(@.type==\"Succeeded\")].reason", "Status", "string", 5)]
[GenericAdditionalPrinterColumn(".metadata.creationTimestamp", "Age", "date", 6)]
[GenericAdditionalPrinterColumn(".status.targets[0].toRevision", "Revision", "string", 7, Priority = 1)]
[GenericAdditionalPrinterColumn(".status.current.stage", "Stage", "string", 8, Priority = 1)]
[GenericAdditionalPrinterColumn(".status.conditions[?(@.type==\"Succeeded\")].message", "Message", "string", 9, Priority = 1)]
public sealed class V1Alpha1StatefulSetRollout : CustomKubernetesEntity<StatefulSetRolloutSpec, StatefulSetRolloutStatus>
{
    public V1Alpha1StatefulSetRollout()
    {
        ApiVersion = $"{OrdinalNames.Group}/{OrdinalNames.Version}";
        Kind = "StatefulSetRollout";
    }
}
