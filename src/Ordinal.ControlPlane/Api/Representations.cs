using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The forms in which objects are answered.</summary>
internal enum RepresentationKind
{
    Object,
    Table,
    Metadata,
    MetadataList,
}

/// <summary>Chooses and writes the form of an answer.</summary>
internal static class Representations
{
    private const string Available = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
    private const string Streams = ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

    private static readonly byte[] Comma = ","u8.ToArray();
    private static readonly byte[] End = "]}"u8.ToArray();

    /// <summary>Refuses a request that accepts nothing that this server could send at all.</summary>
    /// <exception cref="ApiRefusalException">There is no such type (406).</exception>
    public static void CheckAccept(ApiRequest request, bool isCollection)
    {
        string accept = request.Call.Accept ?? "";
        if (accept.Length == 0 || accept.Split(',').Any(clause => clause.Split(';')[0].Trim() is "*/*" or "application/json" or "application/yaml"))
        {
            return;
        }

        // Protobuf is asked for beside JSON by all clients that we know; alone we could not serve it.
        throw new ApiRefusalException(406, "NotAcceptable", $"406: Not Acceptable\n\nAvailable representations: {Available}{(isCollection ? Streams : "")}") { EmptyDetails = true };
    }

    /// <summary>Refuses a form that does not go with what was asked for.</summary>
    public static ApiRefusalException WrongForm(string why) => new(406, "NotAcceptable", why);

    /// <summary>Reads the Accept header: the first clause that we can serve wins.</summary>
    /// <exception cref="ApiRefusalException">There is none (406).</exception>
    public static RepresentationKind Of(ApiRequest request)
    {
        string accept = request.Call.Accept ?? "";
        foreach (string clause in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parameters = clause.Split(';', StringSplitOptions.TrimEntries);
            if (parameters[0] is not ("application/json" or "application/yaml" or "*/*"))
            {
                continue;
            }

            string? form = parameters.FirstOrDefault(p => p.StartsWith("as=", StringComparison.Ordinal))?[3..];
            if (form is null)
            {
                return RepresentationKind.Object;
            }

            if (!parameters.Contains("g=meta.k8s.io") || !(parameters.Contains("v=v1") || parameters.Contains("v=v1beta1")))
            {
                continue;
            }

            switch (form)
            {
                case "Table":
                    return RepresentationKind.Table;
                case "PartialObjectMetadata":
                    return RepresentationKind.Metadata;
                case "PartialObjectMetadataList":
                    return RepresentationKind.MetadataList;
            }
        }

        return accept.Length == 0 ? RepresentationKind.Object : throw WrongForm($"only the following media types are accepted: {Available}");
    }

    /// <summary>Gets the version of Table and PartialObjectMetadata that was asked for first.</summary>
    public static string MetaVersion(ApiRequest request)
    {
        string accept = request.Call.Accept ?? "";
        int beta = accept.IndexOf("v=v1beta1", StringComparison.Ordinal);
        int stable = accept.IndexOf("v=v1;", StringComparison.Ordinal);
        return beta >= 0 && (stable < 0 || beta < stable) && !accept.Contains("v=v1,", StringComparison.Ordinal) ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1";
    }

    /// <summary>Gets an object in the version that was asked for; the stored bytes when that is the stored one.</summary>
    public static ReadOnlyMemory<byte> InVersion(ResourceType type, StoredObject stored)
    {
        if (type.Converter is not { } converter)
        {
            return stored.Bytes;
        }

        return JsonText.Write(converter.FromStorage(stored.Parse()));
    }

    /// <summary>Gets only type and metadata.</summary>
    public static ReadOnlyMemory<byte> MetadataOnly(StoredObject stored)
    {
        JsonObject document = stored.Parse();
        return JsonText.Write(new JsonObject
        {
            ["kind"] = "PartialObjectMetadata",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = document["metadata"]?.DeepClone(),
        });
    }

    /// <summary>Writes a list around the bytes of its items.</summary>
    public static ReadOnlyMemory<byte> List(string kind, string apiVersion, JsonObject metadata, IEnumerable<ReadOnlyMemory<byte>> items) =>
        Join(ListPieces(kind, apiVersion, metadata, items));

    /// <summary>Gets a list as pieces, of which the items are the bytes given.</summary>
    public static List<ReadOnlyMemory<byte>> ListPieces(string kind, string apiVersion, JsonObject metadata, IEnumerable<ReadOnlyMemory<byte>> items)
    {
        string head = $"{{\"kind\":\"{kind}\",\"apiVersion\":\"{apiVersion}\",\"metadata\":{JsonText.WriteString(metadata)},\"items\":[";
        List<ReadOnlyMemory<byte>> pieces = [Encoding.UTF8.GetBytes(head)];
        foreach (ReadOnlyMemory<byte> item in items)
        {
            if (pieces.Count > 1)
            {
                pieces.Add(Comma);
            }

            pieces.Add(item);
        }

        pieces.Add(End);
        return pieces;
    }

    private static byte[] Join(List<ReadOnlyMemory<byte>> pieces)
    {
        byte[] whole = new byte[pieces.Sum(piece => piece.Length)];
        Span<byte> rest = whole;
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            piece.Span.CopyTo(rest);
            rest = rest[piece.Length..];
        }

        return whole;
    }
}
