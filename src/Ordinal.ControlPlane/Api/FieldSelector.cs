namespace Ordinal.ControlPlane.Api;

/// <summary>One requirement of a field selector.</summary>
/// <param name="Field">Name of the field.</param>
/// <param name="Value">Value to compare with.</param>
/// <param name="Equal">Whether it must be equal; else it must differ.</param>
public sealed record FieldRequirement(string Field, string Value, bool Equal);

/// <summary>A field selector: <c>=</c>, <c>==</c> and <c>!=</c>, joined by commas.</summary>
/// <param name="Requirements">All must hold.</param>
public sealed record FieldSelector(IReadOnlyList<FieldRequirement> Requirements)
{
    /// <summary>Whether the values fulfil the selector.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> fields)
    {
        foreach (FieldRequirement requirement in Requirements)
        {
            bool isEqual = fields.TryGetValue(requirement.Field, out string? value)
                ? value == requirement.Value
                : requirement.Value.Length == 0;
            if (isEqual != requirement.Equal)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Parses a selector; an empty text selects everything.</summary>
    /// <exception cref="ApiRefusalException">The text is no selector.</exception>
    public static FieldSelector Parse(string text)
    {
        var requirements = new List<FieldRequirement>();
        foreach (string term in SplitTerms(text))
        {
            if (term.Length == 0)
            {
                continue;
            }

            int operatorAt = term.IndexOfAny(['=', '!']);
            string? comparison = operatorAt < 0 ? null
                : term[operatorAt..].StartsWith("!=", StringComparison.Ordinal) ? "!="
                : term[operatorAt..].StartsWith("==", StringComparison.Ordinal) ? "=="
                : term[operatorAt] == '=' ? "=" : null;
            if (comparison is null)
            {
                throw Refuse.BadRequest($"invalid selector: '{text}'; can't understand '{term}'");
            }

            requirements.Add(new FieldRequirement(
                term[..operatorAt], Unescape(term[(operatorAt + comparison.Length)..]), comparison != "!="));
        }

        return new FieldSelector(requirements);
    }

    private static IEnumerable<string> SplitTerms(string text)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == ',')
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static string Unescape(string value) =>
        value.Replace("\\,", ",", StringComparison.Ordinal).Replace("\\=", "=", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
}
