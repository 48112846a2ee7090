using System.Runtime.InteropServices;

namespace Ordinal.Runtime.Client;

/// <summary>
/// The one place where requests leave the runtime. Everything above it is free of sockets, so a simulation can put a server in the
/// same process underneath. Implementations neither retry nor time out by themselves: the caller's token ends a request.
/// </summary>
public interface IApiTransport
{
    /// <summary>Sends one request and returns its whole answer. A refusal is an answer, not an exception.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection was lost; the request may or may not have been carried out.</exception>
    /// <exception cref="IOException">As above.</exception>
    Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken);

    /// <summary>Opens a watch and returns once the server has answered with its headers, which may be long before the first event.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection was lost.</exception>
    /// <exception cref="IOException">As above.</exception>
    Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Sends one request and hands the body of a successful answer to a reader as it comes, so that a long one is never in memory as a whole. A
    /// transport that has whole answers only need not care.
    /// </summary>
    /// <returns>The refusal, and nothing was read; null when the body was read.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection was lost, maybe in the middle of the body.</exception>
    /// <exception cref="IOException">As above.</exception>
    async Task<ApiResponse?> ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken)
    {
        var response = await SendAsync(request, cancellationToken);
        if (!response.IsSuccess)
        {
            return response;
        }

        await using var body = response.BodyStream();
        await readAsync(body, cancellationToken);
        return null;
    }
}

/// <summary>Reads the body of an answer to its end. The stream is the caller's, and valid until the task ends.</summary>
/// <param name="body">The body.</param>
/// <param name="cancellationToken">Ends the request.</param>
public delegate Task BodyReader(Stream body, CancellationToken cancellationToken);

/// <summary>One request to the API server.</summary>
/// <param name="Method">Upper-case HTTP method.</param>
/// <param name="PathAndQuery">Absolute path with its query, percent-encoded.</param>
public sealed record ApiRequest(string Method, string PathAndQuery)
{
    /// <summary>Gets the media type of <see cref="Body"/>; null without a body.</summary>
    public string? ContentType { get; init; }

    /// <summary>Gets the body; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Gets the Accept header.</summary>
    public string Accept { get; init; } = "application/json";

    /// <summary>Gets the path without the query.</summary>
    public string Path => PathAndQuery.IndexOf('?', StringComparison.Ordinal) is var at and >= 0 ? PathAndQuery[..at] : PathAndQuery;

    /// <summary>Names the request by method and path only: bodies may hold secrets, and records print all they have.</summary>
    public override string ToString() => $"{Method} {Path}";
}

/// <summary>The whole answer to one request.</summary>
/// <param name="StatusCode">HTTP status code.</param>
/// <param name="Body">The body; UTF-8 JSON, from an API server.</param>
public sealed record ApiResponse(int StatusCode, ReadOnlyMemory<byte> Body)
{
    /// <summary>Gets how long the server asks to be left alone; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Gets a value indicating whether the request succeeded.</summary>
    public bool IsSuccess => StatusCode is >= 200 and < 300;

    /// <summary>Returns the body as a stream.</summary>
    internal Stream BodyStream() => MemoryMarshal.TryGetArray(Body, out var part) && part.Array is not null
        ? new MemoryStream(part.Array, part.Offset, part.Count, writable: false)
        : new MemoryStream(Body.ToArray(), writable: false);

    /// <summary>Names the answer by its status only: bodies may hold secrets.</summary>
    public override string ToString() => $"HTTP {StatusCode}";
}

/// <summary>What came of opening a stream: exactly one of the two.</summary>
/// <param name="Refusal">The server's refusal; null when <paramref name="Stream"/> is there.</param>
/// <param name="Stream">The open stream, which the caller disposes.</param>
public sealed record ApiStreamOpening(ApiResponse? Refusal, IApiLines? Stream);

/// <summary>An open stream of lines: for a watch, one event each.</summary>
public interface IApiLines : IAsyncDisposable
{
    /// <summary>
    /// Waits for the next line, without its line end; null when the server closed the stream in good order.
    /// The memory is valid until the next call.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">The connection was lost.</exception>
    /// <exception cref="IOException">As above.</exception>
    ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken);
}
