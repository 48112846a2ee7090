using System.Text.Json;
using k8s;

namespace Ordinal.Runtime.Client;

/// <summary>Reads and writes whole objects as the official client does, so that its models and our own classes both work.</summary>
public static class EntityJson
{
    /// <summary>Reads one object.</summary>
    /// <exception cref="ApiException"><see cref="ApiErrorKind.Other"/>: the text is no such object.</exception>
    public static TEntity Read<TEntity>(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var stream = new MemoryStream(body.ToArray(), writable: false);
            return KubernetesJson.Deserialize<TEntity>(stream) ?? throw Unreadable<TEntity>(null);
        }
        catch (JsonException error)
        {
            throw Unreadable<TEntity>(error);
        }
    }

    /// <summary>Reads one object out of a larger document.</summary>
    /// <exception cref="ApiException"><see cref="ApiErrorKind.Other"/>: the text is no such object.</exception>
    public static TEntity Read<TEntity>(JsonElement element)
    {
        try
        {
            return KubernetesJson.Deserialize<TEntity>(element) ?? throw Unreadable<TEntity>(null);
        }
        catch (JsonException error)
        {
            throw Unreadable<TEntity>(error);
        }
    }

    /// <summary>Reads any JSON; the caller disposes it.</summary>
    /// <exception cref="ApiException"><see cref="ApiErrorKind.Other"/>: the text is no JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException error)
        {
            throw new ApiException(ApiErrorKind.Other, $"The server's answer is no JSON (at byte {error.BytePositionInLine}).");
        }
    }

    /// <summary>Writes one object; members that are null are left out.</summary>
    public static byte[] Write<TEntity>(TEntity entity) => System.Text.Encoding.UTF8.GetBytes(WriteText(entity));

    /// <summary>Writes one object as a text, to be compared with another.</summary>
    public static string WriteText<TEntity>(TEntity entity) => KubernetesJson.Serialize(entity);

    // The parser's message quotes what it read, which may be a secret's value: only the place is told.
    private static ApiException Unreadable<TEntity>(JsonException? error) =>
        new(ApiErrorKind.Other, $"The server's answer is no {typeof(TEntity).Name}{(error is null ? "" : $" (at {error.Path})")}.");
}
