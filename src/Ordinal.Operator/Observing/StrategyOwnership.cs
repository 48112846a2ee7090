using System.Collections.Immutable;
using System.Text.Json;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Observing;

/// <summary>
/// Finds out who else has a say in <c>spec.updateStrategy</c>.
///
/// The question for the OnDelete driver is not who owns <c>type</c> but whose next, unchanged write would repeat it: that would roll
/// every pod at once (T1). Ownership alone does not tell, since a maker by create, client-side apply or Helm 3 owns what the API
/// server *defaulted* for it. So:
/// <list type="number">
/// <item>An Apply entry lists what its document names, so it is taken at its word.</item>
/// <item>Where the last-applied annotation is there, it holds the document of the Update entries: it decides.</item>
/// <item>Else an Update entry with <c>f:type</c> and without <c>f:rollingUpdate</c> named the type: the server adds
/// <c>rollingUpdate</c> only when it also added the type (T1).</item>
/// <item>Else an Update entry with both looks exactly like one with both defaulted. A bare create is not repeated, so it does not
/// count; what Helm 3 or Argo CD manage is, so it does, because the chart cannot be read from here.</item>
/// </list>
/// Whoever declares OnDelete does no harm and is left out.
/// </summary>
internal static class StrategyOwnership
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>Returns the managers whose re-apply would write the type, those that declare OnDelete while the set has it, and those that own the partition; ours left out.</summary>
    /// <param name="set">The StatefulSet as the server sent it, managed fields included.</param>
    public static (ImmutableArray<string> TypeDeclaredBy, ImmutableArray<string> OnDeleteDeclaredBy, ImmutableArray<string> PartitionOwnedBy) Read(JsonElement set)
    {
        var metadata = set.Member("metadata");
        var liveIsOnDelete = set.Member("spec").Member("updateStrategy").Text("type") == "OnDelete";
        var declaredType = LastAppliedType(metadata);
        var types = new SortedSet<string>(StringComparer.Ordinal);
        var onDelete = new SortedSet<string>(StringComparer.Ordinal);
        var partitions = new SortedSet<string>(StringComparer.Ordinal);
        var hasApply = false;
        foreach (var entry in metadata.Member("managedFields").Items())
        {
            var manager = entry.Text("manager");
            if (manager == OrdinalNames.FieldManager || entry.Text("subresource").Length > 0)
            {
                continue;
            }

            var isApply = entry.Text("operation") == "Apply";
            hasApply |= isApply;
            var strategy = entry.Member("fieldsV1").Member("f:spec").Member("f:updateStrategy");
            var rollingUpdate = strategy.Member("f:rollingUpdate");
            if (rollingUpdate.Member("f:partition").ValueKind is not JsonValueKind.Undefined)
            {
                partitions.Add(manager);
            }

            var ownsType = strategy.Member("f:type").ValueKind is not JsonValueKind.Undefined;
            var namesType = ownsType && (isApply || (declaredType is null && rollingUpdate.ValueKind is JsonValueKind.Undefined));
            if (namesType && !liveIsOnDelete)
            {
                types.Add(manager);
            }
            else if (ownsType && liveIsOnDelete)
            {
                // Never a default of the server's, and a switch of ours would have taken the field.
                onDelete.Add(manager);
            }
        }

        if (declaredType is { Length: > 0 } and not "OnDelete")
        {
            types.Add("kubectl apply (last-applied)");
        }
        else if (declaredType is null && !hasApply && !liveIsOnDelete && ToolThatRepeats(metadata) is { } tool)
        {
            types.Add(tool);
        }

        if (declaredType is "OnDelete" && liveIsOnDelete)
        {
            onDelete.Add("kubectl apply (last-applied)");
        }

        return ([.. types], [.. onDelete], [.. partitions]);
    }

    /// <summary>Returns the type in the last-applied document, empty when it names none; null when there is no (readable) such document.</summary>
    private static string? LastAppliedType(JsonElement metadata)
    {
        var text = metadata.Member("annotations").Text(LastApplied);
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Member("spec").Member("updateStrategy").Text("type");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Returns the tool that writes its whole manifest again and again without server-side apply; null when there is no mark of one.</summary>
    private static string? ToolThatRepeats(JsonElement metadata)
    {
        var annotations = metadata.Member("annotations");
        var labels = metadata.Member("labels");
        if (annotations.Text("argocd.argoproj.io/tracking-id").Length > 0)
        {
            return "Argo CD (argocd.argoproj.io/tracking-id)";
        }

        if (labels.Text("kustomize.toolkit.fluxcd.io/name").Length > 0)
        {
            return "Flux (kustomize.toolkit.fluxcd.io/name)";
        }

        if (labels.Text("helm.toolkit.fluxcd.io/name").Length > 0)
        {
            return "Flux (helm.toolkit.fluxcd.io/name)";
        }

        return annotations.Text("meta.helm.sh/release-name").Length > 0 || labels.Text("app.kubernetes.io/managed-by") == "Helm"
            ? "Helm (meta.helm.sh/release-name)"
            : null;
    }
}
