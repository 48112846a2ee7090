using System.Text.Json;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Observing;

/// <summary>Finds out whether a tool that follows Git owns a StatefulSet's template: what is written beside Git, it takes back.</summary>
internal static class GitOwnership
{
    private static readonly (string Manager, string Tool)[] Managers =
    [
        ("argocd-controller", "Argo CD"), ("argocd-application-controller", "Argo CD"),
        ("kustomize-controller", "Flux"), ("helm-controller", "Flux"), ("fleetagent", "Fleet"),
    ];

    /// <summary>Returns the tool and how it was recognised; null when there is none.</summary>
    /// <param name="set">The StatefulSet as the server sent it, managed fields included.</param>
    public static string? Of(JsonElement set)
    {
        var metadata = set.Member("metadata");
        if (metadata.Member("annotations").Text("argocd.argoproj.io/tracking-id").Length > 0)
        {
            return "Argo CD (annotation argocd.argoproj.io/tracking-id)";
        }

        foreach (var label in (ReadOnlySpan<string>)["kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"])
        {
            if (metadata.Member("labels").Text(label).Length > 0)
            {
                return $"Flux (label {label})";
            }
        }

        foreach (var entry in metadata.Member("managedFields").Items())
        {
            var manager = entry.Text("manager");
            if (entry.Member("fieldsV1").Member("f:spec").Member("f:template").ValueKind is JsonValueKind.Object)
            {
                foreach (var known in Managers)
                {
                    if (known.Manager == manager)
                    {
                        return $"{known.Tool} (field manager {manager})";
                    }
                }
            }
        }

        return null;
    }
}
