using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Reads request bodies.</summary>
internal static class Bodies
{
    private const string Accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    private const string NoKind = "couldn't get version/kind; json parse error: ";
    private const string KindOnly = "Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

    /// <summary>Reads the object of a create or replace: unknown fields are gone from it, and were reported as the writer asked.</summary>
    /// <exception cref="ApiRefusalException">The body is not an object of this resource.</exception>
    public static JsonObject ReadObject(ApiRequest request, ResourceType type, WriteContext context)
    {
        var duplicates = new List<string>();
        JsonObject document = Parse(request, duplicates, type.Kind);
        CheckKind(type, document.Text("kind") ?? "", document.Text("apiVersion") ?? "");
        document["kind"] = type.Kind;
        document["apiVersion"] = type.ApiVersion;
        // The shape is that of the stored version.
        document = type.Converter?.ToStorage(document) ?? document;
        FieldFilter.Prune(type, document, context, DecodeWords.OfBody(type), duplicates);
        return document;
    }

    /// <summary>Reads a small object that is not stored, such as an Eviction.</summary>
    /// <exception cref="ApiRefusalException">The body is not an object of this kind.</exception>
    public static JsonObject ReadSmall(ApiRequest request, string group, string kind, params ReadOnlySpan<string> apiVersions)
    {
        JsonObject document = Parse(request, null, kind);
        string sentKind = document.Text("kind") ?? "";
        string sentVersion = document.Text("apiVersion") ?? "";
        return (sentKind.Length == 0 || sentKind == kind) && (sentVersion.Length == 0 || apiVersions.Contains(sentVersion))
            ? document
            : throw GoKinds.Mismatch(sentVersion, sentKind, group, kind);
    }

    /// <summary>Reads the document of a server-side apply, which may be YAML or JSON.</summary>
    /// <exception cref="ApiRefusalException">It is not a document of this object.</exception>
    public static JsonObject ReadApply(ApiRequest request, ResourceType type, WriteContext context) =>
        ReadApply(request, type.ApiVersion, type.Kind, context);

    /// <summary>Reads the document of a server-side apply, which may be YAML or JSON.</summary>
    /// <exception cref="ApiRefusalException">It is not a document of this object.</exception>
    public static JsonObject ReadApply(ApiRequest request, string apiVersion, string kind, WriteContext context)
    {
        var duplicates = new List<string>();
        JsonNode? node;
        try
        {
            node = YamlText.ParseFirst(request.Call.Body.Span, duplicates);
        }
        catch (FormatException e)
        {
            throw Refuse.BadRequest($"error decoding YAML: error converting YAML to JSON: yaml: {e.Message}");
        }

        JsonObject document = node switch
        {
            null => [],
            JsonObject fields => fields,
            _ => throw Refuse.BadRequest(
                $"error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {GoJson.KindOf(node)} into Go value of type map[string]interface {{}}"),
        };
        if (context.FieldValidation == "Strict" && duplicates.Count > 0)
        {
            throw Refuse.BadRequest($"error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {string.Join("\n  ", duplicates)}");
        }

        if (context.FieldValidation == "Warn")
        {
            context.Warnings.AddRange(duplicates);
        }

        string sentVersion = document.Text("apiVersion") ?? "";
        if (document.Text("kind") != kind || sentVersion != apiVersion)
        {
            throw Refuse.BadRequest($"invalid object type: {(sentVersion.Contains('/') ? "" : "/")}{sentVersion}, Kind={document.Text("kind")}");
        }

        return document.Metadata().List("managedFields") is { Count: > 0 } ? throw Refuse.BadRequest("metadata.managedFields must be nil") : document;
    }

    /// <summary>Parses a body in the media type that it claims.</summary>
    /// <exception cref="ApiRefusalException">It is not what it claims, or of a type that is not understood.</exception>
    public static JsonObject Parse(ApiRequest request, List<string>? duplicates = null, string? expectedKind = null)
    {
        ReadOnlySpan<byte> body = request.Call.Body.Span;
        string kind = expectedKind ?? request.Target?.Resource ?? "";
        switch (MediaType(request))
        {
            case "application/json" or "":
                return GoJsonSyntax.Problem(body) is { } problem
                    ? throw Unrecognized(kind, NoKind + problem, body)
                    : AsDocument(kind, JsonText.Parse(body, duplicates), body);
            case "application/yaml":
                try
                {
                    var repeated = new List<string>();
                    JsonNode? node = YamlText.ParseFirst(body, repeated);
                    if (repeated.Count > 0)
                    {
                        duplicates?.Add($"yaml: unmarshal errors:\n  {string.Join("\n  ", repeated)}");
                    }

                    return AsDocument(kind, node, body);
                }
                catch (FormatException e)
                {
                    throw Unrecognized(kind, $"yaml: {e.Message}", body);
                }

            case "application/vnd.kubernetes.protobuf":
                try
                {
                    return ProtobufBody.Parse(body) ?? throw Refuse.UnsupportedMediaType(Accepted);
                }
                catch (FormatException)
                {
                    throw Unrecognized(kind, "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]", body);
                }

            default:
                throw Refuse.UnsupportedMediaType(Accepted);
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

    private static JsonObject AsDocument(string kind, JsonNode? node, ReadOnlySpan<byte> body)
    {
        if (node is null)
        {
            return [];
        }

        if (node is not JsonObject document)
        {
            throw Unrecognized(kind, $"{NoKind}json: cannot unmarshal {GoJson.KindOf(node)} into {KindOnly}", body);
        }

        foreach (string name in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            if (document[name] is { } value && value.AsText() is null)
            {
                throw Unrecognized(kind, $"{NoKind}json: cannot unmarshal {GoJson.KindOf(value)} into Go struct field .{name} of type string", body);
            }
        }

        return document.Text("apiVersion")?.Count(c => c == '/') > 1
            ? throw Unrecognized(kind, $"unexpected GroupVersion string: {document.Text("apiVersion")}", body)
            : document;
    }

    private static ApiRefusalException Unrecognized(string kind, string why, ReadOnlySpan<byte> body) =>
        Refuse.BadRequest($"the object provided is unrecognized (must be of type {kind}): {why} ({Sample(body)})");

    /// <summary>Shows the beginning of a body as a real API server does: as text when it looks like JSON, else in hexadecimal.</summary>
    private static string Sample(ReadOnlySpan<byte> body)
    {
        const int Longest = 30;
        if (body.IsEmpty)
        {
            return "<empty>";
        }

        ReadOnlySpan<byte> shown = body.Length > Longest ? body[..Longest] : body;
        string text = body[0] == '{' ? Encoding.UTF8.GetString(shown) : Convert.ToHexStringLower(shown);
        return body.Length > Longest ? text + " ..." : text;
    }

    private static void CheckKind(ResourceType type, string kind, string apiVersion)
    {
        if ((kind.Length == 0 || kind == type.Kind) && (apiVersion.Length == 0 || apiVersion == type.ApiVersion))
        {
            return;
        }

        if (type.Strategy is not CustomResourceStrategy)
        {
            throw GoKinds.Mismatch(apiVersion, kind.Length == 0 ? type.Kind : kind, type.Group, type.Kind);
        }

        throw apiVersion.Length == 0 || apiVersion == type.ApiVersion
            ? Refuse.BadRequest($"the kind in the data ({kind}) does not match the expected kind ({type.Kind})")
            : Refuse.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({type.ApiVersion})");
    }
}
