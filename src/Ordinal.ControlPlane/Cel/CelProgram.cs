namespace Ordinal.ControlPlane.Cel;

/// <summary>An expression that is known to work, ready to be evaluated. It can be shared: an evaluation keeps its state for itself.</summary>
internal sealed class CelProgram
{
    private readonly CelExpression _expression;

    private readonly IReadOnlyDictionary<CelExpression, CelType> _parts;

    private CelProgram(CelExpression expression, CelType type, IReadOnlySet<string> used, IReadOnlyDictionary<CelExpression, CelType> parts)
    {
        _expression = expression;
        _parts = parts;
        Type = type;
        Used = used;
    }

    /// <summary>Gets the type of the result.</summary>
    public CelType Type { get; }

    /// <summary>Gets the variables that the expression uses.</summary>
    public IReadOnlySet<string> Used { get; }

    /// <summary>Compiles an expression.</summary>
    /// <param name="source">The expression.</param>
    /// <param name="variables">Names and types of the variables.</param>
    /// <exception cref="CelCompilationException">It is not well formed, or cannot work with these types.</exception>
    public static CelProgram Compile(string source, IReadOnlyDictionary<string, CelType> variables)
    {
        CelExpression expression = CelParser.Parse(source);
        (CelType type, IReadOnlySet<string> used, IReadOnlyDictionary<CelExpression, CelType> parts) = CelChecker.Check(source, expression, variables);
        return new CelProgram(expression, type, used, parts);
    }

    /// <summary>Estimates what an evaluation costs at most, from the sizes that the types of the variables allow.</summary>
    public double WorstCost(IReadOnlyDictionary<string, CelType> variables) => new CelCostEstimator(_parts, variables).Estimate(_expression).Cost;

    /// <summary>Evaluates the expression. A failure is a <see cref="CelError"/>.</summary>
    /// <param name="variables">Values of the variables.</param>
    /// <param name="budget">What it may cost; it takes off what it did cost.</param>
    /// <exception cref="CelBudgetException">It cost too much.</exception>
    public CelValue Evaluate(IReadOnlyDictionary<string, CelValue> variables, CelBudget budget) =>
        new CelInterpreter(budget).Evaluate(_expression, new CelScope(variables));
}

/// <summary>An evaluation was stopped because it cost too much.</summary>
internal sealed class CelBudgetException() : Exception("operation cancelled: actual cost limit exceeded");

/// <summary>What an evaluation may cost: steps, and more for long strings and lists. The limit of Kubernetes for one call is 1,000,000.</summary>
internal sealed class CelBudget(long limit)
{
    /// <summary>What one call of one rule may cost.</summary>
    public const long PerCall = 1_000_000;

    /// <summary>What all rules may cost for one object.</summary>
    public const long PerObject = 10_000_000;

    /// <summary>Gets what was spent.</summary>
    public long Spent { get; private set; }

    /// <summary>Spends.</summary>
    /// <exception cref="CelBudgetException">More than there was.</exception>
    public void Spend(long steps)
    {
        Spent += steps;
        if (Spent > limit)
        {
            throw new CelBudgetException();
        }
    }
}

/// <summary>The variables that an expression sees; macros put theirs in front.</summary>
internal sealed class CelScope
{
    private readonly CelScope? _outer;
    private readonly string _name = "";
    private readonly CelValue? _value;
    private readonly IReadOnlyDictionary<string, CelValue>? _variables;

    public CelScope(IReadOnlyDictionary<string, CelValue> variables) => _variables = variables;

    private CelScope(CelScope outer, string name, CelValue value)
    {
        _outer = outer;
        _name = name;
        _value = value;
    }

    public CelScope With(string name, CelValue value) => new(this, name, value);

    public CelValue? Find(string name)
    {
        CelScope scope = this;
        while (scope._outer is { } outer)
        {
            if (scope._name == name)
            {
                return scope._value;
            }

            scope = outer;
        }

        return scope._variables!.GetValueOrDefault(name);
    }
}
