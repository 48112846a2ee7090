using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Hosting.Exec;

namespace Ordinal.ControlPlane.Hosting;

/// <summary>Turns HTTP requests into calls and answers into responses.</summary>
internal sealed class HttpEndpoint(ApiServer server, HostIdentity identity, ControlPlaneHostOptions options, TimeProvider timeProvider, CancellationToken stopping)
{
    /// <summary>How much is written before it is sent.</summary>
    private const int FlushBytes = 64 * 1024;

    private readonly long maxBodyBytes = options.MaxBodyBytes;
    private readonly ExecEndpoint exec = new(server, timeProvider);

    public async Task HandleAsync(HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            await HandleAsync(context, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The caller has gone, or the host stops: nobody waits for an answer.
            Cut(context);
        }
        catch (HttpRequestException)
        {
            // An injected fault: the connection is to be lost.
            context.Abort();
        }
        catch (Exception e) when (e is not (OutOfMemoryException or StackOverflowException))
        {
            // A mistake of ours must not take the cluster down; the caller hears of it as of a real server's.
            await WriteAsync(context, new ApiRefusalException(500, "InternalError", $"Internal error occurred: {e.GetType().Name}: {e.Message}").ToAnswer(), CancellationToken.None);
        }
    }

    private static void Cut(HttpContext context)
    {
        if (context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            // Ending in good order would look like a complete answer only for watches, which may end at any time.
            return;
        }

        context.Abort();
    }

    private static async Task WriteAsync(HttpContext context, ApiAnswer answer, CancellationToken cancellationToken)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }

        SetHeaders(response, answer);
        if (answer.StatusCode == StatusCodes.Status204NoContent)
        {
            response.ContentType = null;
            return;
        }

        response.ContentLength = answer.Body.Length + answer.Pieces.Sum(piece => (long)piece.Length);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        if (answer.Pieces.Count > 0)
        {
            await WritePiecesAsync(response, answer.Pieces, cancellationToken);
        }
        else
        {
            await response.Body.WriteAsync(answer.Body, cancellationToken);
        }
    }

    private static async Task WritePiecesAsync(HttpResponse response, IReadOnlyList<ReadOnlyMemory<byte>> pieces, CancellationToken cancellationToken)
    {
        int written = 0;
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            response.BodyWriter.Write(piece.Span);
            written += piece.Length;
            if (written >= FlushBytes)
            {
                await response.BodyWriter.FlushAsync(cancellationToken);
                written = 0;
            }
        }

        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    private static void SetHeaders(HttpResponse response, ApiAnswer answer)
    {
        response.StatusCode = answer.StatusCode;
        response.ContentType = answer.ContentType;
        response.Headers.CacheControl = "no-cache, private";
        if (answer.RetryAfter is { } retryAfter)
        {
            response.Headers.RetryAfter = ((long)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        foreach (string warning in answer.Warnings)
        {
            string quoted = warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" ");
            response.Headers.Append("Warning", $"299 - \"{quoted}\"");
        }
    }

    private async Task HandleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        HttpRequest request = context.Request;
        if (identity.Authenticate(request.Headers.Authorization, server.Tokens) is not { } user)
        {
            await WriteAsync(context, new ApiRefusalException(401, "Unauthorized", "Unauthorized").ToAnswer(), cancellationToken);
            return;
        }

        (ReadOnlyMemory<byte> body, bool isTooLarge) = await ReadBodyAsync(request, cancellationToken);
        if (isTooLarge)
        {
            context.Response.Headers.Connection = request.Protocol == "HTTP/1.1" ? "close" : default;
            var refusal = new ApiRefusalException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {maxBodyBytes}");
            await WriteAsync(context, refusal.ToAnswer(), cancellationToken);
            return;
        }

        ApiCall call = ToCall(context, body) with { User = user, Impersonation = ImpersonationOf(request) };
        if (user.IsMaster && options.Desk is { } desk && await desk(call, cancellationToken) is { } special)
        {
            await WriteAsync(context, special, cancellationToken);
            return;
        }

        if (ApiServer.IsExec(call))
        {
            if (await exec.HandleAsync(context, call, cancellationToken) is { } answer)
            {
                await WriteAsync(context, answer, cancellationToken);
            }

            return;
        }

        if (ApiServer.IsStream(call))
        {
            await StreamAsync(context, call, cancellationToken);
            return;
        }

        await WriteAsync(context, await server.HandleAsync(call, cancellationToken), cancellationToken);
    }

    private static Impersonation? ImpersonationOf(HttpRequest request)
    {
        string user = request.Headers["Impersonate-User"].ToString();
        string uid = request.Headers["Impersonate-Uid"].ToString();
        string[] groups = [.. request.Headers["Impersonate-Group"].OfType<string>()];
        return user.Length == 0 && uid.Length == 0 && groups.Length == 0 ? null : new Impersonation(user, groups, uid);
    }

    private static ApiCall ToCall(HttpContext context, ReadOnlyMemory<byte> body)
    {
        // The raw target: the server's own decoding of the path keeps %2F and folds what it must not fold.
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        int question = target.IndexOf('?', StringComparison.Ordinal);
        HttpRequest request = context.Request;
        return new ApiCall(
            request.Method,
            question < 0 ? target : target[..question],
            question < 0 ? "" : target[(question + 1)..])
        {
            ContentType = request.ContentType,
            Accept = request.Headers.Accept,
            UserAgent = request.Headers.UserAgent,
            Body = body,
            TakesPieces = true,
        };
    }

    private async Task<(ReadOnlyMemory<byte> Body, bool IsTooLarge)> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBodyBytes)
        {
            await DrainAsync(request, cancellationToken);
            return (default, true);
        }

        if (request.ContentLength is 0)
        {
            return (default, false);
        }

        var buffer = new ArrayBufferWriter<byte>((int)(request.ContentLength ?? 512));
        while (true)
        {
            int read = await request.Body.ReadAsync(buffer.GetMemory(4096), cancellationToken);
            if (read == 0)
            {
                return (buffer.WrittenMemory, false);
            }

            buffer.Advance(read);
            if (buffer.WrittenCount > maxBodyBytes)
            {
                await DrainAsync(request, cancellationToken);
                return (default, true);
            }
        }
    }

    /// <summary>Reads on, within bounds, so that the caller gets to read the refusal instead of a broken pipe.</summary>
    private static async Task DrainAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        const long Longest = 64L * 1024 * 1024;
        byte[] scrap = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (long total = 0; total < Longest;)
            {
                int read = await request.Body.ReadAsync(scrap, cancellationToken);
                if (read == 0)
                {
                    return;
                }

                total += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scrap);
        }
    }

    private async Task StreamAsync(HttpContext context, ApiCall call, CancellationToken cancellationToken)
    {
        StreamOpening opening = await server.OpenAsync(call, cancellationToken);
        if (opening.Feed is null)
        {
            await WriteAsync(context, opening.Refused!, cancellationToken);
            return;
        }

        await using IApiFeed feed = opening.Feed;
        bool isWatch = !call.Path.EndsWith("/log", StringComparison.Ordinal);
        SetHeaders(context.Response, new ApiAnswer(200, default) { ContentType = isWatch ? "application/json" : "text/plain" });
        // Headers first: a client can tell an open, quiet watch from a hanging server.
        await context.Response.StartAsync(cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        await SendAsync(context.Response, feed, isWatch, cancellationToken);
    }

    /// <summary>
    /// Sends what a feed has. Frames that are ready together go out together; none waits for others: a kubelet that hears of a pod 20 ms later makes
    /// the StatefulSet controller write more events than a real one does.
    /// </summary>
    private static async Task SendAsync(HttpResponse response, IApiFeed feed, bool isWatch, CancellationToken cancellationToken)
    {
        int unsent = 0;
        while (true)
        {
            ValueTask<ReadOnlyMemory<byte>?> next = feed.ReadAsync(cancellationToken);
            if (unsent > 0 && (!next.IsCompletedSuccessfully || unsent >= FlushBytes))
            {
                await response.BodyWriter.FlushAsync(cancellationToken);
                unsent = 0;
            }

            if (await next is not { } frame)
            {
                return;
            }

            Write(response.BodyWriter, frame.Span, isWatch);
            unsent += frame.Length;
        }
    }

    private static void Write(IBufferWriter<byte> writer, ReadOnlySpan<byte> frame, bool isWatch)
    {
        writer.Write(frame);
        if (isWatch)
        {
            writer.Write("\n"u8);
        }
    }
}
