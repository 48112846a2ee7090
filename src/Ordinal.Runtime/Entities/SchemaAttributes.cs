namespace Ordinal.Runtime.Entities;

/// <summary>
/// Base of the attributes that constrain a value in a custom resource's schema. On a list or a map, <see cref="OnItems"/> makes the
/// constraint one of each item.
/// </summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public abstract class SchemaConstraintAttribute : Attribute
{
    /// <summary>Gets or sets a value indicating whether the constraint is for each item and not for the list or map itself.</summary>
    public bool OnItems { get; set; }
}

/// <summary>Describes a kind or a field to the people who read the schema (<c>kubectl explain</c>).</summary>
/// <param name="text">One or more sentences.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property, Inherited = false)]
public sealed class DescriptionAttribute(string text) : Attribute
{
    /// <summary>Gets the text.</summary>
    public string Text { get; } = text;
}

/// <summary>The field must be given. An object whose members include a required one is not itself required.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class RequiredAttribute : Attribute;

/// <summary>The text must match an expression (RE2, as the API server reads it).</summary>
/// <param name="regex">The expression; anchor it.</param>
public sealed class PatternAttribute(string regex) : SchemaConstraintAttribute
{
    /// <summary>Gets the expression.</summary>
    public string Regex { get; } = regex;
}

/// <summary>The number must not be below a limit.</summary>
/// <param name="minimum">The limit.</param>
public sealed class RangeMinimumAttribute(double minimum) : SchemaConstraintAttribute
{
    /// <summary>Gets the limit.</summary>
    public double Minimum { get; } = minimum;

    /// <summary>Gets or sets a value indicating whether the limit itself is excluded.</summary>
    public bool ExclusiveMinimum { get; set; }
}

/// <summary>The number must not be above a limit.</summary>
/// <param name="maximum">The limit.</param>
public sealed class RangeMaximumAttribute(double maximum) : SchemaConstraintAttribute
{
    /// <summary>Gets the limit.</summary>
    public double Maximum { get; } = maximum;

    /// <summary>Gets or sets a value indicating whether the limit itself is excluded.</summary>
    public bool ExclusiveMaximum { get; set; }
}

/// <summary>
/// How long the text may be, in characters. Every text under a CEL rule needs a maximum, or the API server refuses the rule as too dear.
/// </summary>
/// <param name="minimum">Fewest; 0 for no limit.</param>
/// <param name="maximum">Most; -1 for no limit.</param>
public sealed class LengthAttribute(int minimum, int maximum) : SchemaConstraintAttribute
{
    /// <summary>Gets the fewest characters.</summary>
    public int Minimum { get; } = minimum;

    /// <summary>Gets the most characters; -1 for no limit.</summary>
    public int Maximum { get; } = maximum;
}

/// <summary>How many items a list, or how many entries a map, may have.</summary>
/// <param name="minimum">Fewest; 0 for no limit.</param>
/// <param name="maximum">Most; -1 for no limit.</param>
public sealed class ItemsAttribute(int minimum, int maximum) : SchemaConstraintAttribute
{
    /// <summary>Gets the fewest items.</summary>
    public int Minimum { get; } = minimum;

    /// <summary>Gets the most items; -1 for no limit.</summary>
    public int Maximum { get; } = maximum;
}

/// <summary>The values a text may have.</summary>
public sealed class EmbeddedEnumAttribute : SchemaConstraintAttribute
{
    /// <summary>Names the values.</summary>
    public EmbeddedEnumAttribute(params string[] values) => Values = values;

    /// <summary>Takes the public string constants of a class, in the order in which they are declared.</summary>
    public EmbeddedEnumAttribute(Type constants) => Constants = constants;

    /// <summary>Gets the values; null when a class has them.</summary>
    public string[]? Values { get; }

    /// <summary>Gets the class; null when the values are named.</summary>
    public Type? Constants { get; }
}

/// <summary>The text is a duration such as <c>1h30m</c> (GEP-2257), which Go and C# read alike; at most 20 characters.</summary>
public sealed class DurationAttribute : SchemaConstraintAttribute
{
    /// <summary>What a duration looks like.</summary>
    public const string Pattern = "^([0-9]{1,5}(h|m|s|ms)){1,4}$";
}

/// <summary>The value is a whole number or a text, such as a percentage. The property is a <c>string</c> read tolerantly, or the client's IntOrString.</summary>
public sealed class IntOrStringAttribute : SchemaConstraintAttribute;

/// <summary>What the API server fills in when the field is absent.</summary>
/// <param name="json">The value as JSON: <c>"Auto"</c> with its quotes, <c>3</c>, <c>{}</c>.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class DefaultAttribute(string json) : Attribute
{
    /// <summary>Gets the value as JSON.</summary>
    public string Json { get; } = json;
}

/// <summary>The API server keeps what the schema does not know.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, Inherited = false)]
public sealed class PreserveUnknownFieldsAttribute : Attribute;

/// <summary>How lists merge in server-side apply.</summary>
public enum ListKind
{
    /// <summary>As a whole.</summary>
    Atomic,

    /// <summary>As a set of scalars.</summary>
    Set,

    /// <summary>By key; see <see cref="ListMapKeysAttribute"/>.</summary>
    Map,
}

/// <summary>How a list merges in server-side apply; also makes the server refuse duplicates for Set and Map.</summary>
/// <param name="kind">The way.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ListTypeAttribute(ListKind kind) : Attribute
{
    /// <summary>Gets the way.</summary>
    public ListKind Kind { get; } = kind;
}

/// <summary>Which members of an item tell it from the others; implies <see cref="ListKind.Map"/>.</summary>
/// <param name="keys">JSON names of required members.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ListMapKeysAttribute(params string[] keys) : Attribute
{
    /// <summary>Gets the names.</summary>
    public string[] Keys { get; } = keys;
}

/// <summary>The object is replaced as a whole in server-side apply.</summary>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class AtomicMapAttribute : Attribute;

/// <summary>A CEL rule. On a class it holds wherever the class is used; on a property, for that one.</summary>
/// <param name="rule">The expression; <c>self</c> is the value, <c>oldSelf</c> the one before.</param>
/// <param name="message">What a user reads when it does not hold.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class ValidationRuleAttribute(string rule, string message) : Attribute
{
    /// <summary>Gets the expression.</summary>
    public string Rule { get; } = rule;

    /// <summary>Gets the message.</summary>
    public string Message { get; } = message;

    /// <summary>Gets or sets an expression that makes the message; null for none.</summary>
    public string? MessageExpression { get; set; }

    /// <summary>Gets or sets the machine-readable reason; null for the default, FieldValueInvalid.</summary>
    public string? Reason { get; set; }

    /// <summary>Gets or sets the field that the error names, relative to this value; null for this value.</summary>
    public string? FieldPath { get; set; }

    /// <summary>Gets or sets the rule's place among the rules of one class or property: reflection gives no order.</summary>
    public int Order { get; set; }
}
