namespace Ordinal.Runtime.Entities;

/// <summary>A column of <c>kubectl get</c>, by its path.</summary>
/// <param name="jsonPath">Path from the object's root, such as <c>.status.phase</c>.</param>
/// <param name="name">The column's head.</param>
/// <param name="type">string, integer, number, boolean or date.</param>
/// <param name="order">Its place, from the left.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class GenericAdditionalPrinterColumnAttribute(string jsonPath, string name, string type, int order) : Attribute
{
    /// <summary>Gets the path.</summary>
    public string JsonPath { get; } = jsonPath;

    /// <summary>Gets the head.</summary>
    public string Name { get; } = name;

    /// <summary>Gets the type.</summary>
    public string Type { get; } = type;

    /// <summary>Gets the place, from the left; reflection gives no order.</summary>
    public int Order { get; } = order;

    /// <summary>Gets or sets the priority; columns above 0 show with <c>-o wide</c> only.</summary>
    public int Priority { get; set; }

    /// <summary>Gets or sets the description; null for none.</summary>
    public string? Description { get; set; }
}

/// <summary>A column of <c>kubectl get</c> that shows this property; the type follows from the property's.</summary>
/// <param name="name">The column's head.</param>
/// <param name="order">Its place, from the left, among all columns.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class AdditionalPrinterColumnAttribute(string name, int order) : Attribute
{
    /// <summary>Gets the head.</summary>
    public string Name { get; } = name;

    /// <summary>Gets the place, from the left.</summary>
    public int Order { get; } = order;

    /// <summary>Gets or sets the priority; columns above 0 show with <c>-o wide</c> only.</summary>
    public int Priority { get; set; }
}

/// <summary>Short names that <c>kubectl</c> knows the kind by.</summary>
/// <param name="names">The names.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ShortNameAttribute(params string[] names) : Attribute
{
    /// <summary>Gets the names.</summary>
    public string[] Names { get; } = names;
}

/// <summary>Groups of kinds that <c>kubectl get</c> lists together.</summary>
/// <param name="names">The groups.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class CategoryAttribute(params string[] names) : Attribute
{
    /// <summary>Gets the groups.</summary>
    public string[] Names { get; } = names;
}

/// <summary>Gives the kind the scale subresource.</summary>
/// <param name="specReplicasPath">Path of the number asked for.</param>
/// <param name="statusReplicasPath">Path of the number there is.</param>
/// <param name="labelSelectorPath">Path of the pods' selector as text; null for none.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ScaleSubresourceAttribute(string specReplicasPath, string statusReplicasPath, string? labelSelectorPath = null) : Attribute
{
    /// <summary>Gets the path of the number asked for.</summary>
    public string SpecReplicasPath { get; } = specReplicasPath;

    /// <summary>Gets the path of the number there is.</summary>
    public string StatusReplicasPath { get; } = statusReplicasPath;

    /// <summary>Gets the path of the selector.</summary>
    public string? LabelSelectorPath { get; } = labelSelectorPath;
}
