namespace Ordinal.Runtime.Entities;

/// <summary>Where objects of a kind live.</summary>
public enum EntityScope
{
    /// <summary>In a namespace.</summary>
    Namespaced,

    /// <summary>In the cluster itself.</summary>
    Cluster,
}

/// <summary>Says where a custom resource lives; without it, in a namespace.</summary>
/// <param name="scope">The scope.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EntityScopeAttribute(EntityScope scope = EntityScope.Namespaced) : Attribute
{
    /// <summary>Gets the scope.</summary>
    public EntityScope Scope { get; } = scope;
}
