using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a label selector of a document must be.</summary>
internal static class SelectorRules
{
    /// <summary>Checks a selector.</summary>
    public static void Validate(JsonObject selector, string path, FieldErrors errors)
    {
        MetadataRules.Labels(selector.Child("matchLabels"), $"{path}.matchLabels", errors);
        foreach ((JsonObject expression, string at) in PodRules.Items(selector, "matchExpressions", path))
        {
            bool hasValues = expression.List("values") is { Count: > 0 };
            string asked = expression.Text("operator") ?? "";
            switch (asked)
            {
                case "In" or "NotIn" when !hasValues:
                    errors.Required($"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'");
                    break;
                case "Exists" or "DoesNotExist" when hasValues:
                    errors.Forbidden($"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    break;
                case "In" or "NotIn" or "Exists" or "DoesNotExist":
                    break;
                default:
                    errors.Invalid($"{at}.operator", asked, "not a valid selector operator");
                    break;
            }

            string key = expression.Text("key") ?? "";
            PodRules.Report(Names.QualifiedProblems(key), $"{at}.key", key, errors);
            int index = 0;
            foreach (JsonNode? value in expression.List("values") ?? [])
            {
                PodRules.Report(Names.LabelValueProblems(value.AsText() ?? ""), $"{at}.values[{index++}]", value, errors);
            }
        }
    }

    /// <summary>Gets the selector of a document that has no finding; null when it could select nothing sensible.</summary>
    public static LabelSelector? Readable(JsonObject? document)
    {
        var errors = new FieldErrors();
        if (document is not null)
        {
            Validate(document, "", errors);
        }

        return errors.Found.Count == 0 ? LabelSelector.FromDocument(document) : null;
    }
}
