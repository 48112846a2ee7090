using System.Text;
using Ordinal.ControlPlane.Schemas;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Reads the <c>fieldPath</c> of a rule: <c>.a.b</c> and <c>['a']</c>, through fields and maps that the schema has.</summary>
internal static class CelFieldPath
{
    /// <summary>Writes a path as errors show it; null when it leads nowhere.</summary>
    public static string? Normalize(string path, StructuralSchema schema)
    {
        var result = new StringBuilder();
        StructuralSchema at = schema;
        int i = 0;
        while (i < path.Length)
        {
            string name;
            if (path[i] == '.')
            {
                int end = path.AsSpan(i + 1).IndexOfAny('.', '[', ']');
                end = end < 0 ? path.Length : i + 1 + end;
                name = path[(i + 1)..end];
                i = end;
            }
            else if (path.AsSpan(i).StartsWith("['") && path.IndexOf("']", i + 2, StringComparison.Ordinal) is > 0 and int close)
            {
                name = path[(i + 2)..close].Replace("\\'", "'", StringComparison.Ordinal);
                i = close + 2;
            }
            else
            {
                return null;
            }

            if (at.Properties.Count > 0)
            {
                if (name.Length == 0 || !at.Properties.TryGetValue(name, out StructuralSchema? property))
                {
                    return null;
                }

                result.Append(result.Length == 0 ? "" : ".").Append(name);
                at = property;
            }
            else if (at.AdditionalProperties is { } values && name.Length > 0)
            {
                result.Append('[').Append(name).Append(']');
                at = values;
            }
            else
            {
                return null;
            }
        }

        return result.Length == 0 ? null : result.ToString();
    }
}
