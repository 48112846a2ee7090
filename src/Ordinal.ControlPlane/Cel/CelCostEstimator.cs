using System.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>What is known of a part of an expression before it is evaluated.</summary>
/// <param name="Cost">What it costs at most.</param>
/// <param name="Size">How many entries, characters or bytes its value has at most.</param>
internal readonly record struct CelEstimate(double Cost, double Size)
{
    /// <summary>Gets the type of the place in the object that the value comes from; null when it is computed.</summary>
    public CelType? Place { get; init; }
}

/// <summary>
/// Estimates what an expression costs at most, as a real API server does before it takes a CRD: the model of cel-go with Kubernetes'
/// functions. What has no known size counts as endless. Where cel-go takes a name or an entry without a place in the object for
/// the object itself, so does this: who writes a rule must hear the same here and there.
/// </summary>
internal sealed class CelCostEstimator(IReadOnlyDictionary<CelExpression, CelType> types, IReadOnlyDictionary<string, CelType> variables)
{
    private const double Endless = 18446744073709551615.0;
    private const double PerCharacter = 0.1;
    private const double PerPatternCharacter = 0.25;
    private const double LongestPattern = 128;
    private const double LongestFormat = 64;
    private const double LongestAddress = 16;
    private const int ListCost = 10;
    private const int MapCost = 30;

    private readonly Dictionary<string, CelEstimate> _locals = new(StringComparer.Ordinal);

    /// <summary>Estimates an expression.</summary>
    public CelEstimate Estimate(CelExpression expression)
    {
        CelEstimate estimate = expression switch
        {
            CelLiteral literal => new CelEstimate(0, literal.Value switch { CelText text => text.Value.EnumerateRunes().Count(), CelBytes bytes => bytes.Value.Length, _ => 1 }),
            CelIdentifier identifier => Identifier(identifier),
            CelSelect select => Select(select),
            CelCall call => Call(call),
            CelLogical logical => new CelEstimate(logical.Terms.Sum(t => Estimate(t).Cost), 1),
            CelConditional conditional => Conditional(conditional),
            CelListLiteral list => new CelEstimate(ListCost + list.Items.Sum(i => Estimate(i).Cost), list.Items.Count),
            CelMapLiteral map => new CelEstimate(MapCost + map.Entries.Sum(e => Estimate(e.Key).Cost + Estimate(e.Value).Cost), map.Entries.Count),
            CelComprehension comprehension => Comprehension(comprehension),
            CelOptionalMap optional => OptionalMap(optional),
            _ => new CelEstimate(Endless, Endless),
        };
        return estimate with { Cost = Math.Min(estimate.Cost, Endless), Size = Math.Min(estimate.Size, Endless) };
    }

    private static CelEstimate At(double cost, CelType place) => new(cost, place.MostElements) { Place = place };

    private static double Units(double size, double factor) => Math.Ceiling(Math.Min(size, Endless) * factor);

    private static bool IsSequence(CelKind kind) => kind is CelKind.Text or CelKind.Bytes or CelKind.List or CelKind.Map or CelKind.Object or CelKind.Dynamic or CelKind.Null or CelKind.Type;

    private CelKind KindOf(CelExpression expression) => types.TryGetValue(expression, out CelType? type) ? type.Kind : CelKind.Dynamic;

    /// <summary>A computed value of a simple type counts as one; of any other nothing is known.</summary>
    private double SizeOf(CelExpression expression) => IsSequence(KindOf(expression)) || KindOf(expression) == CelKind.Optional ? Endless : 1;

    private CelEstimate Identifier(CelIdentifier identifier) => _locals.TryGetValue(identifier.Name, out CelEstimate local) ? local with { Cost = 1 }
        : variables.TryGetValue(identifier.Name, out CelType? type) ? At(1, type.Kind == CelKind.Optional ? type.Parameters[0] : type)
        : At(1, variables["self"]);

    private CelEstimate Select(CelSelect select)
    {
        CelEstimate operand = Estimate(select.Operand);
        if (select.IsTest)
        {
            return new CelEstimate(operand.Cost, 1);
        }

        double cost = operand.Cost + (KindOf(select.Operand) is CelKind.Map or CelKind.Object or CelKind.Optional ? 1 : 0);
        CelType? place = operand.Place?.Kind switch
        {
            CelKind.Map => operand.Place.Parameters[1],
            CelKind.Object => operand.Place.Fields.TryGetValue(select.Field, out CelField? field) ? field.Type : null,
            _ => null,
        };
        return place is null ? new CelEstimate(cost, SizeOf(select)) : At(cost, place);
    }

    private CelEstimate Conditional(CelConditional conditional)
    {
        CelEstimate yes = Estimate(conditional.Yes), no = Estimate(conditional.No);
        return new CelEstimate(Estimate(conditional.Condition).Cost + Math.Max(yes.Cost, no.Cost), Math.Max(yes.Size, no.Size));
    }

    private CelEstimate OptionalMap(CelOptionalMap optional)
    {
        CelEstimate target = Estimate(optional.Target);
        CelEstimate body = Within(optional.Variable, target with { Cost = 1 }, () => Estimate(optional.Body));
        return new CelEstimate(target.Cost + body.Cost + 3, SizeOf(optional));
    }

    private CelEstimate Comprehension(CelComprehension comprehension)
    {
        CelEstimate range = Estimate(comprehension.Range);
        CelEstimate item = range.Place?.Kind switch
        {
            CelKind.List or CelKind.Map => At(1, range.Place.Parameters[0]),
            _ => At(1, variables["self"]),
        };
        return Within(comprehension.Variable, item, () =>
        {
            CelEstimate body = Estimate(comprehension.Body);
            double filter = comprehension.Filter is null ? 0 : Estimate(comprehension.Filter).Cost;

            // What begins, ends and surrounds the body in the loops that macros stand for.
            (double outside, double each) = comprehension.Macro switch
            {
                CelMacro.All => (1, body.Cost + 3),
                CelMacro.Exists => (1, body.Cost + 4),
                CelMacro.ExistsOne => (2, body.Cost + 2),
                CelMacro.Map => (ListCost + 1, filter + body.Cost + ListCost + 2),
                CelMacro.Filter => (ListCost + 1, body.Cost + ListCost + 3),
            };
            bool isList = comprehension.Macro is CelMacro.Map or CelMacro.Filter;
            return new CelEstimate(range.Cost + outside + (range.Size * each), isList ? range.Size : 1);
        });
    }

    private T Within<T>(string variable, CelEstimate value, Func<T> estimate)
    {
        bool hides = _locals.TryGetValue(variable, out CelEstimate hidden);
        _locals[variable] = value;
        T result = estimate();
        if (hides)
        {
            _locals[variable] = hidden;
        }
        else
        {
            _locals.Remove(variable);
        }

        return result;
    }

    private CelEstimate Call(CelCall call)
    {
        CelEstimate[] a = [.. call.Arguments.Select(Estimate)];
        double sum = a.Sum(x => x.Cost);
        CelKind first = call.Arguments.Count > 0 ? KindOf(call.Arguments[0]) : CelKind.Null;
        switch (call.Function)
        {
            case "dyn":
                return a[0] with { Cost = sum + 1 };
            case "_[_]" or "_[?_]" when a[0].Place?.Kind is CelKind.List or CelKind.Map:
                return At(sum + 1, a[0].Place!.Parameters[^1]);
            case "_==_" when types.TryGetValue(call.Arguments[0], out CelType? left) && types.TryGetValue(call.Arguments[1], out CelType? right) && left.Is(right)
                && ComparisonOf(left, a[1].Size) is { } comparison:
                return new CelEstimate(sum + comparison, 1);
            case "_==_" or "_!=_":
                return new CelEstimate(sum + Units(Math.Min(a[0].Size, a[1].Size), PerCharacter), 1);
            case "_<_" or "_<=_" or "_>_" or "_>=_" when first is CelKind.Text or CelKind.Bytes:
                return new CelEstimate(sum + Units(Math.Min(a[0].Size, a[1].Size), PerCharacter), 1);
            case "@in" when KindOf(call.Arguments[1]) is CelKind.List or CelKind.Dynamic:
                return new CelEstimate(sum + a[1].Size, 1);
            case "_+_" when first is CelKind.List:
                return new CelEstimate(sum + 1, a[0].Size + a[1].Size);
            case "_+_" when first is CelKind.Text or CelKind.Bytes or CelKind.Dynamic:
                return new CelEstimate(sum + Units(a[0].Size + a[1].Size, PerCharacter), a[0].Size + a[1].Size);
            case "slice" or "reverse" or "flatten" or "distinct" or "sort" or "lists.range" when first is CelKind.List or CelKind.Int or CelKind.Dynamic:
                return Listed(call, a, sum);
            case "isSorted" or "sum" or "min" or "max" or "indexOf" or "lastIndexOf":
                return new CelEstimate(sum + Traversal(call, a[0]), SizeOf(call));
            default:
                return Texts(call, a, sum) ?? Parsed(call, a, sum) ?? new CelEstimate(sum + 1, SizeOf(call));
        }
    }

    /// <summary>A look at each entry of a list, and at each character of texts in it.</summary>
    private double Traversal(CelCall call, CelEstimate target)
    {
        if (KindOf(call.Arguments[0]) != CelKind.List)
        {
            return Units(target.Size, PerCharacter);
        }

        CelType item = types[call.Arguments[0]].Parameters[0];
        double text = target.Place is { Kind: CelKind.List } place ? place.Parameters[0].MostElements : Endless;
        return target.Size * (1 + (item.Kind is CelKind.Text or CelKind.Bytes ? Units(text, PerCharacter) : 0));
    }

    private CelEstimate? Texts(CelCall call, CelEstimate[] a, double sum)
    {
        switch (call.Function)
        {
            case "startsWith" or "endsWith":
                return new CelEstimate(sum + Units(a[1].Size, PerCharacter), 1);
            case "contains":
                return new CelEstimate(sum + (Units(a[0].Size, PerCharacter) * Units(a[1].Size, PerCharacter)), 1);
            case "matches":
                return new CelEstimate(sum + (Units(a[0].Size + 1, PerCharacter) * Units(a[1].Size, PerPatternCharacter)), 1);
            case "find" or "findAll":
                return new CelEstimate(sum + (Units(a[0].Size + 1, PerCharacter) * Units(a[1].Size, PerPatternCharacter)), a[0].Size);
            case "lowerAscii" or "upperAscii" or "substring" or "trim":
                return new CelEstimate(sum + Units(a[0].Size, PerCharacter), a[0].Size);
            case "strings.quote":
                return new CelEstimate(sum + Units(a[0].Size, PerCharacter), (a[0].Size * 2) + 2);
            case "replace":
                return new CelEstimate(sum + Units(a[0].Size, 2 * PerCharacter), Replaced(call, a));
            case "split":
                double most = call.Arguments.Count > 2 && call.Arguments[2] is CelLiteral { Value: CelInt { Value: >= 0 } limit } ? limit.Value : a[0].Size;
                return new CelEstimate(sum + Units(a[0].Size, 2 * PerCharacter), most);
            case "join":
                double item = a[0].Place is { Kind: CelKind.List } place ? place.Parameters[0].MostElements : Endless;
                double size = (a[0].Size * item) + (a.Length > 1 ? a[1].Size * Math.Max(0, a[0].Size - 1) : 0);
                return new CelEstimate(sum + Units(size, PerCharacter), size);
            case "bytes" when KindOf(call.Arguments[0]) == CelKind.Text:
                return new CelEstimate(sum + Units(a[0].Size, PerCharacter), a[0].Size * 4);
            case "string" when KindOf(call.Arguments[0]) == CelKind.Bytes:
                return new CelEstimate(sum + Units(a[0].Size, PerCharacter), a[0].Size);
            default:
                return null;
        }
    }

    /// <summary>What makes a list: the list itself, and so much for each entry.</summary>
    private CelEstimate Listed(CelCall call, CelEstimate[] a, double sum)
    {
        static double Literal(CelCall call, int at, double otherwise) => call.Arguments.Count > at && call.Arguments[at] is CelLiteral { Value: CelInt whole } ? whole.Value : otherwise;

        bool isText = call.Function == "sort" && types[call.Arguments[0]].Parameters is [{ Kind: CelKind.Text or CelKind.Bytes }];
        (double size, double each) = call.Function switch
        {
            "slice" => (Literal(call, 2, a[0].Size) - Literal(call, 1, 0), 1),
            "lists.range" => (Literal(call, 0, Endless), 1),
            "flatten" => (a[0].Size, call.Arguments.Count > 1 ? Literal(call, 1, Endless) : 1),
            "reverse" => (a[0].Size, 1),
            _ => (a[0].Size * a[0].Size, isText ? 2 + PerCharacter : 2),
        };
        return new CelEstimate(sum + Units(size, each) + 1 + ListCost, size);
    }

    /// <summary>What is read from a text, and what compares it.</summary>
    private CelEstimate? Parsed(CelCall call, CelEstimate[] a, double sum)
    {
        // Two networks are compared by the bytes of two addresses.
        double networks = Units(2 * LongestAddress, PerCharacter);
        double text = call.Arguments.Count > 1 && KindOf(call.Arguments[1]) == CelKind.Text ? Units(a[1].Size, PerCharacter) : 0;
        double? cost = call.Function switch
        {
            "url" => Units(a[0].Size, PerCharacter),
            "quantity" or "isQuantity" or "semver" or "isSemver" or "cidr" or "isIP" or "isCIDR" => Units(a[0].Size, PerCharacter),
            "ip" when !call.IsMethod => Units(a[0].Size, PerCharacter),
            "ip.isCanonical" => Units(a[0].Size, 2 * PerCharacter),
            "containsIP" => networks + text,
            "containsCIDR" => networks + Units(LongestAddress, PerCharacter) + 1 + text,
            "validate" => Units(Units(a[1].Size, PerCharacter), LongestPattern * PerPatternCharacter),
            _ => null,
        };
        return cost is null ? null : new CelEstimate(sum + cost.Value, call.Function == "url" ? a[0].Size : SizeOf(call));
    }

    /// <summary>What it costs to compare two values of Kubernetes' own types; null for all others.</summary>
    private static double? ComparisonOf(CelType type, double size) =>
        type.Is(CelType.Quantity) || type.Is(CelType.Address) || type.Is(CelType.Network) || type.Is(CelType.Semver) ? 1
        : type.Is(CelType.Format) ? Units(LongestFormat, PerCharacter)
        : type.Is(CelType.Url) ? Units(size, PerCharacter) : null;

    private static double Replaced(CelCall call, CelEstimate[] a)
    {
        double least = call.Arguments[1] is CelLiteral { Value: CelText text } ? Encoding.UTF8.GetByteCount(text.Value) : 0;
        return least == 0 ? ((a[0].Size + 1) * a[2].Size) + a[0].Size
            : a[2].Size <= least ? a[0].Size : Math.Ceiling(a[0].Size / least) * a[2].Size;
    }
}
