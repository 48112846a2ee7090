using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Admission;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>ValidatingAdmissionPolicies: every expression must compile before the policy is taken.</summary>
public sealed partial class PolicyStrategy : ResourceStrategy
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace",
        "return", "var", "void", "while",
    };

    public override void ApplyDefaults(JsonObject document)
    {
        JsonObject spec = document.Ensure("spec");
        spec.Default("failurePolicy", "Fail");
        MatchResourceRules.ApplyDefaults(spec.Child("matchConstraints"));
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (isStatusWrite)
        {
            return;
        }

        JsonObject spec = document.Child("spec") ?? [];
        if (spec.Text("failurePolicy") is not ("Fail" or "Ignore"))
        {
            errors.NotSupported("spec.failurePolicy", spec["failurePolicy"], "Fail", "Ignore");
        }

        if (spec.Child("paramKind") is { } kind)
        {
            ParamKind(kind, errors);
        }

        if (spec.Child("matchConstraints") is not { } match)
        {
            errors.Required("spec.matchConstraints");
        }
        else
        {
            MatchResourceRules.Validate(match, "spec.matchConstraints", errors);
            if (match.List("resourceRules") is not { Count: > 0 })
            {
                errors.Required("spec.matchConstraints.resourceRules");
            }
        }

        Expressions(document, spec, errors);
    }

    private static void ParamKind(JsonObject kind, FieldErrors errors)
    {
        string apiVersion = kind.Text("apiVersion") ?? "";
        string[] parts = apiVersion.Split('/');
        if (apiVersion.Length == 0)
        {
            errors.Required("spec.paramKind.apiVersion");
        }
        else if (parts.Length > 2)
        {
            errors.Invalid("spec.paramKind.apiVersion", apiVersion, $"unexpected GroupVersion string: {apiVersion}");
        }

        if (string.IsNullOrEmpty(kind.Text("kind")))
        {
            errors.Required("spec.paramKind.kind");
        }
    }

    private static void Expressions(JsonObject document, JsonObject spec, FieldErrors errors)
    {
        var expressions = new PolicyExpressions(spec);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((JsonObject condition, string at) in PodRules.Items(spec, "matchConditions", "spec"))
        {
            // A real server shows a condition without the blanks around it.
            string source = (condition.Text("expression") ?? "").Trim();
            if (source.Length == 0)
            {
                errors.Required($"{at}.expression");
            }
            else
            {
                Report(expressions.Condition(source), $"{at}.expression", errors);
            }

            string name = condition.Text("name") ?? "";
            if (name.Length == 0)
            {
                errors.Required($"{at}.name");
                continue;
            }

            PodRules.Report(Names.QualifiedProblems(name), $"{at}.name", name, errors);
            if (!names.Add(name))
            {
                errors.DuplicateShown($"{at}.name", JsonText.WriteString(name));
            }
        }

        foreach ((JsonObject variable, string at) in PodRules.Items(spec, "variables", "spec"))
        {
            Variable(variable, at, expressions, errors);
        }

        if (spec.List("validations") is not { Count: > 0 } && spec.List("auditAnnotations") is not { Count: > 0 })
        {
            errors.Required("spec.validations", "validations or auditAnnotations must contain at least one item");
            errors.Required("spec.auditAnnotations", "validations or auditAnnotations must contain at least one item");
        }

        foreach ((JsonObject validation, string at) in PodRules.Items(spec, "validations", "spec"))
        {
            Validation(validation, at, expressions, errors);
        }

        Annotations(document, spec, expressions, errors);
    }

    private static void Variable(JsonObject variable, string at, PolicyExpressions expressions, FieldErrors errors)
    {
        string name = variable.Text("name") ?? "";
        if (name.Trim().Length == 0)
        {
            errors.Required($"{at}.name", "name is not specified");
        }
        else if (!Identifier().IsMatch(name) || Reserved.Contains(name))
        {
            errors.Invalid($"{at}.name", name, "must be a valid CEL identifier");
        }

        if ((variable.Text("expression") ?? "").Trim().Length == 0)
        {
            errors.Required($"{at}.expression", "expression is not specified");
        }
        else
        {
            Report(expressions.Variables[name], $"{at}.expression", errors);
        }
    }

    private static void Validation(JsonObject validation, string at, PolicyExpressions expressions, FieldErrors errors)
    {
        string source = validation.Text("expression") ?? "";
        if (source.Trim().Length == 0)
        {
            errors.Required($"{at}.expression", "expression is not specified");
        }
        else
        {
            Report(expressions.Validation(source), $"{at}.expression", errors);
        }

        string messageSource = validation.Text("messageExpression") ?? "";
        if (messageSource.Length > 0 && messageSource.Trim().Length == 0)
        {
            errors.Invalid($"{at}.messageExpression", messageSource, "must be non-empty if specified");
        }
        else if (messageSource.Length > 0)
        {
            Report(expressions.Message(messageSource), $"{at}.messageExpression", errors);
        }

        string message = validation.Text("message") ?? "";
        if (message.Length > 0 && message.Trim().Length == 0)
        {
            errors.Invalid($"{at}.message", message, "must be non-empty if specified");
        }
        else if (message.Trim().AsSpan().ContainsAny('\n', '\r'))
        {
            errors.Invalid($"{at}.message", message, "must not contain line breaks");
        }

        if (validation["reason"] is { } reason && reason.AsText() is not ("Forbidden" or "Invalid" or "RequestEntityTooLarge"))
        {
            errors.NotSupported($"{at}.reason", reason, "Forbidden", "Invalid", "RequestEntityTooLarge");
        }
    }

    private static void Annotations(JsonObject document, JsonObject spec, PolicyExpressions expressions, FieldErrors errors)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach ((JsonObject annotation, string at) in PodRules.Items(spec, "auditAnnotations", "spec"))
        {
            string key = annotation.Text("key") ?? "";
            string qualified = $"{document.Metadata().Text("name")}/{key}";
            PodRules.Report(Names.QualifiedProblems(qualified), $"{at}.key", qualified, errors);
            string source = (annotation.Text("valueExpression") ?? "").Trim();
            if (source.Length == 0)
            {
                errors.Required($"{at}.valueExpression", "valueExpression is not specified");
            }
            else
            {
                Report(expressions.Annotation(source), $"{at}.valueExpression", errors);
            }

            if (!keys.Add(key))
            {
                errors.DuplicateShown($"{at}.key", JsonText.WriteString(key));
            }
        }
    }

    private static void Report(PolicyExpression expression, string path, FieldErrors errors)
    {
        if (expression.Problem is { } problem)
        {
            errors.Invalid(path, expression.Source, problem);
        }
    }

    [GeneratedRegex("^[_a-zA-Z][_a-zA-Z0-9]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Identifier();
}
