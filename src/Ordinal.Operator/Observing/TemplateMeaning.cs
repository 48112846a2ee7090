using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ordinal.Operator.Observing;

/// <summary>
/// Digests what a pod template says. Two templates that differ only in the order of members, or in members that are null or empty,
/// mean the same; an upgrade of the API server changes how a revision is written, and with it every hash, and must not roll a thing
/// (rule 8). The digest stays in memory and is never written, so its form may change.
/// </summary>
internal static class TemplateMeaning
{
    public const string RestartMark = "kubectl.kubernetes.io/restartedAt";

    public static string Of(JsonElement template) => Of(template, seesRestart: true);

    /// <summary>The same without the mark of a restart, and without the map that holds nothing else.</summary>
    public static string BesideRestart(JsonElement template) => Of(template, seesRestart: false);

    private static string Of(JsonElement template, bool seesRestart)
    {
        if (template.ValueKind is not JsonValueKind.Object)
        {
            return "";
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, template, seesRestart);
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan).AsSpan(0, 16));
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, bool seesRestart)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().Where(member => !IsEmpty(member) && (seesRestart || !IsRestart(member))).OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, seesRestart);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item, seesRestart);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static bool IsRestart(JsonProperty member) => member.Name == RestartMark
        || (member.Value.ValueKind is JsonValueKind.Object && member.Value.EnumerateObject().Any() && member.Value.EnumerateObject().All(each => each.Name == RestartMark));

    /// <summary>
    /// Null, and the empty list, say nothing. An empty object may: <c>emptyDir: {}</c> chooses a volume's kind. <c>$patch</c> is how
    /// the built-in controller marks a revision's data.
    /// </summary>
    private static bool IsEmpty(JsonProperty member) =>
        member.Value.ValueKind is JsonValueKind.Null
        || (member.Value.ValueKind is JsonValueKind.Array && member.Value.GetArrayLength() == 0)
        || member.Name == "$patch";
}
