using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>ConfigMaps: keys, size, and an immutable one stays.</summary>
public sealed class ConfigMapStrategy : ResourceStrategy
{
    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        ConfigData.Immutable(document, old, errors);
        long total = ConfigData.Keys(document, "data", isBase64: false, errors);
        foreach ((string key, _) in document.Child("data") ?? [])
        {
            if (document.Child("binaryData")?.ContainsKey(key) == true)
            {
                errors.Invalid($"data[{key}]", key, "duplicate of key present in binaryData");
            }
        }

        total += ConfigData.Keys(document, "binaryData", isBase64: true, errors);
        if (total > ConfigData.MostBytes)
        {
            errors.TooLong("[]", ConfigData.MostBytes);
        }
    }
}
