using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Reads request bodies.</summary>
internal static class Bodies
{
    private const string Accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    /// <summary>Reads the object of a create or replace.</summary>
    /// <exception cref="ApiRefusalException">The body is not an object of this resource.</exception>
    public static JsonObject ReadObject(ApiRequest request, ResourceType type, WriteContext context)
    {
        var duplicates = new List<string>();
        JsonObject document = Parse(request, duplicates);
        string kind = document.Text("kind") ?? "";
        string apiVersion = document.Text("apiVersion") ?? "";
        CheckKind(type, kind, apiVersion);
        document["kind"] = type.Kind;
        document["apiVersion"] = type.ApiVersion;
        if (context.FieldValidation == "Strict" && duplicates.Count > 0)
        {
            throw Refuse.BadRequest(
                $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: strict decoding error: " + string.Join(", ", duplicates.Select(d => $"duplicate field \"{d}\"")));
        }

        if (context.FieldValidation == "Warn")
        {
            context.Warnings.AddRange(duplicates.Select(d => $"duplicate field \"{d}\""));
        }

        return type.Converter is { } converter ? converter.ToStorage(document) : document;
    }

    /// <summary>Reads the document of a server-side apply, which may be YAML or JSON.</summary>
    /// <exception cref="ApiRefusalException">It is not a document of this object.</exception>
    public static JsonObject ReadApply(ApiRequest request, ResourceType type, RequestTarget target)
    {
        JsonObject document;
        try
        {
            ReadOnlySpan<byte> body = request.Call.Body.Span;
            document = body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] ? JsonText.ParseObject(body) : YamlText.ParseObject(body);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw Refuse.BadRequest($"error decoding YAML: {Shorten(e.Message)}");
        }

        if (document.Text("kind") != type.Kind || document.Text("apiVersion") != type.ApiVersion)
        {
            throw Refuse.BadRequest($"the kind or API version in the data ({document.Text("apiVersion")}, {document.Text("kind")}) does not match the expected one ({type.ApiVersion}, {type.Kind})");
        }

        JsonObject metadata = document.Metadata();
        if (metadata.List("managedFields") is { Count: > 0 })
        {
            throw Refuse.BadRequest("metadata.managedFields must be nil");
        }

        metadata["name"] ??= target.Name;
        return document;
    }

    /// <summary>Parses a body in the media type that it claims.</summary>
    /// <exception cref="ApiRefusalException">It is not what it claims, or of a type that is not understood.</exception>
    public static JsonObject Parse(ApiRequest request, List<string>? duplicates = null)
    {
        string mediaType = MediaType(request);
        ReadOnlySpan<byte> body = request.Call.Body.Span;
        try
        {
            return mediaType switch
            {
                "application/json" or "" => JsonText.ParseObject(body, duplicates),
                "application/yaml" => YamlText.ParseObject(body),
                "application/vnd.kubernetes.protobuf" => ProtobufBody.Parse(body) ?? throw Refuse.UnsupportedMediaType(Accepted),
                _ => throw Refuse.UnsupportedMediaType(Accepted),
            };
        }
        catch (FormatException e)
        {
            throw Refuse.BadRequest($"error decoding the body: {e.Message}");
        }
        catch (JsonException e)
        {
            throw Refuse.BadRequest($"the object provided is unrecognized (must be of type {request.Target?.Resource}): {Shorten(e.Message)}");
        }
    }

    /// <summary>Gets the media type of the body without parameters.</summary>
    public static string MediaType(ApiRequest request) => (request.Call.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    /// <summary>Cuts the reader's position off an error message.</summary>
    public static string Shorten(string message)
    {
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static void CheckKind(ResourceType type, string kind, string apiVersion)
    {
        if ((kind.Length == 0 || kind == type.Kind) && (apiVersion.Length == 0 || apiVersion == type.ApiVersion))
        {
            return;
        }

        string version = apiVersion.Contains('/') ? apiVersion[(apiVersion.IndexOf('/') + 1)..] : apiVersion;
        throw apiVersion.Length == 0 || apiVersion == type.ApiVersion
            ? Refuse.BadRequest($"{kind} in version \"{version}\" cannot be handled as a {type.Kind}: no kind \"{kind}\" is registered for version \"{apiVersion}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"")
            : Refuse.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({type.ApiVersion})");
    }
}
