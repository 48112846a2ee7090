using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>
/// Reads the few messages that newer kubectls send as protobuf, by the table <c>ProtobufMessages.txt</c>. Fields that the table
/// does not name are passed over; where that could lose what was meant, the table says so, and the whole body counts as one of a kind that is not read.
/// </summary>
public static partial class ProtobufBody
{
    private const int MostNested = 32;
    private static readonly Lazy<FrozenDictionary<string, MessageOf>> Messages = new(Load);

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>Reads a Kubernetes protobuf envelope and the message in it.</summary>
    /// <returns>The document, or null when its kind is not in the table.</returns>
    /// <exception cref="FormatException">The bytes are no such message.</exception>
    public static JsonObject? Parse(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic))
        {
            throw new FormatException("the body does not start with the protobuf prefix of Kubernetes");
        }

        string apiVersion = "";
        string kind = "";
        ReadOnlySpan<byte> raw = default;
        var reader = new WireReader(body[Magic.Length..]);
        while (reader.Next(out int number, out ReadOnlySpan<byte> content, out _))
        {
            switch (number)
            {
                case 1:
                    var meta = new WireReader(content);
                    while (meta.Next(out int part, out ReadOnlySpan<byte> text, out _))
                    {
                        (apiVersion, kind) = part == 1 ? (Encoding.UTF8.GetString(text), kind) : (apiVersion, Encoding.UTF8.GetString(text));
                    }

                    break;
                case 2:
                    raw = content;
                    break;
            }
        }

        if (!Messages.Value.ContainsKey(kind))
        {
            return null;
        }

        JsonObject document;
        try
        {
            document = Read(kind, raw, 0);
        }
        catch (UnreadFieldException)
        {
            return null;
        }

        document.Insert(0, "kind", kind);
        document.Insert(1, "apiVersion", apiVersion);
        return document;
    }

    private static JsonObject Read(string type, ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > MostNested)
        {
            throw new FormatException("the message is nested too deeply");
        }

        MessageOf message = Messages.Value[type];
        var result = new JsonObject();
        var reader = new WireReader(bytes);
        while (reader.Next(out int number, out ReadOnlySpan<byte> content, out ulong varint))
        {
            if (!message.Fields.TryGetValue(number, out FieldOf? field))
            {
                if (message.IsWhole)
                {
                    throw new UnreadFieldException();
                }

                continue;
            }

            switch (field.Sign)
            {
                case "#":
                    result[field.Name] = (long)varint;
                    break;
                case "&":
                    result[field.Name] = varint != 0;
                    break;
                case "[]":
                    if (result[field.Name] is not JsonArray list)
                    {
                        result[field.Name] = list = [];
                    }

                    list.Add(Value(field, content, depth));
                    break;
                case "<":
                    foreach ((string inner, JsonNode? part) in Read(field.Type, content, depth + 1))
                    {
                        result[inner] = part?.DeepClone();
                    }

                    break;
                case "{}" or "{b}":
                    (string key, JsonNode? value) = Entry(content, field.Sign == "{b}");
                    result.Ensure(field.Name)[key] = value;
                    break;
                default:
                    // Go writes empty strings and times where JSON leaves them out.
                    JsonNode? single = Value(field, content, depth);
                    if (single is not null && single.AsText() != "")
                    {
                        result[field.Name] = single;
                    }

                    break;
            }
        }

        return result;
    }

    private static JsonNode? Value(FieldOf field, ReadOnlySpan<byte> content, int depth) => field.Type switch
    {
        "" => Encoding.UTF8.GetString(content),
        "Time" => Time(content),
        "IntOrString" => IntOrString(content),
        _ => Read(field.Type, content, depth + 1),
    };

    private static JsonNode? Time(ReadOnlySpan<byte> content)
    {
        var reader = new WireReader(content);
        long? seconds = null;
        while (reader.Next(out int number, out _, out ulong varint))
        {
            seconds = number == 1 ? (long)varint : seconds;
        }

        return seconds is > 0 and < 253402300800 ? JsonNodes.Timestamp(DateTimeOffset.FromUnixTimeSeconds(seconds.Value)) : null;
    }

    private static JsonValue? IntOrString(ReadOnlySpan<byte> content)
    {
        var reader = new WireReader(content);
        ulong kind = 0;
        long number = 0;
        string text = "";
        while (reader.Next(out int field, out ReadOnlySpan<byte> inner, out ulong varint))
        {
            switch (field)
            {
                case 1:
                    kind = varint;
                    break;
                case 2:
                    number = (long)varint;
                    break;
                case 3:
                    text = Encoding.UTF8.GetString(inner);
                    break;
            }
        }

        return kind == 0 ? JsonValue.Create(number) : JsonValue.Create(text);
    }

    private static (string Key, JsonNode? Value) Entry(ReadOnlySpan<byte> content, bool isBytes)
    {
        var reader = new WireReader(content);
        string key = "";
        JsonNode? value = "";
        while (reader.Next(out int number, out ReadOnlySpan<byte> inner, out _))
        {
            if (number == 1)
            {
                key = Encoding.UTF8.GetString(inner);
            }
            else
            {
                value = isBytes ? Convert.ToBase64String(inner) : Encoding.UTF8.GetString(inner);
            }
        }

        return (key, value);
    }

    private static FrozenDictionary<string, MessageOf> Load()
    {
        using Stream stream = typeof(ProtobufBody).Assembly.GetManifestResourceStream("Ordinal.ControlPlane.Schemas.ProtobufMessages.txt")!;
        using var reader = new StreamReader(stream);
        var messages = new Dictionary<string, MessageOf>(StringComparer.Ordinal);
        foreach (string line in reader.ReadToEnd().Split('\n').Where(l => l.Length > 0 && l[0] != '#'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            messages.Add(line[..colon].TrimEnd('!'), new MessageOf(line[colon - 1] == '!', line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(f => Pattern().Match(f)).ToDictionary(
                m => int.Parse(m.Groups["number"].Value, CultureInfo.InvariantCulture),
                m => new FieldOf(m.Groups["name"].Value, m.Groups["sign"].Value, m.Groups["type"].Value))));
        }

        return messages.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^(?<number>\d+)=(?<name>[A-Za-z]+)(?<sign>#|&|<|\[\]|\{b?\})?(:(?<type>[A-Za-z]+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    private sealed record FieldOf(string Name, string Sign, string Type);

    private sealed record MessageOf(bool IsWhole, Dictionary<int, FieldOf> Fields);

    /// <summary>A field that may not be passed over is not in the table.</summary>
    private sealed class UnreadFieldException : Exception;

    /// <summary>Steps through the fields of one message.</summary>
    private ref struct WireReader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public bool Next(out int number, out ReadOnlySpan<byte> content, out ulong varint)
        {
            content = default;
            varint = 0;
            number = 0;
            if (_rest.IsEmpty)
            {
                return false;
            }

            ulong tag = Varint();
            number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    varint = Varint();
                    return true;
                case 1:
                    Take(8);
                    return true;
                case 2:
                    content = Take(Varint());
                    return true;
                case 5:
                    Take(4);
                    return true;
                default:
                    throw new FormatException("the message has a field of an unknown wire type");
            }
        }

        private ReadOnlySpan<byte> Take(ulong length)
        {
            if (length > (ulong)_rest.Length)
            {
                throw new FormatException("the message ends in the middle of a field");
            }

            ReadOnlySpan<byte> taken = _rest[..(int)length];
            _rest = _rest[(int)length..];
            return taken;
        }

        private ulong Varint()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64 && !_rest.IsEmpty; shift += 7)
            {
                byte next = _rest[0];
                _rest = _rest[1..];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }

            throw new FormatException("the message has a broken number");
        }
    }
}
