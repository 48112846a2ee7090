using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>ValidatingAdmissionPolicyBindings.</summary>
public sealed class PolicyBindingStrategy : ResourceStrategy
{
    public override void ApplyDefaults(JsonObject document) => MatchResourceRules.ApplyDefaults(document.Child("spec").Child("matchResources"));

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        JsonObject spec = document.Child("spec") ?? [];
        string policy = spec.Text("policyName") ?? "";
        if (policy.Length == 0)
        {
            errors.Required("spec.policyName");
        }
        else
        {
            PodRules.Report(Names.SubdomainProblems(policy), "spec.policyName", policy, errors);
        }

        if (spec.Child("paramRef") is { } reference)
        {
            ParamRef(reference, errors);
        }

        if (spec.Child("matchResources") is { } match)
        {
            MatchResourceRules.Validate(match, "spec.matchResources", errors);
        }

        Actions(spec, errors);
    }

    private static void ParamRef(JsonObject reference, FieldErrors errors)
    {
        bool isNamed = !string.IsNullOrEmpty(reference.Text("name"));
        if (isNamed && Names.PathSegmentProblem(reference.Text("name")!) is { } problem)
        {
            errors.Invalid("spec.paramRef.name", reference["name"], problem);
        }

        if (isNamed && reference["selector"] is not null)
        {
            errors.Forbidden("spec.paramRef.name", "name and selector are mutually exclusive");
        }

        if (reference.Child("selector") is { } selector)
        {
            SelectorRules.Validate(selector, "spec.paramRef.selector", errors);
            if (isNamed)
            {
                errors.Forbidden("spec.paramRef.selector", "name and selector are mutually exclusive");
            }
        }
        else if (!isNamed)
        {
            errors.Required("spec.paramRef", "one of name or selector must be specified");
        }

        if (string.IsNullOrEmpty(reference.Text("parameterNotFoundAction")))
        {
            errors.Required("spec.paramRef.parameterNotFoundAction");
        }
        else if (reference.Text("parameterNotFoundAction") is not ("Allow" or "Deny"))
        {
            errors.NotSupported("spec.paramRef.parameterNotFoundAction", reference["parameterNotFoundAction"], "Deny", "Allow");
        }
    }

    private static void Actions(JsonObject spec, FieldErrors errors)
    {
        string[] actions = [.. (spec.List("validationActions") ?? []).Select(action => action.AsText() ?? "")];
        for (int i = 0; i < actions.Length; i++)
        {
            if (actions[i] is not ("Audit" or "Deny" or "Warn"))
            {
                errors.NotSupported($"spec.validationActions[{i}]", actions[i], "Audit", "Deny", "Warn");
            }

            if (actions.AsSpan(0, i).Contains(actions[i]))
            {
                errors.DuplicateShown($"spec.validationActions[{i}]", JsonText.WriteString(actions[i]));
            }
        }

        if (actions.Contains("Deny") && actions.Contains("Warn"))
        {
            errors.Invalid(
                "spec.validationActions",
                spec["validationActions"],
                "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
        }

        if (actions.Length == 0)
        {
            errors.Required("spec.validationActions", "at least one validation action is required");
        }
    }
}
