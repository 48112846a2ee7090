using System.Text.Json;
using k8s.Models;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Observing;

/// <summary>
/// Looks at a StatefulSet's Service, before a rollout under driver Native starts. Services are not watched: only that driver needs one, and
/// only then.
/// </summary>
[EntityRbac(typeof(V1Service), Verbs = RbacVerb.Get, Role = OrdinalNames.NativeRole)]
public sealed class ServiceReader(IKubernetesApi api)
{
    private static readonly ResourceKind Kind = ResourceKind.Of<V1Service>();

    /// <summary>Reads the Service; one that is not there, or may not be read, does not exist.</summary>
    public async Task<ServiceSnapshot> ReadAsync(StatefulSetItem set, CancellationToken cancellationToken)
    {
        var absent = new ServiceSnapshot(set.ServiceName, Exists: false, IsHeadless: false, PublishesNotReady: false);
        if (set.ServiceName.Length == 0)
        {
            return absent;
        }

        try
        {
            using var document = JsonDocument.Parse(await api.GetRawAsync(Kind, new NamespacedName(set.Key.Namespace, set.ServiceName), null, cancellationToken));
            var spec = document.RootElement.Member("spec");
            return absent with { Exists = true, IsHeadless = spec.Text("clusterIP") == "None", PublishesNotReady = spec.Flag("publishNotReadyAddresses") };
        }
        catch (ApiException error) when (error.Class is ApiErrorClass.Terminal || error.Kind is ApiErrorKind.NotFound)
        {
            return absent;
        }
    }
}
