using System.Collections.Immutable;
using System.Text.Json;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>What is kept of a StatefulSet.</summary>
public sealed record StatefulSetItem : IStoreItem
{
    /// <summary>Gets the planner's view.</summary>
    public required StatefulSetSnapshot Snapshot { get; init; }

    /// <summary>Gets the set's own labels, by which a policy selects it.</summary>
    public required ImmutableSortedDictionary<string, string> Labels { get; init; }

    /// <summary>Gets the labels of its pods as the template has them, by which a PodDisruptionBudget selects them.</summary>
    public required ImmutableSortedDictionary<string, string> PodLabels { get; init; }

    /// <summary>Gets <c>spec.selector</c> as text, as <c>kubectl -l</c> takes it.</summary>
    public required string Selector { get; init; }

    /// <summary>Gets <c>spec.serviceName</c>, under which each pod has a DNS name; may be empty.</summary>
    public string ServiceName { get; init; } = "";

    /// <summary>Gets the template's <c>terminationGracePeriodSeconds</c>.</summary>
    public int GracePeriodSeconds { get; init; }

    /// <summary>Gets the template's containers, as far as a gate may know of them.</summary>
    public ImmutableArray<GateContainer> Containers { get; init; } = [];

    /// <summary>Gets <c>spec.updateStrategy</c> exactly as the server has it, for the test of a JSON patch; "" when it is absent.</summary>
    public string StrategyJson { get; init; } = "";

    /// <summary>Gets a value indicating whether <c>metadata.annotations</c> exists: a JSON patch cannot add to a map that does not.</summary>
    public bool HasAnnotations { get; init; }

    /// <inheritdoc/>
    public NamespacedName Key => new(Snapshot.Namespace, Snapshot.Name);

    /// <inheritdoc/>
    public string Uid => Snapshot.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Snapshot.ResourceVersion;

    /// <inheritdoc/>
    public long Generation => Snapshot.Generation;

    /// <inheritdoc/>
    public bool IsTerminating => Snapshot.IsTerminating;

    /// <summary>Reads a StatefulSet as the server sends it. Absent members are empty; nothing throws.</summary>
    public static StatefulSetItem Read(JsonElement set, StringPool strings)
    {
        var metadata = set.Member("metadata");
        var annotations = metadata.Member("annotations");
        var spec = set.Member("spec");
        var status = set.Member("status");
        var strategy = spec.Member("updateStrategy");
        var (typeDeclaredBy, onDeleteDeclaredBy, partitionOwnedBy) = StrategyOwnership.Read(set);
        return new StatefulSetItem
        {
            Labels = LabelsOf(metadata.Member("labels"), strings),
            PodLabels = LabelsOf(spec.Member("template").Member("metadata").Member("labels"), strings),
            Selector = LabelSelector.Read(spec.Member("selector")).ToString(),
            ServiceName = spec.Text("serviceName"),
            GracePeriodSeconds = Number(spec.Member("template").Member("spec"), "terminationGracePeriodSeconds", 30),
            Containers = [.. spec.Member("template").Member("spec").Member("containers").Items().Select(container => ContainerOf(container, strings))],
            StrategyJson = strategy.ValueKind is JsonValueKind.Object ? strings.Intern(strategy.GetRawText()) : "",
            HasAnnotations = annotations.ValueKind is JsonValueKind.Object,
            Snapshot = new StatefulSetSnapshot
            {
                Namespace = strings.Intern(metadata.Text("namespace")),
                Name = metadata.Text("name"),
                Uid = metadata.Text("uid"),
                ResourceVersion = metadata.Text("resourceVersion"),
                Generation = metadata.WholeNumber("generation"),
                ObservedGeneration = status.WholeNumber("observedGeneration"),
                Replicas = Number(spec, "replicas", 1),
                StartOrdinal = spec.Member("ordinals").WholeNumber("start"),
                Strategy = StrategyValues.Read(strategy),
                PodManagement = spec.Text("podManagementPolicy") == "Parallel" ? PodManagementPolicy.Parallel : PodManagementPolicy.OrderedReady,
                MinReadySeconds = Number(spec, "minReadySeconds", 0),
                CurrentRevision = status.Text("currentRevision"),
                UpdateRevision = status.Text("updateRevision"),
                StatusReplicas = Number(status, "replicas", 0),
                ReadyReplicas = Number(status, "readyReplicas", 0),
                AvailableReplicas = Number(status, "availableReplicas", 0),
                UpdatedReplicas = Number(status, "updatedReplicas", 0),
                IsTerminating = metadata.Member("deletionTimestamp").ValueKind is JsonValueKind.String,
                HeldBy = annotations.Text(OrdinalNames.ClaimAnnotation),
                OriginalStrategy = StrategyValues.Parse(annotations.Text(OrdinalNames.OriginalStrategyAnnotation)),
                StrategyTypeDeclaredBy = typeDeclaredBy,
                OnDeleteDeclaredBy = onDeleteDeclaredBy,
                PartitionOwnedBy = partitionOwnedBy,
                HasReadinessGate = PodItem.HasGate(spec.Member("template").Member("spec")),
            },
        };
    }

    private static GateContainer ContainerOf(JsonElement container, StringPool strings) => new(
        strings.Intern(container.Text("name")),
        strings.Intern(container.Text("image")),
        [.. container.Member("ports").Items().Select(port => Number(port, "containerPort", 0))]);

    private static int Number(JsonElement element, string name, int otherwise) =>
        (int)Math.Clamp(element.WholeNumber(name, otherwise), int.MinValue, int.MaxValue);

    private static ImmutableSortedDictionary<string, string> LabelsOf(JsonElement labels, StringPool strings)
    {
        if (labels.ValueKind is not JsonValueKind.Object)
        {
            return ImmutableSortedDictionary<string, string>.Empty;
        }

        var found = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var label in labels.EnumerateObject())
        {
            found[strings.Intern(label.Name)] = label.Value.ValueKind is JsonValueKind.String ? strings.Intern(label.Value.GetString() ?? "") : "";
        }

        return found.ToImmutable();
    }
}
