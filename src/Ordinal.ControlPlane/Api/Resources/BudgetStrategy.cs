using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Disruption budgets: one of two bounds, as a number or a percentage.</summary>
public sealed class BudgetStrategy : ResourceStrategy
{
    public override void PrepareForCreate(JsonObject document) => document["status"] = new JsonObject
    {
        ["disruptionsAllowed"] = 0L, ["currentHealthy"] = 0L, ["desiredHealthy"] = 0L, ["expectedPods"] = 0L,
    };

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        if (isStatusWrite)
        {
            Status(document.Child("status"), errors);
            return;
        }

        JsonObject? spec = document.Child("spec");
        if (spec?["minAvailable"] is not null && spec["maxUnavailable"] is not null)
        {
            errors.InvalidShown("spec", Shown(spec), "minAvailable and maxUnavailable cannot be both set");
        }

        foreach (string name in (ReadOnlySpan<string>)["minAvailable", "maxUnavailable"])
        {
            JsonNode? value = spec?[name];
            if (value.AsNumber() is < 0)
            {
                errors.Invalid($"spec.{name}", value, "must be greater than or equal to 0");
            }
            else if (value.AsText() is { } text && !IsPercent(text))
            {
                errors.Invalid($"spec.{name}", value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
            }
            else if (value.AsText() is { } percent && (!int.TryParse(percent[..^1], out int number) || number > 100))
            {
                errors.Invalid($"spec.{name}", value, "must not be greater than 100%");
            }
        }

        if (spec?["unhealthyPodEvictionPolicy"] is { } policy && policy.AsText() is not ("IfHealthyBudget" or "AlwaysAllow"))
        {
            errors.NotSupported("spec.unhealthyPodEvictionPolicy", policy, "AlwaysAllow", "IfHealthyBudget");
        }

        if (spec.Child("selector") is { } selector)
        {
            SelectorRules.Validate(selector, "spec.selector", errors);
        }
    }

    private static void Status(JsonObject? status, FieldErrors errors)
    {
        foreach (string name in (ReadOnlySpan<string>)["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"])
        {
            if (status.Number(name) is < 0)
            {
                errors.Invalid($"status.{name}", status![name], "must be greater than or equal to 0");
            }
        }
    }

    /// <summary>Shows a spec as Go does, whose own type has no names of JSON.</summary>
    private static string Shown(JsonObject spec) =>
        $"{{\"MinAvailable\":{JsonText.WriteString(spec["minAvailable"])},\"Selector\":{JsonText.WriteString(spec["selector"])},"
        + $"\"MaxUnavailable\":{JsonText.WriteString(spec["maxUnavailable"])},\"UnhealthyPodEvictionPolicy\":{JsonText.WriteString(spec["unhealthyPodEvictionPolicy"])}}}";

    private static bool IsPercent(string text) => text.Length > 1 && text[^1] == '%' && text[..^1].All(char.IsAsciiDigit);
}
