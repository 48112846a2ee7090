using System.Text;
using System.Text.Json;

namespace Ordinal.ControlPlane.Cache;

/// <summary>Takes a watch frame apart without a copy of the object in it.</summary>
public static class WatchFrame
{
    private static readonly (string Type, byte[] Head)[] Heads =
        [.. ((string[])["MODIFIED", "ADDED", "DELETED", "BOOKMARK"]).Select(type => (type, Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":")))];

    /// <summary>Finds the type and the text of the object.</summary>
    /// <exception cref="JsonException">The frame is no JSON object, or lacks one of them.</exception>
    public static (string Type, ReadOnlyMemory<byte> Document) Split(ReadOnlyMemory<byte> frame) => SplitUsual(frame) ?? SplitAny(frame);

    /// <summary>Takes apart what API servers send, a type and then an object, without reading the object: whoever parses that finds what is wrong in it.</summary>
    private static (string Type, ReadOnlyMemory<byte> Document)? SplitUsual(ReadOnlyMemory<byte> frame)
    {
        ReadOnlySpan<byte> text = frame.Span;
        foreach ((string type, byte[] head) in Heads)
        {
            if (text.StartsWith(head) && text[^1] == '}')
            {
                return (type, frame[head.Length..^1]);
            }
        }

        return null;
    }

    private static (string Type, ReadOnlyMemory<byte> Document) SplitAny(ReadOnlyMemory<byte> frame)
    {
        string? type = null;
        ReadOnlyMemory<byte>? document = null;
        Utf8JsonReader reader = new(frame.Span, new JsonReaderOptions { MaxDepth = 128 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("a watch event is no JSON object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isType = reader.ValueTextEquals("type"u8);
            bool isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            if (isType)
            {
                type = reader.GetString();
                continue;
            }

            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isObject)
            {
                document = frame[start..(int)reader.BytesConsumed];
            }
        }

        return type is not null && document is { } found ? (type, found) : throw new JsonException("a watch event has no type or no object");
    }
}
