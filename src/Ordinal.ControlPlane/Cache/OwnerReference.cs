using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Cache;

/// <summary>Names the owner of an object.</summary>
public sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid, bool IsController, bool BlocksOwnerDeletion)
{
    /// <summary>Reads one entry of <c>metadata.ownerReferences</c>.</summary>
    public static OwnerReference Read(JsonElement entry) => new(
        TextPool.Share(entry.TextAt("apiVersion") ?? ""),
        TextPool.Share(entry.TextAt("kind") ?? ""),
        TextPool.Share(entry.TextAt("name") ?? ""),
        TextPool.Share(entry.TextAt("uid") ?? ""),
        entry.FlagAt("controller") ?? false,
        entry.FlagAt("blockOwnerDeletion") ?? false);

    /// <summary>Makes the reference that a controller writes: controller and blockOwnerDeletion are true.</summary>
    public static OwnerReference ControllerOf(ResourceKind kind, KubeObject owner) =>
        new(kind.ApiVersion, kind.Kind, owner.Name, owner.Uid, true, true);

    /// <summary>Gets the entry as a document.</summary>
    public JsonObject ToJson() => new()
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = Kind,
        ["name"] = Name,
        ["uid"] = Uid,
        ["controller"] = IsController,
        ["blockOwnerDeletion"] = BlocksOwnerDeletion,
    };
}
