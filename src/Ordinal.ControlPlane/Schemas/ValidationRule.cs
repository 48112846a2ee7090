using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>One entry of <c>x-kubernetes-validations</c>.</summary>
/// <param name="Rule">The expression; true means valid.</param>
/// <param name="Message">What a refusal says; empty for the rule itself.</param>
public sealed record ValidationRule(string Rule, string Message)
{
    /// <summary>Gets the expression that makes the message; empty for none.</summary>
    public string MessageExpression { get; init; } = "";

    /// <summary>Gets the reason of a refusal; empty for FieldValueInvalid.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Gets the field below this one that a refusal points at; empty for this one.</summary>
    public string FieldPath { get; init; } = "";

    /// <summary>Gets whether <c>oldSelf</c> may be missing, so that the rule is evaluated on creation too; null when it is not said.</summary>
    public bool? OptionalOldSelf { get; init; }

    /// <summary>Gets what a message calls the rule.</summary>
    public string Shown => (Message.Length > 0 ? Message : Rule).Trim();

    /// <summary>Reads the rules of a schema.</summary>
    public static IReadOnlyList<ValidationRule> ReadAll(JsonObject schema) =>
    [
        .. (schema.List("x-kubernetes-validations") ?? []).Select(node => node as JsonObject).Select(rule => new ValidationRule(rule.Text("rule") ?? "", rule.Text("message") ?? "")
        {
            MessageExpression = rule.Text("messageExpression") ?? "",
            Reason = rule.Text("reason") ?? "",
            FieldPath = rule.Text("fieldPath") ?? "",
            OptionalOldSelf = rule.Flag("optionalOldSelf"),
        }),
    ];
}
