using System.Buffers;
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
}

/// <summary>Chooses and writes the form of an answer.</summary>
internal static class Representations
{
    /// <summary>Reads the Accept header: the first clause that we can serve wins.</summary>
    public static RepresentationKind Of(ApiRequest request)
    {
        foreach (string clause in (request.Call.Accept ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parameters = clause.Split(';', StringSplitOptions.TrimEntries);
            if (parameters[0] is not ("application/json" or "*/*" or "application/*"))
            {
                continue;
            }

            string? form = parameters.FirstOrDefault(p => p.StartsWith("as=", StringComparison.Ordinal))?[3..];
            if (form is not null && (!parameters.Contains("g=meta.k8s.io") || !parameters.Contains("v=v1")))
            {
                continue;
            }

            return form switch
            {
                "Table" => RepresentationKind.Table,
                "PartialObjectMetadata" or "PartialObjectMetadataList" => RepresentationKind.Metadata,
                _ => RepresentationKind.Object,
            };
        }

        return RepresentationKind.Object;
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
    public static ReadOnlyMemory<byte> List(string kind, string apiVersion, JsonObject metadata, IEnumerable<ReadOnlyMemory<byte>> items)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        string head = $"{{\"kind\":\"{kind}\",\"apiVersion\":\"{apiVersion}\",\"metadata\":{JsonText.WriteString(metadata)},\"items\":[";
        Encoding.UTF8.GetBytes(head, buffer);
        bool first = true;
        foreach (ReadOnlyMemory<byte> item in items)
        {
            if (!first)
            {
                buffer.Write(","u8);
            }

            buffer.Write(item.Span);
            first = false;
        }

        buffer.Write("]}"u8);
        return buffer.WrittenMemory;
    }
}
