using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Admission;

/// <summary>One compiled expression of a policy.</summary>
/// <param name="Source">The expression as it was written.</param>
/// <param name="Program">Null when it does not compile.</param>
/// <param name="Problem">Why it does not compile.</param>
internal sealed record PolicyExpression(string Source, CelProgram? Program, string? Problem);

/// <summary>
/// The expressions of one ValidatingAdmissionPolicy and what they may refer to: <c>object</c>, <c>oldObject</c>, <c>request</c>, <c>namespaceObject</c>,
/// <c>params</c> when the policy has a paramKind, and <c>variables</c>, each of which sees those before it.
/// </summary>
internal sealed class PolicyExpressions
{
    private readonly Dictionary<string, CelType> _declared = new(StringComparer.Ordinal)
    {
        ["object"] = CelType.Dynamic,
        ["oldObject"] = CelType.Dynamic,
        ["request"] = AdmissionTypes.Request,
        ["namespaceObject"] = AdmissionTypes.Namespace,
    };

    private readonly Dictionary<string, CelField> _variableTypes = new(StringComparer.Ordinal);

    /// <summary>Compiles the variables of a policy.</summary>
    public PolicyExpressions(JsonObject? spec)
    {
        if (spec?["paramKind"] is not null)
        {
            _declared["params"] = CelType.Dynamic;
        }

        // As with a real server: what has no variables has no name for them either.
        if (spec.List("variables") is not { Count: > 0 } variables)
        {
            return;
        }

        VariablesType = CelType.ObjectOf("kubernetes.variables", _variableTypes);
        Dictionary<string, CelType> visible = new(_declared, StringComparer.Ordinal) { ["variables"] = VariablesType };
        foreach (JsonObject variable in variables.OfType<JsonObject>())
        {
            string name = variable.Text("name") ?? "";
            PolicyExpression compiled = Compile(variable.Text("expression") ?? "", visible, null);
            Variables[name] = compiled;
            _variableTypes[name] = new CelField(name, compiled.Program?.Type ?? CelType.Dynamic);
        }

        _withVariables = visible;
    }

    private readonly Dictionary<string, CelType>? _withVariables;

    /// <summary>Gets the type of <c>variables</c>; null when there are none.</summary>
    public CelType? VariablesType { get; }

    /// <summary>Gets the variables by name.</summary>
    public Dictionary<string, PolicyExpression> Variables { get; } = new(StringComparer.Ordinal);

    /// <summary>Compiles a match condition, which sees no variables.</summary>
    public PolicyExpression Condition(string source) => Compile(source, _declared, CelType.Bool);

    /// <summary>Compiles a validation.</summary>
    public PolicyExpression Validation(string source) => Compile(source, _withVariables ?? _declared, CelType.Bool);

    /// <summary>Compiles the expression of a message.</summary>
    public PolicyExpression Message(string source) => Compile(source, _withVariables ?? _declared, CelType.Text);

    /// <summary>Compiles the value of an audit annotation: a string or null.</summary>
    public PolicyExpression Annotation(string source) => Compile(source, _withVariables ?? _declared, CelType.Text, CelType.Null);

    private static PolicyExpression Compile(string source, Dictionary<string, CelType> variables, params CelType[]? wanted)
    {
        try
        {
            CelProgram program = CelProgram.Compile(source, variables);
            if (wanted is null || wanted.Any(program.Type.Is))
            {
                return new PolicyExpression(source, program, null);
            }

            string problem = wanted.Length == 1
                ? $"must evaluate to {wanted[0]} but got {program.Type}"
                : $"must evaluate to one of [{string.Join(' ', wanted.Select(type => type.Kind == CelKind.Null ? "null_type" : type.ToString()))}] but got {program.Type}";
            return new PolicyExpression(source, null, problem);
        }
        catch (CelCompilationException e)
        {
            return new PolicyExpression(source, null, $"compilation failed: {e.Message}");
        }
    }
}
