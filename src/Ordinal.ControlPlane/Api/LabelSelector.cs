using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>What a label requirement asks.</summary>
public enum LabelOperator
{
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

/// <summary>One requirement of a label selector.</summary>
/// <param name="Key">Label.</param>
/// <param name="Operator">What is asked.</param>
/// <param name="Values">Values, empty for (not) existing.</param>
public sealed record LabelRequirement(string Key, LabelOperator Operator, IReadOnlyList<string> Values)
{
    /// <summary>Whether the labels fulfil the requirement. A label that is missing fulfils NotIn.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        bool exists = labels.TryGetValue(Key, out string? value);
        return Operator switch
        {
            LabelOperator.In => exists && Values.Contains(value!),
            LabelOperator.NotIn => !exists || !Values.Contains(value!),
            LabelOperator.Exists => exists,
            LabelOperator.DoesNotExist => !exists,
            LabelOperator.GreaterThan => exists && Compare(value!, Values[0]) is > 0,
            LabelOperator.LessThan => exists && Compare(value!, Values[0]) is < 0,
        };
    }

    private static int? Compare(string left, string right) =>
        long.TryParse(left, System.Globalization.CultureInfo.InvariantCulture, out long a)
        && long.TryParse(right, System.Globalization.CultureInfo.InvariantCulture, out long b) ? a.CompareTo(b) : null;
}

/// <summary>A label selector, from its text form or from a document's.</summary>
/// <param name="Requirements">All must hold.</param>
public sealed record LabelSelector(IReadOnlyList<LabelRequirement> Requirements)
{
    /// <summary>Gets the selector of everything.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Whether the labels fulfil the selector.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (LabelRequirement requirement in Requirements)
        {
            if (!requirement.Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Parses the text form: <c>a=b,c!=d,e in (x,y),f notin (z),g,!h</c>.</summary>
    /// <exception cref="ApiRefusalException">The text is no selector.</exception>
    public static LabelSelector Parse(string text) => text.Length == 0 ? Everything : new LabelSelectorParser(text).Parse();

    /// <summary>Reads a LabelSelector document (matchLabels, matchExpressions). No document selects nothing: null.</summary>
    public static LabelSelector? FromDocument(JsonObject? document)
    {
        if (document is null)
        {
            return null;
        }

        var requirements = new List<LabelRequirement>();
        foreach ((string key, JsonNode? value) in document.Child("matchLabels") ?? [])
        {
            requirements.Add(new LabelRequirement(key, LabelOperator.In, [value.AsText() ?? ""]));
        }

        foreach (JsonNode? expression in document.List("matchExpressions") ?? [])
        {
            var terms = expression as JsonObject;
            LabelOperator? asked = terms.Text("operator") switch
            {
                "In" => LabelOperator.In,
                "NotIn" => LabelOperator.NotIn,
                "Exists" => LabelOperator.Exists,
                "DoesNotExist" => LabelOperator.DoesNotExist,
                _ => null,
            };
            if (asked is null)
            {
                return null;
            }

            requirements.Add(new LabelRequirement(
                terms.Text("key") ?? "", asked.Value, [.. (terms.List("values") ?? []).Select(v => v.AsText() ?? "")]));
        }

        return new LabelSelector(requirements);
    }

    /// <summary>Writes the text form, as a Scale's status carries it: keys in order.</summary>
    public override string ToString() => string.Join(',', Requirements.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => r.Operator switch
    {
        LabelOperator.In when r.Values.Count == 1 => $"{r.Key}={r.Values[0]}",
        LabelOperator.In => $"{r.Key} in ({string.Join(',', r.Values.Order(StringComparer.Ordinal))})",
        LabelOperator.NotIn => $"{r.Key} notin ({string.Join(',', r.Values.Order(StringComparer.Ordinal))})",
        LabelOperator.Exists => r.Key,
        LabelOperator.DoesNotExist => $"!{r.Key}",
        LabelOperator.GreaterThan => $"{r.Key}>{r.Values[0]}",
        LabelOperator.LessThan => $"{r.Key}<{r.Values[0]}",
    }));
}
