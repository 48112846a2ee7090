using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Patching;

/// <summary>A change of a document that was sent as a patch.</summary>
internal interface IDocumentPatch
{
    /// <summary>Applies the patch; it may change and return its argument. It may be applied again to a newer state.</summary>
    /// <exception cref="Api.ApiRefusalException">The patch does not fit the document.</exception>
    JsonObject Apply(JsonObject current);
}
