using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using k8s.Models;

namespace Ordinal.Runtime.Entities;

/// <summary>Names one kind of object to the API server, and builds its paths.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version, such as <c>v1</c>.</param>
/// <param name="Kind">Kind in singular, as in manifests.</param>
/// <param name="Plural">Lower-case plural, as in paths.</param>
/// <param name="IsNamespaced">Whether objects live in namespaces.</param>
public sealed record ResourceKind(string Group, string Version, string Kind, string Plural, bool IsNamespaced)
{
    /// <summary>The kinds of the client's models that live outside namespaces; every other one is namespaced.</summary>
    private static readonly FrozenSet<string> ClusterScoped = new[]
    {
        "Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "StorageClass",
        "PriorityClass", "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "RuntimeClass", "CSIDriver", "CSINode", "VolumeAttachment",
        "FlowSchema", "PriorityLevelConfiguration", "IngressClass", "CertificateSigningRequest", "TokenReview", "SubjectAccessReview",
        "SelfSubjectAccessReview", "SelfSubjectRulesReview", "ComponentStatus",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<Type, ResourceKind> Known = new();

    /// <summary>Gets <c>group/version</c>, or the bare version of the core group.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Gets what metrics and messages call the kind: <c>statefulsets.apps</c>, <c>pods</c>.</summary>
    public string Resource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Reads the kind from the class's <see cref="KubernetesEntityAttribute"/> and <see cref="EntityScopeAttribute"/>.</summary>
    /// <exception cref="ArgumentException">The class has no <see cref="KubernetesEntityAttribute"/>.</exception>
    public static ResourceKind Of<TEntity>() => Of(typeof(TEntity));

    /// <inheritdoc cref="Of{TEntity}"/>
    public static ResourceKind Of(Type type) => Known.GetOrAdd(type, Read);

    /// <summary>Returns the path of all objects of this kind, in one namespace or (null) in all.</summary>
    public string CollectionPath(string? inNamespace)
    {
        var root = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        return IsNamespaced && !string.IsNullOrEmpty(inNamespace)
            ? $"{root}/namespaces/{Uri.EscapeDataString(inNamespace)}/{Plural}"
            : $"{root}/{Plural}";
    }

    /// <summary>Returns the path of one object, or of one of its subresources.</summary>
    /// <exception cref="ArgumentException">The name is empty, or a namespaced kind was given without its namespace: such a path
    /// would address the whole collection.</exception>
    public string ObjectPath(NamespacedName key, string? subresource)
    {
        if (string.IsNullOrEmpty(key.Name) || (IsNamespaced && string.IsNullOrEmpty(key.Namespace)))
        {
            throw new ArgumentException($"{Resource} \"{key}\": an object's path needs its name and, for this kind, its namespace.", nameof(key));
        }

        var path = $"{CollectionPath(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return string.IsNullOrEmpty(subresource) ? path : $"{path}/{subresource}";
    }

    private static ResourceKind Read(Type type)
    {
        var entity = type.GetCustomAttribute<KubernetesEntityAttribute>(inherit: false)
            ?? throw new ArgumentException($"{type.Name} has no [KubernetesEntity]; add it with group, version, kind and plural.", nameof(type));
        var scope = type.GetCustomAttribute<EntityScopeAttribute>(inherit: false)?.Scope
            ?? (type.Assembly == typeof(V1Pod).Assembly && ClusterScoped.Contains(entity.Kind) ? EntityScope.Cluster : EntityScope.Namespaced);
        var plural = string.IsNullOrEmpty(entity.PluralName) ? $"{entity.Kind}s".ToLowerInvariant() : entity.PluralName;
        return new ResourceKind(entity.Group ?? "", entity.ApiVersion, entity.Kind, plural, scope == EntityScope.Namespaced);
    }
}
