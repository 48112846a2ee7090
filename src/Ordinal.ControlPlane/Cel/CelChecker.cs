namespace Ordinal.ControlPlane.Cel;

/// <summary>
/// Finds out the type of an expression before it is evaluated, and with it misspelt fields and calls that can never work. The words
/// are those of cel-go.
/// </summary>
internal sealed class CelChecker
{
    private static readonly Dictionary<string, CelType> TypeNames = new(StringComparer.Ordinal)
    {
        ["bool"] = CelType.Bool,
        ["int"] = CelType.Int,
        ["uint"] = CelType.Uint,
        ["double"] = CelType.Double,
        ["string"] = CelType.Text,
        ["bytes"] = CelType.Bytes,
        ["null_type"] = CelType.Null,
        ["dyn"] = CelType.Dynamic,
        ["list"] = CelType.ListOf(CelType.Dynamic),
        ["map"] = CelType.MapOf(CelType.Dynamic, CelType.Dynamic),
        ["optional_type"] = CelType.OptionalOf(CelType.Dynamic),
        ["type"] = CelType.TypeOf(CelType.Dynamic),
        ["google.protobuf.Duration"] = CelType.Duration,
        ["google.protobuf.Timestamp"] = CelType.Timestamp,
    };

    private readonly List<CelIssue> _issues = [];
    private readonly CelUnification _types = new();
    private readonly Dictionary<string, CelType> _variables;

    private CelChecker(IReadOnlyDictionary<string, CelType> variables) => _variables = new(variables, StringComparer.Ordinal);

    /// <summary>Gets the type of each part, as far as it is known when the part has been checked.</summary>
    private Dictionary<CelExpression, CelType> Parts { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Gets the variables that the expression uses, those of macros aside.</summary>
    private HashSet<string> Used { get; } = new(StringComparer.Ordinal);

    /// <summary>Checks an expression.</summary>
    /// <exception cref="CelCompilationException">It cannot work.</exception>
    public static (CelType Type, IReadOnlySet<string> Used, IReadOnlyDictionary<CelExpression, CelType> Parts) Check(string source, CelExpression expression, IReadOnlyDictionary<string, CelType> variables)
    {
        var checker = new CelChecker(variables);
        CelType type = checker._types.Resolve(checker.TypeOf(expression), true);
        foreach (CelExpression part in checker.Parts.Keys)
        {
            checker.Parts[part] = checker._types.Resolve(checker.Parts[part], true);
        }

        return checker._issues.Count == 0 ? (type, checker.Used, checker.Parts) : throw CelCompilationException.Of(source, checker._issues);
    }

    /// <summary>Gets the type that a dotted name stands for; null when it is none.</summary>
    public static string? TypeName(string name) => TypeNames.ContainsKey(name) ? name : null;

    private CelType Problem(int position, string message)
    {
        _issues.Add(new CelIssue(position, message));
        return CelType.Dynamic;
    }

    private string Shown(CelType type) => _types.Resolve(type, true).ToString();

    private CelType TypeOf(CelExpression expression) => Parts[expression] = Find(expression);

    private CelType Find(CelExpression expression) => expression switch
    {
        CelLiteral literal => LiteralType(literal.Value),
        CelIdentifier identifier => Variable(identifier),
        CelSelect select => Select(select),
        CelCall call => Call(call),
        CelLogical logical => Logical(logical),
        CelConditional conditional => Conditional(conditional),
        CelListLiteral list => ListType(list),
        CelMapLiteral map => MapType(map),
        CelComprehension comprehension => Comprehension(comprehension),
        CelOptionalMap optional => OptionalMap(optional),
        _ => throw new InvalidOperationException($"{expression.GetType().Name} has no type"),
    };

    private static CelType LiteralType(CelValue value) => value switch
    {
        CelBool => CelType.Bool,
        CelInt => CelType.Int,
        CelUint => CelType.Uint,
        CelDouble => CelType.Double,
        CelText => CelType.Text,
        CelBytes => CelType.Bytes,
        _ => CelType.Null,
    };

    private CelType Variable(CelIdentifier identifier)
    {
        if (_variables.TryGetValue(identifier.Name, out CelType? type))
        {
            Used.Add(identifier.Name);
            return type;
        }

        return TypeNames.TryGetValue(identifier.Name, out CelType? named)
            ? CelType.TypeOf(named) : Problem(identifier.Position, $"undeclared reference to '{identifier.Name}' (in container '')");
    }

    private CelType Select(CelSelect select)
    {
        if (Qualified(select) is { } name && TypeNames.TryGetValue(name, out CelType? named))
        {
            return CelType.TypeOf(named);
        }

        CelType operand = _types.Resolve(TypeOf(select.Operand), false);
        bool isOptional = operand.Kind == CelKind.Optional;
        CelType subject = isOptional ? operand.Parameters[0] : operand;
        CelType? field = subject.Kind switch
        {
            CelKind.Dynamic or CelKind.Parameter => CelType.Dynamic,
            CelKind.Map => subject.Parameters[1],
            CelKind.Object => subject.Fields.TryGetValue(select.Field, out CelField? known) ? known.Type : null,
            _ => Problem(select.Position, $"type '{Shown(subject)}' does not support field selection"),
        };
        field ??= Problem(select.Position, $"undefined field '{select.Field}'");
        return select.IsTest ? CelType.Bool : isOptional || select.IsOptional ? CelType.OptionalOf(field) : field;
    }

    private static string? Qualified(CelExpression expression) => expression switch
    {
        CelIdentifier identifier => identifier.Name,
        CelSelect { IsTest: false, IsOptional: false } select when Qualified(select.Operand) is { } parent => $"{parent}.{select.Field}",
        _ => null,
    };

    private CelType Call(CelCall call)
    {
        CelType[] arguments = [.. call.Arguments.Select(TypeOf)];
        IReadOnlyList<CelOverload> overloads = CelDeclarations.Of(call.Function);
        if (!overloads.Any(o => o.IsMethod == call.IsMethod))
        {
            return Problem(call.Position, $"undeclared reference to '{call.Function}' (in container '')");
        }

        CelType? result = null;
        foreach (CelOverload overload in overloads)
        {
            if (overload.IsMethod != call.IsMethod || overload.Parameters.Count != arguments.Length)
            {
                continue;
            }

            var names = new Dictionary<string, CelType>(StringComparer.Ordinal);
            CelType[] parameters = [.. overload.Parameters.Select(p => _types.Instantiate(p, names))];
            if (_types.TryAssign(parameters, arguments))
            {
                CelType found = _types.Resolve(_types.Instantiate(overload.Result, names), false);
                result = result is null || result.Is(found) ? found : CelType.Dynamic;
            }
        }

        return result ?? Problem(call.Position, NoOverload(call, arguments));
    }

    private string NoOverload(CelCall call, CelType[] arguments)
    {
        string[] shown = [.. arguments.Select(Shown)];
        string signature = call.IsMethod ? $"{shown[0]}.({string.Join(", ", shown[1..])})" : $"({string.Join(", ", shown)})";
        return $"found no matching overload for '{call.Function}' applied to '{signature}'";
    }

    private CelType Logical(CelLogical logical)
    {
        CelType left = TypeOf(logical.Terms[0]);
        foreach (CelExpression term in logical.Terms.Skip(1))
        {
            CelType right = TypeOf(term);
            if (!_types.TryAssign([CelType.Bool, CelType.Bool], [left, right]))
            {
                string function = logical.IsAnd ? "_&&_" : "_||_";
                Problem(logical.Position, $"found no matching overload for '{function}' applied to '({Shown(left)}, {Shown(right)})'");
            }

            left = CelType.Bool;
        }

        return CelType.Bool;
    }

    private CelType Conditional(CelConditional conditional)
    {
        CelType[] arguments = [TypeOf(conditional.Condition), TypeOf(conditional.Yes), TypeOf(conditional.No)];
        CelType result = _types.Fresh();
        return _types.TryAssign([CelType.Bool, result, result], arguments)
            ? _types.Resolve(arguments[1].Kind == CelKind.Dynamic ? arguments[1] : result, false)
            : Problem(conditional.Position, $"found no matching overload for '_?_:_' applied to '({string.Join(", ", arguments.Select(Shown))})'");
    }

    private CelType ListType(CelListLiteral list)
    {
        CelType? item = null;
        foreach ((int i, CelExpression expression) in list.Items.Index())
        {
            CelType type = TypeOf(expression);
            if (list.Optional.Contains(i))
            {
                type = type.Kind == CelKind.Optional ? type.Parameters[0]
                    : type.Kind == CelKind.Dynamic ? type : Problem(expression.Position, $"expected type 'optional_type' but found '{Shown(type)}'");
            }

            item = Joined(item, type, expression);
        }

        return CelType.ListOf(item ?? _types.Fresh());
    }

    /// <summary>The entries of a literal have one type: Kubernetes takes no mixed ones, unless <c>dyn()</c> says so.</summary>
    private CelType Joined(CelType? first, CelType next, CelExpression expression)
    {
        if (first is null || _types.TryAssign([first], [next]))
        {
            return first is null ? next : first.Kind == CelKind.Dynamic || next.Kind == CelKind.Dynamic ? CelType.Dynamic : _types.Resolve(first, false);
        }

        Problem(expression.Position, $"expected type '{Shown(first)}' but found '{Shown(next)}'");
        return first;
    }

    private CelType MapType(CelMapLiteral map)
    {
        CelType? key = null, value = null;
        foreach ((CelExpression keyExpression, CelExpression valueExpression, bool isOptional) in map.Entries)
        {
            CelType keyType = TypeOf(keyExpression);
            CelType valueType = TypeOf(valueExpression);
            valueType = isOptional && valueType.Kind == CelKind.Optional ? valueType.Parameters[0] : valueType;
            key = Joined(key, keyType, keyExpression);
            value = Joined(value, valueType, valueExpression);
        }

        return CelType.MapOf(key ?? _types.Fresh(), value ?? _types.Fresh());
    }

    private CelType Comprehension(CelComprehension comprehension)
    {
        CelType range = _types.Resolve(TypeOf(comprehension.Range), false);
        CelType item = range.Kind switch
        {
            CelKind.List or CelKind.Map => range.Parameters[0],
            CelKind.Dynamic or CelKind.Parameter => CelType.Dynamic,
            _ => Problem(comprehension.Range.Position, $"expression of type '{Shown(range)}' cannot be range of a comprehension (must be list, map, or dynamic)"),
        };
        return Within(comprehension.Variable, item, () =>
        {
            if (comprehension.Filter is { } filter)
            {
                Condition(filter, comprehension.Position, "_?_:_");
            }

            switch (comprehension.Macro)
            {
                case CelMacro.Map:
                    return CelType.ListOf(TypeOf(comprehension.Body));
                case CelMacro.Filter:
                    Condition(comprehension.Body, comprehension.Position, "_?_:_");
                    return CelType.ListOf(item);
                default:
                    Condition(comprehension.Body, comprehension.Position, comprehension.Macro switch { CelMacro.All => "_&&_", CelMacro.Exists => "_||_", _ => "_?_:_" });
                    return CelType.Bool;
            }
        });
    }

    private void Condition(CelExpression expression, int position, string function)
    {
        CelType type = TypeOf(expression);
        if (!_types.TryAssign([CelType.Bool], [type]))
        {
            Problem(position, $"found no matching overload for '{function}' applied to '(bool, {Shown(type)})'");
        }
    }

    private CelType OptionalMap(CelOptionalMap optional)
    {
        CelType target = _types.Resolve(TypeOf(optional.Target), false);
        CelType value = target.Kind switch
        {
            CelKind.Optional => target.Parameters[0],
            CelKind.Dynamic => CelType.Dynamic,
            _ => Problem(optional.Position, $"found no matching overload for 'hasValue' applied to '{Shown(target)}.()'"),
        };
        CelType body = Within(optional.Variable, value, () => TypeOf(optional.Body));
        return optional.IsFlat ? body : CelType.OptionalOf(body);
    }

    private CelType Within(string variable, CelType type, Func<CelType> check)
    {
        bool hides = _variables.TryGetValue(variable, out CelType? hidden);
        bool wasUsed = Used.Contains(variable);
        _variables[variable] = type;
        CelType result = check();
        if (hides)
        {
            _variables[variable] = hidden!;
        }
        else
        {
            _variables.Remove(variable);
        }

        if (!wasUsed)
        {
            Used.Remove(variable);
        }

        return result;
    }
}
