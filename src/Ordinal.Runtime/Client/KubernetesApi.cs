using System.Globalization;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Runtime.Client;

/// <summary>How requests are made.</summary>
/// <param name="FieldManager">Name of this program in managed fields.</param>
/// <param name="RequestTimeout">
/// Longest time for one request. It must be shorter than lease duration minus renew deadline, so that a write which a stalled
/// leader sent has come to an end before another may lead.
/// </param>
public sealed record KubernetesApiSettings(string FieldManager, TimeSpan RequestTimeout)
{
    /// <summary>Gets what metrics call the server; must not vary without bound.</summary>
    public string Host { get; init; } = "kubernetes";
}

/// <summary>Adds time limits, classified errors and metrics to a transport. It never retries: the caller knows what a repeat means.</summary>
/// <param name="transport">Carries the requests.</param>
/// <param name="settings">Name and time limit.</param>
/// <param name="timeProvider">Measures the time limit.</param>
/// <param name="metrics">Counts requests.</param>
public sealed class KubernetesApi(IApiTransport transport, KubernetesApiSettings settings, TimeProvider timeProvider, RuntimeMetrics metrics) : IKubernetesApi
{
    private long lastStrayWrite = long.MinValue;

    /// <summary>
    /// Gets or sets what is called before a write leaves, and may cancel tokens: a process that stood still must look at the time before its timers
    /// have told it that it leads no more.
    /// </summary>
    public Action? BeforeWrite { get; set; }

    /// <inheritdoc/>
    public string FieldManager => settings.FieldManager;

    /// <inheritdoc/>
    public bool MayHaveStrayWrite(TimeSpan past) =>
        Interlocked.Read(ref lastStrayWrite) is var at && at != long.MinValue && timeProvider.GetElapsedTime(at) <= past;

    /// <inheritdoc/>
    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var response = await BoundedAsync(request, transport.SendAsync, cancellationToken);
        Count(request, response.StatusCode);
        return response.IsSuccess ? response : throw ApiException.From(request, response);
    }

    /// <inheritdoc/>
    public async Task<IApiLines> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var opening = await BoundedAsync(request, transport.OpenAsync, cancellationToken);
        Count(request, opening.Refusal?.StatusCode ?? 200);
        return opening.Stream ?? throw ApiException.From(request, opening.Refusal ?? new ApiResponse(0, default));
    }

    /// <inheritdoc/>
    public async Task ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken)
    {
        var refusal = await BoundedAsync(request, (sent, limited) => transport.ReadAsync(sent, readAsync, limited), cancellationToken);
        Count(request, refusal?.StatusCode ?? 200);
        if (refusal is not null)
        {
            throw ApiException.From(request, refusal);
        }
    }

    /// <summary>
    /// Runs one exchange under the time limit. The limit is a timer of the TimeProvider, so it holds in simulated time too.
    /// A write that was sent is past its point of no return: cancelling cannot call it back. So it is waited for, within its limit, and a
    /// leader that stops releases its lease only when nothing of its own can still arrive under the next one.
    /// </summary>
    private async Task<TAnswer> BoundedAsync<TAnswer>(ApiRequest request, Func<ApiRequest, CancellationToken, Task<TAnswer>> exchange, CancellationToken cancellationToken)
    {
        if (request.Method != "GET")
        {
            BeforeWrite?.Invoke();
        }

        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new CancellationTokenSource(settings.RequestTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, request.Method == "GET" ? cancellationToken : CancellationToken.None);
        try
        {
            return await exchange(request, either.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Of a write, only the limit cancels: its time was up, and its sender stops besides.
            RememberStray(request);
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException error)
        {
            RememberStray(request);
            Count(request, 0);
            throw new ApiException(ApiErrorKind.Timeout, $"{request}: no answer within {settings.RequestTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s", innerException: error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            RememberStray(request);
            Count(request, 0);
            throw new ApiException(ApiErrorKind.Connection, $"{request}: {error.Message}", innerException: error);
        }
    }

    private void RememberStray(ApiRequest request)
    {
        if (request.Method != "GET")
        {
            Interlocked.Exchange(ref lastStrayWrite, timeProvider.GetTimestamp());
        }
    }

    private void Count(ApiRequest request, int statusCode) =>
        metrics.RequestDone(request.Method, statusCode == 0 ? "<error>" : statusCode.ToString(CultureInfo.InvariantCulture), settings.Host);
}
