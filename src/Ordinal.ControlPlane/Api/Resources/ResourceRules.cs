using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>What a container may ask for.</summary>
internal static class ResourceRules
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("n", 1e-9m), ("u", 1e-6m), ("m", 1e-3m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>Checks requests and limits.</summary>
    public static void Validate(JsonObject? resources, string path, FieldErrors errors)
    {
        JsonObject? limits = resources.Child("limits");
        foreach ((string name, JsonNode? limit) in limits ?? [])
        {
            Name(name, $"{path}.limits[{name}]", errors);
            NotNegative(limit, $"{path}.limits[{name}]", errors);
        }

        foreach ((string name, JsonNode? request) in resources.Child("requests") ?? [])
        {
            string at = $"{path}.requests[{name}]";
            Name(name, at, errors);
            NotNegative(request, at, errors);
            if (limits?[name] is { } limit && Read(request) > Read(limit))
            {
                errors.InvalidShown($"{path}.requests", JsonText.WriteString(request.AsShown()), $"must be less than or equal to {name} limit of {limit.AsShown()}");
            }
        }
    }

    /// <summary>Reads a quantity: <c>250m</c>, <c>2</c>, <c>512Mi</c>, <c>1e3</c>. What is none, or far beyond all sense, is 0.</summary>
    public static decimal Read(JsonNode? node)
    {
        string text = node.AsShown();
        (string suffix, decimal factor) = ("", 1m);
        foreach ((string known, decimal times) in Suffixes)
        {
            if (text.EndsWith(known, StringComparison.Ordinal))
            {
                (suffix, factor) = (known, times);
                break;
            }
        }

        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign;
        return decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length), Style, CultureInfo.InvariantCulture, out decimal number) && number is > -1e9m and < 1e9m
            ? number * factor
            : number is > 0 ? 1e9m : number is < 0 ? -1e9m : 0;
    }

    private static void NotNegative(JsonNode? value, string path, FieldErrors errors)
    {
        if (Read(value) < 0)
        {
            errors.InvalidShown(path, JsonText.WriteString(value.AsShown()), "must be greater than or equal to 0");
        }
    }

    private static void Name(string name, string path, FieldErrors errors)
    {
        PodRules.Report(Names.QualifiedProblems(name), path, name, errors);
        bool isStandard = name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal);
        if (!name.Contains('/') && !isStandard)
        {
            errors.Invalid(path, name, "must be a standard resource type or fully qualified");
            errors.Invalid(path, name, "must be a standard resource for containers");
        }
    }
}
