using System.Collections.Immutable;
using System.Text.Json;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Observing;

/// <summary>What a requirement does with its values.</summary>
public enum SelectorOperator
{
    In,
    NotIn,
    Exists,
    DoesNotExist,

    /// <summary>An operator that this program does not know: it selects nothing, so an unknown word never widens a selection.</summary>
    Unknown,
}

/// <summary>One requirement of a selector.</summary>
public sealed record SelectorRequirement(string Key, SelectorOperator Operator, ImmutableArray<string> Values);

/// <summary>A Kubernetes label selector. An empty one selects everything; a null one (<see cref="Nothing"/>) nothing.</summary>
public sealed record LabelSelector(ImmutableArray<SelectorRequirement> Requirements, bool SelectsNothing = false)
{
    /// <summary>Gets the selector that selects nothing, which is what an absent one means in most places.</summary>
    public static LabelSelector Nothing { get; } = new([], SelectsNothing: true);

    /// <summary>Reads <c>matchLabels</c> and <c>matchExpressions</c>; an absent selector selects nothing.</summary>
    public static LabelSelector Read(JsonElement selector)
    {
        if (selector.ValueKind is not JsonValueKind.Object)
        {
            return Nothing;
        }

        var found = ImmutableArray.CreateBuilder<SelectorRequirement>();
        if (selector.Member("matchLabels") is { ValueKind: JsonValueKind.Object } labels)
        {
            foreach (var label in labels.EnumerateObject())
            {
                found.Add(new SelectorRequirement(label.Name, SelectorOperator.In, [label.Value.ValueKind is JsonValueKind.String ? label.Value.GetString()! : ""]));
            }
        }

        foreach (var expression in selector.Member("matchExpressions").Items())
        {
            var values = ImmutableArray.CreateBuilder<string>();
            foreach (var value in expression.Member("values").Items())
            {
                values.Add(value.ValueKind is JsonValueKind.String ? value.GetString()! : "");
            }

            found.Add(new SelectorRequirement(expression.Text("key"), OperatorOf(expression.Text("operator")), values.ToImmutable()));
        }

        return new LabelSelector(found.ToImmutable());
    }

    /// <summary>Takes over the selector of a policy.</summary>
    public static LabelSelector From(SelectorSpec? selector)
    {
        if (selector is null)
        {
            return Nothing;
        }

        var labels = (selector.MatchLabels ?? ImmutableDictionary<string, string>.Empty)
            .OrderBy(label => label.Key, StringComparer.Ordinal)
            .Select(label => new SelectorRequirement(label.Key, SelectorOperator.In, [label.Value]));
        var expressions = (selector.MatchExpressions ?? [])
            .Select(expression => new SelectorRequirement(expression.Key, OperatorOf(expression.Operator), [.. expression.Values ?? []]));
        return new LabelSelector([.. labels, .. expressions]);
    }

    /// <summary>Tells whether an object with these labels is selected.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels) =>
        !SelectsNothing && Requirements.All(requirement => Matches(requirement, labels));

    /// <summary>Writes the selector as <c>kubectl -l</c> takes it.</summary>
    public override string ToString() => string.Join(',', Requirements.Select(requirement => requirement.Operator switch
    {
        SelectorOperator.In when requirement.Values.Length == 1 => $"{requirement.Key}={requirement.Values[0]}",
        SelectorOperator.In => $"{requirement.Key} in ({string.Join(',', requirement.Values)})",
        SelectorOperator.NotIn => $"{requirement.Key} notin ({string.Join(',', requirement.Values)})",
        SelectorOperator.Exists => requirement.Key,
        SelectorOperator.DoesNotExist => $"!{requirement.Key}",
        SelectorOperator.Unknown => $"{requirement.Key} ?",
    }));

    private static bool Matches(SelectorRequirement requirement, IReadOnlyDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(requirement.Key, out var value);
        return requirement.Operator switch
        {
            SelectorOperator.In => has && requirement.Values.Contains(value!),
            SelectorOperator.NotIn => !has || !requirement.Values.Contains(value!),
            SelectorOperator.Exists => has,
            SelectorOperator.DoesNotExist => !has,
            SelectorOperator.Unknown => false,
        };
    }

    private static SelectorOperator OperatorOf(string text) => text switch
    {
        "In" => SelectorOperator.In,
        "NotIn" => SelectorOperator.NotIn,
        "Exists" => SelectorOperator.Exists,
        "DoesNotExist" => SelectorOperator.DoesNotExist,
        _ => SelectorOperator.Unknown,
    };
}
