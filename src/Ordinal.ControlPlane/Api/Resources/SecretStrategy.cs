using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Secrets: <c>stringData</c> becomes data, some types need keys, and an immutable one stays.</summary>
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
        if (ConfigData.Keys(document, "data", isBase64: true, errors) > ConfigData.MostBytes)
        {
            errors.TooLong("data", ConfigData.MostBytes);
        }

        if (document.Text("type") == "kubernetes.io/service-account-token"
            && string.IsNullOrEmpty(document.Metadata().Child("annotations").Text("kubernetes.io/service-account.name")))
        {
            errors.Required("metadata.annotations[kubernetes.io/service-account.name]");
        }

        NeededKeys(document, errors);
        ConfigData.Immutable(document, old, errors);
        if (old is not null && !JsonNodes.Same(document["type"], old["type"]))
        {
            errors.Invalid("type", document["type"], "field is immutable");
        }
    }

    private static void NeededKeys(JsonObject document, FieldErrors errors)
    {
        JsonObject? data = document.Child("data");
        string[] needed = document.Text("type") switch
        {
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/dockercfg" => [".dockercfg"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            // One of the two is enough.
            "kubernetes.io/basic-auth" when data?.ContainsKey("username") != true && data?.ContainsKey("password") != true => ["username", "password"],
            _ => [],
        };
        foreach (string key in needed)
        {
            if (data?.ContainsKey(key) != true)
            {
                errors.Required($"data[{key}]");
            }
        }
    }
}
