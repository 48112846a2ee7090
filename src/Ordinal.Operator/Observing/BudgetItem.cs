using System.Text.Json;
using Ordinal.Core.Model;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>What is kept of a PodDisruptionBudget.</summary>
public sealed record BudgetItem(NamespacedName Key, string Uid, string ResourceVersion, LabelSelector Selector, DisruptionBudgetSnapshot Snapshot) : IStoreItem
{
    /// <summary>Reads a budget as the server sends it.</summary>
    public static BudgetItem Read(JsonElement budget, StringPool strings)
    {
        var metadata = budget.Member("metadata");
        var status = budget.Member("status");
        var name = metadata.Text("name");
        return new BudgetItem(
            new NamespacedName(strings.Intern(metadata.Text("namespace")), name),
            metadata.Text("uid"),
            metadata.Text("resourceVersion"),
            LabelSelector.Read(budget.Member("spec").Member("selector")),
            new DisruptionBudgetSnapshot(
                name,
                (int)Math.Clamp(status.WholeNumber("disruptionsAllowed"), int.MinValue, int.MaxValue),
                status.WholeNumber("observedGeneration", -1) >= metadata.WholeNumber("generation")));
    }
}
