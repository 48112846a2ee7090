using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Patching;

/// <summary>A change of a document that was sent as a patch.</summary>
internal interface IDocumentPatch
{
    /// <summary>Gets the repeated fields of the patch itself.</summary>
    IReadOnlyList<string> Duplicates { get; }

    /// <summary>Applies the patch; it may change and return its argument. It may be applied again to a newer state.</summary>
    /// <exception cref="ApiRefusalException">The patch does not fit the document.</exception>
    JsonObject Apply(JsonObject current);

    /// <summary>Gets the words in which a result is refused that is no object of its kind.</summary>
    /// <param name="patched">Makes the result once more, for a refusal that shows it: by then it may have been changed.</param>
    DecodeWords Words(Func<JsonObject> patched);
}
