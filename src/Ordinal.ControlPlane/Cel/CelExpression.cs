namespace Ordinal.ControlPlane.Cel;

/// <summary>A parsed expression. The hierarchy is closed.</summary>
/// <param name="Position">Where errors about it point.</param>
/// <param name="Depth">How deep it is nested; bounded by the parser, so that walking it may recurse.</param>
internal abstract record CelExpression(int Position, int Depth)
{
    protected static int Deeper(params IEnumerable<CelExpression?> children) => 1 + children.Select(c => c?.Depth ?? 0).DefaultIfEmpty(0).Max();
}

/// <summary>A constant.</summary>
internal sealed record CelLiteral(int Position, CelValue Value) : CelExpression(Position, 1);

/// <summary>A variable or the name of a type.</summary>
internal sealed record CelIdentifier(int Position, string Name) : CelExpression(Position, 1);

/// <summary>A field: <c>a.b</c>, <c>a.?b</c>, or <c>has(a.b)</c> when it only tests.</summary>
internal sealed record CelSelect(int Position, CelExpression Operand, string Field, bool IsTest, bool IsOptional) : CelExpression(Position, Deeper(Operand));

/// <summary>A call of a function or an operator; a method has its receiver as the first argument.</summary>
internal sealed record CelCall(int Position, string Function, bool IsMethod, IReadOnlyList<CelExpression> Arguments)
    : CelExpression(Position, Deeper(Arguments));

/// <summary><c>a &amp;&amp; b &amp;&amp; …</c> or <c>a || b || …</c>: the order of the terms does not matter, an error counts only when no other term decides.</summary>
internal sealed record CelLogical(int Position, bool IsAnd, IReadOnlyList<CelExpression> Terms) : CelExpression(Position, Deeper(Terms));

/// <summary><c>condition ? yes : no</c>.</summary>
internal sealed record CelConditional(int Position, CelExpression Condition, CelExpression Yes, CelExpression No)
    : CelExpression(Position, Deeper(Condition, Yes, No));

/// <summary>A list; the items at the optional places are left out when they have no value.</summary>
internal sealed record CelListLiteral(int Position, IReadOnlyList<CelExpression> Items, IReadOnlySet<int> Optional) : CelExpression(Position, Deeper(Items));

/// <summary>A map.</summary>
internal sealed record CelMapLiteral(int Position, IReadOnlyList<(CelExpression Key, CelExpression Value, bool IsOptional)> Entries)
    : CelExpression(Position, Deeper(Entries.SelectMany(e => new[] { e.Key, e.Value })));

/// <summary>The macros that walk a list or the keys of a map.</summary>
internal enum CelMacro
{
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

/// <summary>A macro with a variable of its own; <see cref="CelMacro.Map"/> may have a filter.</summary>
internal sealed record CelComprehension(int Position, CelMacro Macro, CelExpression Range, string Variable, CelExpression? Filter, CelExpression Body)
    : CelExpression(Position, Deeper(Range, Filter, Body));

/// <summary><c>optMap</c> and <c>optFlatMap</c>.</summary>
internal sealed record CelOptionalMap(int Position, CelExpression Target, string Variable, CelExpression Body, bool IsFlat)
    : CelExpression(Position, Deeper(Target, Body));
