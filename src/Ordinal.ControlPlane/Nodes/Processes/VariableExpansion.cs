using System.Text;

namespace Ordinal.ControlPlane.Nodes.Processes;

/// <summary>
/// Expands <c>$(NAME)</c> in commands, arguments and values of environment variables, as the kubelet does. <c>$$</c> stands for one
/// dollar, so <c>$$(NAME)</c> is the way to write the reference itself. A reference to a variable that is not there, and a
/// dollar before anything else, stay as they are: nothing here can fail. (Rule: Kubernetes API reference, Container.command.)
/// </summary>
public static class VariableExpansion
{
    /// <summary>Returns <paramref name="text"/> with its references replaced.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="lookup">Answers the value of a variable, or null when there is none of that name.</param>
    public static string Expand(string text, Func<string, string?> lookup)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(lookup);
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var next = i + 1 < text.Length ? text[i + 1] : '\0';
            if (text[i] != '$' || next == '\0')
            {
                result.Append(text[i]);
            }
            else if (next == '$')
            {
                result.Append('$');
                i++;
            }
            else if (next == '(' && text.IndexOf(')', i + 2) is var close and > 0)
            {
                var name = text[(i + 2)..close];
                result.Append(lookup(name) ?? $"$({name})");
                i = close;
            }
            else
            {
                result.Append('$').Append(next);
                i++;
            }
        }

        return result.ToString();
    }
}
