using System.Collections.Frozen;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>What a real server says of its types and their fields (<c>kubectl explain</c>), read from the embedded table <c>OpenApiDescriptions.txt</c> when it is first asked for.</summary>
internal static class OpenApiDescriptions
{
    private static readonly Lazy<FrozenDictionary<(string Definition, string Field), string>> All = new(Load);

    /// <summary>Gets what is said of a field, or with an empty name of the type itself; null when nothing is.</summary>
    /// <param name="definition">The whole name of the type: <c>io.k8s.api.apps.v1.StatefulSetSpec</c>.</param>
    /// <param name="field">Name of the field; empty for the type.</param>
    public static string? Of(string definition, string field = "") => All.Value.GetValueOrDefault((definition, field));

    private static FrozenDictionary<(string Definition, string Field), string> Load()
    {
        using Stream stream = typeof(OpenApiDescriptions).Assembly.GetManifestResourceStream("Ordinal.ControlPlane.Schemas.OpenApiDescriptions.txt")!;
        using var reader = new StreamReader(stream);
        var texts = new Dictionary<(string Definition, string Field), string>();
        string definition = "";
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            string name = line[..colon].TrimStart();
            bool isField = line[0] == ' ';
            definition = isField ? definition : name;
            texts[(definition, isField ? name : "")] = line[(colon + 2)..].Replace("\\n", "\n", StringComparison.Ordinal);
        }

        return texts.ToFrozenDictionary();
    }
}
