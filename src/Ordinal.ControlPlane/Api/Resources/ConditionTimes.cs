using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Go writes the times of a condition also when they are not set, as null; and so they have an owner.</summary>
internal static class ConditionTimes
{
    /// <summary>Adds the times that a condition of this kind has and that are missing.</summary>
    public static void Fill(JsonObject document, params ReadOnlySpan<string> names)
    {
        foreach (JsonObject condition in (document.Child("status").List("conditions") ?? []).OfType<JsonObject>())
        {
            foreach (string name in names)
            {
                condition.TryAdd(name, null);
            }
        }
    }
}
