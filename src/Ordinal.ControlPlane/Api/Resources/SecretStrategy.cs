using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Secrets: <c>stringData</c> becomes data, and an immutable one stays.</summary>
public sealed class SecretStrategy : ResourceStrategy
{
    public override void ApplyDefaults(JsonObject document)
    {
        document.Default("type", "Opaque");
        if (document.Child("stringData") is { } texts)
        {
            JsonObject data = document.Ensure("data");
            foreach ((string name, JsonNode? value) in texts)
            {
                data[name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText() ?? ""));
            }

            document.Remove("stringData");
        }
    }

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        foreach ((string name, JsonNode? value) in document.Child("data") ?? [])
        {
            if (value.AsText() is not { } text || !Convert.TryFromBase64String(text, new byte[text.Length], out _))
            {
                errors.Invalid($"data[{name}]", value, "illegal base64 data");
            }
        }

        ImmutableData.Validate(document, old, errors);
        if (old is not null && !JsonNodes.Same(document["type"], old["type"]))
        {
            errors.Invalid("type", document["type"], "field is immutable");
        }
    }
}
