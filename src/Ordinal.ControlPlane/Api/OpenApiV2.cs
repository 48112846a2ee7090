using System.Buffers;
using System.Text;
using Ordinal.ControlPlane.Api.Resources;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The OpenAPI v2 document, in the protobuf encoding of gnostic, as far as kubectl needs it: older ones ask it, before a dry run (and
/// <c>kubectl diff</c> is one), whether the PATCH of a kind knows <c>dryRun</c>. It carries no schemas, so <c>kubectl explain</c> finds
/// nothing (newer ones ask the v3 documents) and validation is left to the server.
/// </summary>
internal static class OpenApiV2
{
    // Field numbers of gnostic's openapiv2/OpenAPIv2.proto.
    private const int DocumentSwagger = 1;
    private const int DocumentInfo = 2;
    private const int DocumentPaths = 8;
    private const int InfoTitle = 1;
    private const int InfoVersion = 2;
    private const int PathsPath = 2;
    private const int NamedName = 1;
    private const int NamedValue = 2;
    private const int PathItemPatch = 8;
    private const int OperationParameters = 8;
    private const int OperationExtension = 13;
    private const int ItemParameter = 1;
    private const int ParameterNonBody = 2;
    private const int NonBodyQuery = 3;
    private const int QueryIn = 2;
    private const int QueryName = 4;
    private const int AnyYaml = 2;

    /// <summary>Makes the document of the resources that are served.</summary>
    public static byte[] Write(IEnumerable<ResourceType> types, string version) =>
        Message(document =>
        {
            document.Text(DocumentSwagger, "2.0");
            document.Inner(DocumentInfo, info =>
            {
                info.Text(InfoTitle, "Kubernetes");
                info.Text(InfoVersion, version);
            });
            document.Inner(DocumentPaths, paths =>
            {
                foreach (ResourceType type in types)
                {
                    paths.Inner(PathsPath, path => Path(path, type));
                }
            });
        });

    private static void Path(Builder path, ResourceType type)
    {
        string group = type.Group.Length > 0 ? $"/apis/{type.Group}" : "/api";
        path.Text(NamedName, $"{group}/{type.Version}/{(type.Namespaced ? "namespaces/{namespace}/" : "")}{type.Plural}/{{name}}");
        path.Inner(NamedValue, item => item.Inner(PathItemPatch, patch =>
        {
            patch.Inner(OperationParameters, parameter => parameter.Inner(ItemParameter, any => any.Inner(ParameterNonBody, plain => plain.Inner(NonBodyQuery, query =>
            {
                query.Text(QueryIn, "query");
                query.Text(QueryName, "dryRun");
            }))));
            patch.Inner(OperationExtension, extension =>
            {
                extension.Text(NamedName, "x-kubernetes-group-version-kind");
                extension.Inner(NamedValue, value => value.Text(AnyYaml, $"group: \"{type.Group}\"\nkind: {type.Kind}\nversion: {type.Version}\n"));
            });
        }));
    }

    private static byte[] Message(Action<Builder> fill)
    {
        Builder builder = new();
        fill(builder);
        return builder.ToArray();
    }

    /// <summary>Writes length-delimited fields; there are no others in what we write.</summary>
    private sealed class Builder
    {
        private readonly ArrayBufferWriter<byte> buffer = new();

        public void Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

        public void Inner(int field, Action<Builder> fill) => Bytes(field, Message(fill));

        public byte[] ToArray() => buffer.WrittenSpan.ToArray();

        private void Bytes(int field, byte[] bytes)
        {
            const int LengthDelimited = 2;
            Number((uint)((field << 3) | LengthDelimited));
            Number((uint)bytes.Length);
            buffer.Write(bytes);
        }

        private void Number(uint value)
        {
            Span<byte> at = buffer.GetSpan(5);
            int length = 0;
            while (value >= 0x80)
            {
                at[length++] = (byte)(value | 0x80);
                value >>= 7;
            }

            at[length++] = (byte)value;
            buffer.Advance(length);
        }
    }
}
