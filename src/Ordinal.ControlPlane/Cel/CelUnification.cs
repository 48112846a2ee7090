namespace Ordinal.ControlPlane.Cel;

/// <summary>Finds out what type parameters stand for, by fitting the types of arguments to those of parameters.</summary>
internal sealed class CelUnification
{
    private Dictionary<string, CelType> _bindings = new(StringComparer.Ordinal);
    private int _fresh;

    /// <summary>Makes a type parameter that nothing else uses.</summary>
    public CelType Fresh() => CelType.Parameter($"_var{_fresh++}");

    /// <summary>Replaces the parameters of a declaration by fresh ones.</summary>
    public CelType Instantiate(CelType type, Dictionary<string, CelType> names)
    {
        if (type.Kind == CelKind.Parameter)
        {
            return names.TryGetValue(type.Name, out CelType? known) ? known : names[type.Name] = Fresh();
        }

        return type.Parameters.Count == 0 ? type : type.With(type.Parameters.Select(p => Instantiate(p, names)));
    }

    /// <summary>Replaces parameters by what is known of them; those left over become dynamic when that is wanted.</summary>
    public CelType Resolve(CelType type, bool freeIsDynamic)
    {
        if (type.Kind == CelKind.Parameter)
        {
            return _bindings.TryGetValue(type.Name, out CelType? bound) ? Resolve(bound, freeIsDynamic) : freeIsDynamic ? CelType.Dynamic : type;
        }

        return type.Parameters.Count == 0 ? type : type.With(type.Parameters.Select(p => Resolve(p, freeIsDynamic)));
    }

    /// <summary>Tries to give arguments to parameters; what was found out stays only if all of them fit.</summary>
    public bool TryAssign(IReadOnlyList<CelType> parameters, IReadOnlyList<CelType> arguments)
    {
        var before = new Dictionary<string, CelType>(_bindings, StringComparer.Ordinal);
        for (int i = 0; i < parameters.Count; i++)
        {
            if (!Fits(parameters[i], arguments[i]))
            {
                _bindings = before;
                return false;
            }
        }

        return true;
    }

    private bool Fits(CelType parameter, CelType argument)
    {
        parameter = Top(parameter);
        argument = Top(argument);
        if (parameter.Kind == CelKind.Parameter || argument.Kind == CelKind.Parameter)
        {
            return Bind(parameter, argument);
        }

        if (parameter.Kind == CelKind.Dynamic || argument.Kind == CelKind.Dynamic)
        {
            return true;
        }

        if (parameter.Kind == CelKind.Null || argument.Kind == CelKind.Null)
        {
            CelType other = parameter.Kind == CelKind.Null ? argument : parameter;
            return other.Kind is CelKind.Null or CelKind.Object or CelKind.Duration or CelKind.Timestamp or CelKind.Optional;
        }

        return parameter.Kind == argument.Kind
            && (parameter.Kind != CelKind.Object || parameter.Is(argument))
            && (parameter.Kind == CelKind.Type || parameter.Parameters.Zip(argument.Parameters).All(p => Fits(p.First, p.Second)));
    }

    private bool Bind(CelType left, CelType right)
    {
        if (left.Kind == CelKind.Parameter && right.Kind == CelKind.Parameter && left.Name == right.Name)
        {
            return true;
        }

        (CelType parameter, CelType value) = left.Kind == CelKind.Parameter ? (left, right) : (right, left);
        if (Mentions(value, parameter.Name))
        {
            return false;
        }

        _bindings[parameter.Name] = value;
        return true;
    }

    private CelType Top(CelType type)
    {
        while (type.Kind == CelKind.Parameter && _bindings.TryGetValue(type.Name, out CelType? bound))
        {
            type = bound;
        }

        return type;
    }

    private bool Mentions(CelType type, string parameter)
    {
        type = Top(type);
        return type.Kind == CelKind.Parameter ? type.Name == parameter : type.Parameters.Any(p => Mentions(p, parameter));
    }
}
