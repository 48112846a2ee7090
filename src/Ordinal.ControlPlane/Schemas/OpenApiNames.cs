using System.Collections.Frozen;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>What OpenAPI documents say of a built-in type beside its fields.</summary>
/// <param name="Definition">Its whole name: <c>io.k8s.api.apps.v1.StatefulSetSpec</c>.</param>
/// <param name="Required">Fields that must be there.</param>
/// <param name="Strategies">How a strategic merge patch treats fields that are no lists, where not as others.</param>
internal sealed record OpenApiName(string Definition, IReadOnlyList<string> Required, IReadOnlyDictionary<string, string> Strategies)
{
    private static readonly Lazy<FrozenDictionary<string, OpenApiName>> All = new(Load);

    /// <summary>Gets what is said of a type.</summary>
    /// <exception cref="ArgumentException">The table has no such type: a mistake in the program.</exception>
    public static OpenApiName Of(string shape) =>
        All.Value.TryGetValue(shape, out OpenApiName? name) ? name : throw new ArgumentException($"the table has no type '{shape}'", nameof(shape));

    private static FrozenDictionary<string, OpenApiName> Load()
    {
        using Stream stream = typeof(OpenApiName).Assembly.GetManifestResourceStream("Ordinal.ControlPlane.Schemas.OpenApiNames.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(line => line.Split(' ')).ToFrozenDictionary(
            words => words[0].TrimEnd(':'),
            words => new OpenApiName(
                words[1],
                [.. words.Skip(2).Where(word => !word.Contains('=', StringComparison.Ordinal))],
                words.Skip(2).Where(word => word.Contains('=', StringComparison.Ordinal)).Select(word => word.Split('=')).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal)),
            StringComparer.Ordinal);
    }
}
