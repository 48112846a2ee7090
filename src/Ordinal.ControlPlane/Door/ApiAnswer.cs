namespace Ordinal.ControlPlane.Door;

/// <summary>The answer to one <see cref="ApiCall"/>.</summary>
/// <param name="StatusCode">HTTP status code.</param>
/// <param name="Body">The response body; UTF-8 JSON unless <see cref="ContentType"/> says otherwise.</param>
public sealed record ApiAnswer(int StatusCode, ReadOnlyMemory<byte> Body)
{
    /// <summary>
    /// Gets the body in pieces, which are parts of stored objects' own buffers; empty unless the caller takes pieces, and then <see cref="Body"/> is empty.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Pieces { get; init; } = [];

    /// <summary>Gets the media type of the body.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>Gets how long the caller should wait before it tries again (429 and some 5xx), in whole seconds on the wire.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Gets the Warning headers' texts, without code and quotes.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Gets a value indicating whether the call succeeded.</summary>
    public bool IsSuccess => StatusCode is >= 200 and < 300;
}
