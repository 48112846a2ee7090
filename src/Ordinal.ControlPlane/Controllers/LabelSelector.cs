using System.Collections.Immutable;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>A label selector: all requirements must hold. A selector without requirements matches everything; a missing one matches nothing.</summary>
public sealed class LabelSelector
{
    private readonly ImmutableArray<Requirement> requirements;
    private readonly bool matchesNothing;

    private LabelSelector(ImmutableArray<Requirement> requirements, bool matchesNothing)
    {
        this.requirements = requirements;
        this.matchesNothing = matchesNothing;
    }

    /// <summary>Gets a value indicating whether there is no requirement at all.</summary>
    public bool IsEmpty => requirements.IsEmpty;

    /// <summary>Reads <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
    /// <exception cref="FormatException">An operator is unknown, or its values do not fit it.</exception>
    public static LabelSelector Read(JsonElement selector)
    {
        if (selector.ValueKind is not JsonValueKind.Object)
        {
            return new LabelSelector([], matchesNothing: true);
        }

        ImmutableArray<Requirement>.Builder found = ImmutableArray.CreateBuilder<Requirement>();
        foreach ((string key, string value) in selector.MapAt("matchLabels"))
        {
            found.Add(new Requirement(key, "In", [value]));
        }

        foreach (JsonElement expression in selector.ItemsAt("matchExpressions"))
        {
            Requirement requirement = new(
                expression.TextAt("key") ?? "",
                expression.TextAt("operator") ?? "",
                [.. expression.ItemsAt("values").Select(value => value.GetString() ?? "")]);
            bool fits = requirement.Operator switch
            {
                "In" or "NotIn" => requirement.Values.Length > 0,
                "Exists" or "DoesNotExist" => requirement.Values.Length == 0,
                _ => false,
            };
            if (!fits)
            {
                throw new FormatException($"\"{requirement.Operator}\" is not a valid label selector operator for {requirement.Values.Length} values");
            }

            found.Add(requirement);
        }

        return new LabelSelector(found.ToImmutable(), matchesNothing: false);
    }

    /// <summary>Reads the plain map that a Service selects by; an empty or missing map matches nothing.</summary>
    public static LabelSelector ReadMap(SortedDictionary<string, string> map) =>
        new([.. map.Select(pair => new Requirement(pair.Key, "In", [pair.Value]))], map.Count == 0);

    /// <summary>Tells whether an object with these labels is selected.</summary>
    public bool Matches(SortedDictionary<string, string> labels) => !matchesNothing && requirements.All(requirement => requirement.Operator switch
    {
        "In" => labels.TryGetValue(requirement.Key, out string? value) && requirement.Values.Contains(value),
        "NotIn" => !labels.TryGetValue(requirement.Key, out string? value) || !requirement.Values.Contains(value),
        "Exists" => labels.ContainsKey(requirement.Key),
        _ => !labels.ContainsKey(requirement.Key),
    });

    private sealed record Requirement(string Key, string Operator, ImmutableArray<string> Values);
}
