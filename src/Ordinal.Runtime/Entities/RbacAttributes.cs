namespace Ordinal.Runtime.Entities;

/// <summary>What may be done with objects.</summary>
[Flags]
public enum RbacVerb
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read one.</summary>
    Get = 1,

    /// <summary>Read all.</summary>
    List = 2,

    /// <summary>Follow changes.</summary>
    Watch = 4,

    /// <summary>Make new ones.</summary>
    Create = 8,

    /// <summary>Replace.</summary>
    Update = 16,

    /// <summary>Change parts.</summary>
    Patch = 32,

    /// <summary>Delete one.</summary>
    Delete = 64,

    /// <summary>What an informer needs.</summary>
    Read = Get | List | Watch,
}

/// <summary>Says what a class does with objects of a kind, so that the role that allows it can be generated.</summary>
/// <param name="entities">Classes with <c>[KubernetesEntity]</c>.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class EntityRbacAttribute(params Type[] entities) : Attribute
{
    /// <summary>Gets the kinds.</summary>
    public Type[] Entities { get; } = entities;

    /// <summary>Gets or sets what is done.</summary>
    public RbacVerb Verbs { get; set; }

    /// <summary>Gets or sets the subresource meant, such as <c>status</c>; null for the objects themselves.</summary>
    public string? Subresource { get; set; }

    /// <summary>Gets or sets the role that carries the rule; the empty string is the base role, others are opted into.</summary>
    public string Role { get; set; } = "";
}

/// <summary>A rule for what has no class.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class PolicyRuleAttribute : Attribute
{
    /// <summary>Gets or sets the API groups; the empty string is the core group.</summary>
    public string[] Groups { get; set; } = [];

    /// <summary>Gets or sets the resources in plural, subresources as <c>pods/eviction</c>.</summary>
    public string[] Resources { get; set; } = [];

    /// <summary>Gets or sets the only names allowed; none for all.</summary>
    public string[] ResourceNames { get; set; } = [];

    /// <summary>Gets or sets what is done.</summary>
    public RbacVerb Verbs { get; set; }

    /// <summary>Gets or sets the role that carries the rule; the empty string is the base role.</summary>
    public string Role { get; set; } = "";
}
