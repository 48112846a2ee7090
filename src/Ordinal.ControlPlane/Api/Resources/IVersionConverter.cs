using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Converts between the version that a caller speaks and the one that is stored.</summary>
public interface IVersionConverter
{
    /// <summary>Converts a stored document; it may change and return its argument.</summary>
    JsonObject FromStorage(JsonObject stored);

    /// <summary>Converts a caller's document; it may change and return its argument.</summary>
    JsonObject ToStorage(JsonObject document);
}
