using Ordinal.ControlPlane.Api.Resources;

namespace Ordinal.ControlPlane.Api;

/// <summary>In which words a document that cannot be read is refused: they differ between a body and the result of a patch.</summary>
/// <param name="Refusal">Makes the refusal from what is wrong.</param>
internal sealed record DecodeWords(Func<string, ApiRefusalException> Refusal)
{
    /// <summary>Gets a value indicating whether unknown fields are reported in the order of their names: a patched document is written anew.</summary>
    public bool Sorts { get; init; }

    /// <summary>Gets a value indicating whether values are converted and not decoded, as by a strategic merge patch, which has other words for a wrong type.</summary>
    public bool Converts { get; init; }

    /// <summary>The words for a body.</summary>
    public static DecodeWords OfBody(ResourceType type) => OfBody(type.Kind, type.Version);

    /// <summary>The words for a body.</summary>
    public static DecodeWords OfBody(string kind, string version) =>
        new(problem => Refuse.BadRequest($"{kind} in version \"{version}\" cannot be handled as a {kind}: {problem}"));

    /// <summary>The words for what a patch made.</summary>
    /// <param name="shown">Writes what it made; asked for by a refusal only, since most patches are none.</param>
    public static DecodeWords OfPatch(Func<string> shown) => new(problem => Refuse.BadPatch(shown(), problem)) { Sorts = true };
}
