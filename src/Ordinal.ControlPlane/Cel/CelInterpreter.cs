using System.Collections.Immutable;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Evaluates expressions. Recursion is bounded by the parser, work by the budget.</summary>
internal sealed class CelInterpreter(CelBudget budget)
{
    private const int ListCost = 10;
    private const int MapCost = 30;

    public CelValue Evaluate(CelExpression expression, CelScope scope)
    {
        switch (expression)
        {
            case CelLiteral literal:
                return literal.Value;
            case CelIdentifier identifier:
                budget.Spend(1);
                return scope.Find(identifier.Name) ?? (CelChecker.TypeName(identifier.Name) is { } type
                    ? new CelTypeValue(type) : new CelError($"no such attribute(s): {identifier.Name}"));
            case CelSelect select:
                return Select(select, scope);
            case CelCall call:
                return Call(call, scope);
            case CelLogical logical:
                return Logical(logical, scope);
            case CelConditional conditional:
                return Evaluate(conditional.Condition, scope) switch
                {
                    CelBool { Value: true } => Evaluate(conditional.Yes, scope),
                    CelBool => Evaluate(conditional.No, scope),
                    CelError error => error,
                    _ => CelError.NoSuchOverload,
                };
            case CelListLiteral list:
                return ListLiteral(list, scope);
            case CelMapLiteral map:
                return MapLiteral(map, scope);
            case CelComprehension comprehension:
                return Comprehension(comprehension, scope);
            case CelOptionalMap optional:
                return OptionalMap(optional, scope);
            default:
                throw new InvalidOperationException($"{expression.GetType().Name} cannot be evaluated");
        }
    }

    private static CelValue? Field(CelValue subject, string name) => subject switch
    {
        CelObject known => CelSchema.Field(known, name),
        CelMap map => map.Find(new CelText(name)),
        CelVariables variables => variables.Find(name),
        CelNull => null,
        _ => CelError.NoSuchOverload,
    };

    private CelValue Select(CelSelect select, CelScope scope)
    {
        if (Dotted(select) is { } name && CelChecker.TypeName(name) is not null)
        {
            return new CelTypeValue(name);
        }

        CelValue subject = Evaluate(select.Operand, scope);
        budget.Spend(1);
        bool isOptional = subject is CelOptional;
        if (subject is CelOptional optional)
        {
            if (optional.Value is null)
            {
                return select.IsTest ? CelBool.False : optional;
            }

            subject = optional.Value;
        }

        if (subject is CelError)
        {
            return subject;
        }

        CelValue? field = Field(subject, select.Field);
        return field switch
        {
            CelError => field,
            _ when select.IsTest => CelBool.Of(field is not null),
            _ when isOptional || select.IsOptional => new CelOptional(field),
            null => new CelError($"no such key: {select.Field}"),
            _ => field,
        };
    }

    private static string? Dotted(CelExpression expression) => expression switch
    {
        CelIdentifier identifier => identifier.Name,
        CelSelect { IsTest: false, IsOptional: false } select when Dotted(select.Operand) is { } parent => $"{parent}.{select.Field}",
        _ => null,
    };

    private CelValue Call(CelCall call, CelScope scope)
    {
        var arguments = new CelValue[call.Arguments.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Evaluate(call.Arguments[i], scope);
            if (arguments[i] is CelError)
            {
                return arguments[i];
            }
        }

        budget.Spend(1 + CelFunctions.Cost(call.Function, arguments));
        return CelFunctions.Call(call.Function, arguments);
    }

    private CelValue Logical(CelLogical logical, CelScope scope)
    {
        CelValue? failure = null;
        foreach (CelExpression term in logical.Terms)
        {
            CelValue value = Evaluate(term, scope);
            if (value is CelBool flag)
            {
                if (flag.Value != logical.IsAnd)
                {
                    return flag;
                }
            }
            else
            {
                failure ??= value is CelError ? value : CelError.NoSuchOverload;
            }
        }

        return failure ?? CelBool.Of(logical.IsAnd);
    }

    private CelValue ListLiteral(CelListLiteral list, CelScope scope)
    {
        budget.Spend(ListCost);
        var items = ImmutableArray.CreateBuilder<CelValue>(list.Items.Count);
        foreach ((int i, CelExpression expression) in list.Items.Index())
        {
            CelValue item = Evaluate(expression, scope);
            switch (item)
            {
                case CelError:
                    return item;
                case CelOptional optional when list.Optional.Contains(i):
                    if (optional.Value is not null)
                    {
                        items.Add(optional.Value);
                    }

                    break;
                default:
                    items.Add(item);
                    break;
            }
        }

        return new CelList(items.ToImmutable());
    }

    private CelValue MapLiteral(CelMapLiteral map, CelScope scope)
    {
        budget.Spend(MapCost);
        var entries = ImmutableArray.CreateBuilder<(CelValue, CelValue)>(map.Entries.Count);
        foreach ((CelExpression keyExpression, CelExpression valueExpression, bool isOptional) in map.Entries)
        {
            CelValue key = Evaluate(keyExpression, scope);
            CelValue value = Evaluate(valueExpression, scope);
            if (key is CelError || value is CelError)
            {
                return key is CelError ? key : value;
            }

            if (entries.Any(e => CelEquality.Same(e.Item1, key)))
            {
                return new CelError($"insert failed: key {CelFunctions.Show(key)} already exists");
            }

            if (isOptional && value is CelOptional optional)
            {
                if (optional.Value is not null)
                {
                    entries.Add((key, optional.Value));
                }
            }
            else
            {
                entries.Add((key, value));
            }
        }

        return new CelMap(entries.ToImmutable());
    }

    private CelValue Comprehension(CelComprehension comprehension, CelScope scope)
    {
        CelValue range = Evaluate(comprehension.Range, scope);
        if (range is CelError)
        {
            return range;
        }

        IReadOnlyList<CelValue>? items = range switch
        {
            CelList list => list.Items,
            CelMap map => [.. map.Entries.Select(e => e.Key)],
            CelObject known => [.. CelSchema.Entries(known).Entries.Select(e => e.Key)],
            _ => null,
        };
        if (items is null)
        {
            return CelError.NoSuchOverload;
        }

        return comprehension.Macro switch
        {
            CelMacro.All or CelMacro.Exists => Any(comprehension, scope, items, comprehension.Macro == CelMacro.All),
            CelMacro.ExistsOne => One(comprehension, scope, items),
            _ => Select(comprehension, scope, items),
        };
    }

    /// <summary>Looks for the item that decides; an error counts only when none does.</summary>
    private CelValue Any(CelComprehension comprehension, CelScope scope, IReadOnlyList<CelValue> items, bool isAll)
    {
        CelValue? failure = null;
        foreach (CelValue item in items)
        {
            budget.Spend(2);
            CelValue value = Evaluate(comprehension.Body, scope.With(comprehension.Variable, item));
            if (value is CelBool flag)
            {
                if (flag.Value != isAll)
                {
                    return flag;
                }
            }
            else
            {
                failure ??= value is CelError ? value : CelError.NoSuchOverload;
            }
        }

        return failure ?? CelBool.Of(isAll);
    }

    private CelValue One(CelComprehension comprehension, CelScope scope, IReadOnlyList<CelValue> items)
    {
        int found = 0;
        foreach (CelValue item in items)
        {
            budget.Spend(2);
            CelValue value = Evaluate(comprehension.Body, scope.With(comprehension.Variable, item));
            if (value is not CelBool flag)
            {
                return value is CelError ? value : CelError.NoSuchOverload;
            }

            found += flag.Value ? 1 : 0;
        }

        return CelBool.Of(found == 1);
    }

    private CelValue Select(CelComprehension comprehension, CelScope scope, IReadOnlyList<CelValue> items)
    {
        bool isMap = comprehension.Macro == CelMacro.Map;
        CelExpression? condition = isMap ? comprehension.Filter : comprehension.Body;
        var result = ImmutableArray.CreateBuilder<CelValue>(items.Count);
        foreach (CelValue item in items)
        {
            budget.Spend(2);
            CelScope inner = scope.With(comprehension.Variable, item);
            if (condition is not null)
            {
                CelValue decision = Evaluate(condition, inner);
                if (decision is not CelBool flag)
                {
                    return decision is CelError ? decision : CelError.NoSuchOverload;
                }

                if (!flag.Value)
                {
                    continue;
                }
            }

            budget.Spend(ListCost);
            CelValue value = isMap ? Evaluate(comprehension.Body, inner) : item;
            if (value is CelError)
            {
                return value;
            }

            result.Add(value);
        }

        return new CelList(result.ToImmutable());
    }

    private CelValue OptionalMap(CelOptionalMap optional, CelScope scope)
    {
        switch (Evaluate(optional.Target, scope))
        {
            case CelError error:
                return error;
            case CelOptional { Value: null } none:
                return none;
            case CelOptional { Value: { } value }:
                CelValue mapped = Evaluate(optional.Body, scope.With(optional.Variable, value));
                return mapped is CelError || optional.IsFlat ? mapped : new CelOptional(mapped);
            default:
                return CelError.NoSuchOverload;
        }
    }
}
