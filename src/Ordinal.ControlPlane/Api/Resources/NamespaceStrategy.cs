using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Namespaces: they carry the finalizer <c>kubernetes</c> in their spec and go when their content is gone.</summary>
public sealed class NamespaceStrategy : ResourceStrategy
{
    public override string? NameProblem(string name) => Names.LabelProblem(name);

    public override void PrepareForCreate(JsonObject document)
    {
        document["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        document["status"] = new JsonObject { ["phase"] = "Active" };
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old, string subresource)
    {
        // Only the finalize subresource changes the finalizers.
        if (subresource != "finalize")
        {
            document["spec"] = old["spec"]?.DeepClone();
        }
    }

    public override void ApplyDefaults(JsonObject document) =>
        document.Metadata().Ensure("labels")["kubernetes.io/metadata.name"] = document.Metadata().Text("name");
}
