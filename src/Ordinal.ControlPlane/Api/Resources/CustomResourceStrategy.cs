using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The rules of a custom resource: those of its CRD's schema.</summary>
/// <param name="schema">The schema of the version.</param>
/// <param name="hasStatus">Whether status is a subresource, so that it does not count as a change of the spec.</param>
public sealed class CustomResourceStrategy(StructuralSchema schema, bool hasStatus) : ResourceStrategy
{
    public override void ApplyDefaults(JsonObject document) => SchemaDefaults.Apply(schema, document);

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors) =>
        SchemaValidator.Validate(schema, document, errors);

    /// <summary>Everything but metadata counts, and the status where it is a subresource.</summary>
    public override bool ChangesGeneration(JsonObject document, JsonObject old) =>
        document.Select(p => p.Key).Union(old.Select(p => p.Key), StringComparer.Ordinal)
            .Any(name => name is not ("metadata" or "apiVersion" or "kind") && !(hasStatus && name == "status") && !JsonNodes.Same(document[name], old[name]));
}
