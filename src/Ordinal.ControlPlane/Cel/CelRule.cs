using Ordinal.ControlPlane.Schemas;

namespace Ordinal.ControlPlane.Cel;

/// <summary>A rule of a CRD, compiled for the type of the value that it is about.</summary>
internal sealed class CelRule
{
    private CelRule(ValidationRule rule) => Rule = rule;

    /// <summary>Gets the rule.</summary>
    public ValidationRule Rule { get; }

    /// <summary>Gets the expression; null when it does not compile.</summary>
    public CelProgram? Program { get; private init; }

    /// <summary>Gets why the expression does not compile.</summary>
    public string? Problem { get; private init; }

    /// <summary>Gets the expression of the message; null when there is none.</summary>
    public CelProgram? Message { get; private init; }

    /// <summary>Gets why the expression of the message does not compile.</summary>
    public string? MessageProblem { get; private init; }

    /// <summary>Gets what an evaluation of the rule costs at most.</summary>
    public double WorstCost { get; private init; }

    /// <summary>Gets what an evaluation of the message costs at most.</summary>
    public double WorstMessageCost { get; private init; }

    /// <summary>Gets a value indicating whether it compares with the value before.</summary>
    public bool UsesOldSelf => Program?.Used.Contains("oldSelf") == true;

    /// <summary>Gets the path of the field that a refusal points at, below the value; empty for the value.</summary>
    public string FieldPath { get; private init; } = "";

    /// <summary>Compiles a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="type">Type of <c>self</c>.</param>
    /// <param name="schema">Schema of <c>self</c>.</param>
    public static CelRule Compile(ValidationRule rule, CelType type, StructuralSchema schema)
    {
        var variables = new Dictionary<string, CelType>(StringComparer.Ordinal)
        {
            ["self"] = type,
            ["oldSelf"] = rule.OptionalOldSelf == true ? CelType.OptionalOf(type) : type,
        };
        (CelProgram? program, string? problem) = Compile(rule.Rule, variables, CelKind.Bool, "compilation failed: ", "cel expression must evaluate to a bool");
        (CelProgram? message, string? messageProblem) = rule.MessageExpression.Length == 0 || program is null
            ? (null, null)
            : Compile(rule.MessageExpression, variables, CelKind.Text, "messageExpression compilation failed: ", "messageExpression must evaluate to a string");
        return new CelRule(rule)
        {
            Program = program,
            Problem = problem,
            Message = message,
            MessageProblem = messageProblem,
            WorstCost = program?.WorstCost(variables) ?? 0,
            WorstMessageCost = message?.WorstCost(variables) ?? 0,
            FieldPath = rule.FieldPath.Length == 0 ? "" : CelFieldPath.Normalize(rule.FieldPath, schema) ?? "",
        };
    }

    private static (CelProgram? Program, string? Problem) Compile(
        string source, Dictionary<string, CelType> variables, CelKind wanted, string prefix, string wrongType)
    {
        try
        {
            CelProgram program = CelProgram.Compile(source, variables);
            return program.Type.Kind == wanted ? (program, null) : (null, wrongType);
        }
        catch (CelCompilationException e)
        {
            return (null, prefix + e.Message);
        }
    }
}
