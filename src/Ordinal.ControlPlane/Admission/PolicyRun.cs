using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cel;

namespace Ordinal.ControlPlane.Admission;

/// <summary>What one expression came to: a value, or why there is none.</summary>
internal readonly record struct PolicyOutcome(CelValue? Value, string? Error);

/// <summary>All of a policy may cost no more: no expression after it is evaluated.</summary>
internal sealed class PolicyBudgetException() : Exception("validation failed due to running out of cost budget, no further validation rules will be run");

/// <summary>
/// The expressions of one policy on one write. Variables are evaluated when they are first asked for, and once.
/// </summary>
internal sealed class PolicyRun
{
    // RuntimeCELCostBudget of apiserver/pkg/apis/cel/config.go.
    private long _left = 10_000_000;
    private readonly Dictionary<string, CelValue> _values;
    private readonly Dictionary<string, CelValue> _known = new(StringComparer.Ordinal);
    private readonly PolicyExpressions _expressions;

    public PolicyRun(PolicyExpressions expressions, AdmissionAttributes attributes, JsonObject? namespaceObject, JsonObject? parameters)
    {
        _expressions = expressions;
        _values = new Dictionary<string, CelValue>(StringComparer.Ordinal)
        {
            ["object"] = CelSchema.Read(attributes.Object, CelType.Dynamic),
            ["oldObject"] = CelSchema.Read(attributes.OldObject, CelType.Dynamic),
            ["request"] = CelSchema.Read(attributes.Request(), AdmissionTypes.Request),
            ["namespaceObject"] = CelSchema.Read(namespaceObject, AdmissionTypes.Namespace),
            ["params"] = CelSchema.Read(parameters, CelType.Dynamic),
        };
        if (expressions.VariablesType is { } type)
        {
            _values["variables"] = new CelVariables(type, Variable);
        }
    }

    /// <summary>Evaluates a match condition, which is not shown the namespace.</summary>
    /// <exception cref="PolicyBudgetException">The whole policy has cost too much.</exception>
    public PolicyOutcome EvaluateCondition(PolicyExpression expression) =>
        Evaluate(expression, new Dictionary<string, CelValue>(_values, StringComparer.Ordinal) { ["namespaceObject"] = CelNull.Instance });

    /// <summary>Evaluates an expression.</summary>
    /// <exception cref="PolicyBudgetException">The whole policy has cost too much.</exception>
    public PolicyOutcome Evaluate(PolicyExpression expression) => Evaluate(expression, _values);

    private PolicyOutcome Evaluate(PolicyExpression expression, Dictionary<string, CelValue> values)
    {
        if (expression.Program is not { } program)
        {
            return new PolicyOutcome(null, $"compilation error: {expression.Problem}");
        }

        CelValue value = Run(program, values);
        return value is CelError error ? new PolicyOutcome(null, $"expression '{expression.Source}' resulted in error: {error.Message}") : new PolicyOutcome(value, null);
    }

    private CelValue Run(CelProgram program, Dictionary<string, CelValue> values)
    {
        bool isLast = _left <= CelBudget.PerCall;
        var budget = new CelBudget(Math.Min(CelBudget.PerCall, _left));
        try
        {
            return program.Evaluate(values, budget);
        }
        catch (CelBudgetException) when (isLast)
        {
            throw new PolicyBudgetException();
        }
        catch (CelBudgetException e)
        {
            return new CelError(e.Message);
        }
        finally
        {
            _left -= budget.Spent;
        }
    }

    private CelValue? Variable(string name)
    {
        if (_known.TryGetValue(name, out CelValue? known))
        {
            return known;
        }

        if (!_expressions.Variables.TryGetValue(name, out PolicyExpression? expression))
        {
            return null;
        }

        CelValue value = expression.Program is { } program ? Run(program, _values) : new CelError("");
        if (value is CelError error)
        {
            value = new CelError(expression.Program is null
                ? $"composited variable \"{name}\" fails to compile: {expression.Problem}"
                : $"composited variable \"{name}\" fails to evaluate: {error.Message}");
        }

        _known[name] = value;
        return value;
    }
}
