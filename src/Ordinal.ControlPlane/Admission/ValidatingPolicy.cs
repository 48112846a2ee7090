using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cel;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Admission;

/// <summary>Why a policy does not let a write pass.</summary>
/// <param name="Message">The reason in words.</param>
/// <param name="Reason">The reason of the Status; empty for Invalid.</param>
internal sealed record PolicyDenial(string Message, string Reason);

/// <summary>A ValidatingAdmissionPolicy, compiled once.</summary>
internal sealed class ValidatingPolicy
{
    private const int LongestMessage = 5 * 1024;
    private readonly PolicyExpressions _expressions;
    private readonly PolicyExpression[] _conditions;
    private readonly Validation[] _validations;
    private readonly PolicyExpression[] _annotations;

    /// <summary>Compiles a policy that was found valid when it was written.</summary>
    public ValidatingPolicy(JsonObject document)
    {
        JsonObject? spec = document.Child("spec");
        Name = document.Child("metadata").Text("name") ?? "";
        Match = new MatchResources(spec.Child("matchConstraints"));
        IsFailing = spec.Text("failurePolicy") != "Ignore";
        ParamKind = spec.Child("paramKind") is { } kind ? (kind.Text("apiVersion") ?? "", kind.Text("kind") ?? "") : null;
        _expressions = new PolicyExpressions(spec);
        _conditions = [.. Items(spec, "matchConditions").Select(item => _expressions.Condition(item.Text("expression") ?? ""))];
        _validations = [.. Items(spec, "validations").Select(item => new Validation(
            _expressions.Validation(item.Text("expression") ?? ""),
            (item.Text("message") ?? "").Trim(),
            item.Text("messageExpression") is { Length: > 0 } message ? _expressions.Message(message) : null,
            item.Text("reason") ?? ""))];
        _annotations = [.. Items(spec, "auditAnnotations").Select(item => _expressions.Annotation(item.Text("valueExpression") ?? ""))];
    }

    public string Name { get; }

    /// <summary>Gets which writes it is about.</summary>
    public MatchResources Match { get; }

    /// <summary>Gets a value indicating whether a write fails when the policy cannot be evaluated.</summary>
    public bool IsFailing { get; }

    /// <summary>Gets the kind of its parameters: apiVersion and kind; null when it has none.</summary>
    public (string ApiVersion, string Kind)? ParamKind { get; }

    /// <summary>Evaluates it on one write.</summary>
    /// <param name="attributes">The write.</param>
    /// <param name="namespaceObject">The namespace of the object; null when there is none.</param>
    /// <param name="parameters">The parameters of the binding; null for none.</param>
    /// <returns>What is wrong, in the order of the validations.</returns>
    public IReadOnlyList<PolicyDenial> Evaluate(AdmissionAttributes attributes, JsonObject? namespaceObject, JsonObject? parameters)
    {
        var run = new PolicyRun(_expressions, attributes, namespaceObject, parameters);
        try
        {
            if (!MeetsConditions(run, out string? error))
            {
                return error is null ? [] : Failing(error);
            }

            var denials = new List<PolicyDenial>();
            foreach (Validation validation in _validations)
            {
                PolicyOutcome outcome = run.Evaluate(validation.Expression);
                if (outcome.Error is { } failure)
                {
                    denials.AddRange(Failing(failure));
                }
                else if (outcome.Value is not CelBool { Value: true })
                {
                    denials.Add(new PolicyDenial(MessageOf(validation, run), validation.Reason));
                }
            }

            // Their values would go to an audit log, which there is none of; what counts is whether they can be evaluated.
            foreach (PolicyExpression annotation in _annotations)
            {
                if (run.Evaluate(annotation).Error is { } failure)
                {
                    denials.AddRange(Failing(failure));
                }
            }

            return denials;
        }
        catch (PolicyBudgetException e)
        {
            return Failing(e.Message);
        }
    }

    private bool MeetsConditions(PolicyRun run, out string? error)
    {
        var errors = new List<string>();
        error = null;
        foreach (PolicyExpression condition in _conditions)
        {
            PolicyOutcome outcome = run.EvaluateCondition(condition);
            if (outcome.Error is { } failure)
            {
                errors.Add(failure);
            }
            else if (outcome.Value is CelBool { Value: false })
            {
                // One that is false decides, whatever the others failed with.
                return false;
            }
        }

        if (errors.Count == 0)
        {
            return true;
        }

        error = errors.Count == 1 ? errors[0] : $"[{string.Join(", ", errors.Distinct(StringComparer.Ordinal))}]";
        return false;
    }

    private IReadOnlyList<PolicyDenial> Failing(string message) => IsFailing ? [new PolicyDenial(message, "")] : [];

    private static string MessageOf(Validation validation, PolicyRun run)
    {
        if (validation.MessageExpression is { } expression && run.Evaluate(expression).Value is CelText text)
        {
            string message = text.Value.Trim();
            if (message.Length is > 0 and <= LongestMessage && !message.Contains('\n', StringComparison.Ordinal))
            {
                return message;
            }
        }

        return validation.Message.Length > 0 ? validation.Message : $"failed expression: {validation.Expression.Source.Trim()}";
    }

    private static IEnumerable<JsonObject> Items(JsonObject? spec, string name) => (spec.List(name) ?? []).OfType<JsonObject>();

    private sealed record Validation(PolicyExpression Expression, string Message, PolicyExpression? MessageExpression, string Reason);
}
