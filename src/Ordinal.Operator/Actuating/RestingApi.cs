using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Actuating;

/// <summary>
/// The API server, left alone where it does not answer: a request that met a 5xx, flow control or a broken connection is not sent again with each event. It
/// rests for a moment, and twice as long each time up to 30 s, and is answered meanwhile with what the server said last, as a refusal by flow control: then
/// nothing was sent. One that succeeds ends that. It is for what passes send; watches and the lease have pauses of their own.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="timeProvider">Measures the pauses.</param>
internal sealed class RestingApi(IKubernetesApi api, TimeProvider timeProvider) : IKubernetesApi
{
    /// <summary>There is nothing that it was made for: a server that is out of order is so for all.</summary>
    private static readonly object Whatever = new();

    private readonly Rests<(string Method, string Path, int Body), ApiException> rests = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(30), timeProvider);

    /// <inheritdoc/>
    public string FieldManager => api.FieldManager;

    /// <inheritdoc/>
    public bool MayHaveStrayWrite(TimeSpan past) => api.MayHaveStrayWrite(past);

    /// <inheritdoc/>
    public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) => RestingAsync(request, () => api.SendAsync(request, cancellationToken));

    /// <inheritdoc/>
    public Task<IApiLines> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => api.OpenAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken) => RestingAsync(request, async () =>
    {
        await api.ReadAsync(request, readAsync, cancellationToken);
        return true;
    });

    private async Task<TAnswer> RestingAsync<TAnswer>(ApiRequest request, Func<Task<TAnswer>> sendAsync)
    {
        var key = KeyOf(request);
        if (rests.Find(key, Whatever) is { } rest)
        {
            throw new ApiException(ApiErrorKind.TooManyRequests, $"{rest.Said.Message}; it is sent again in {rest.Left.TotalSeconds:0.#} s", retryAfter: rest.Left, innerException: rest.Said);
        }

        try
        {
            var answer = await sendAsync();
            rests.Remove(key);
            return answer;
        }
        catch (ApiException error) when (error.Class is ApiErrorClass.Transient && error.Kind is not ApiErrorKind.DisruptionBudget)
        {
            rests.Add(key, Whatever, error, error.RetryAfter ?? TimeSpan.Zero);
            throw;
        }
        catch (ApiException)
        {
            // An answer, if not the one that was hoped for.
            rests.Remove(key);
            throw;
        }
    }

    /// <summary>All that is created in one place has one path: there the body tells one from another. An eviction names its pod in the path.</summary>
    private static (string Method, string Path, int Body) KeyOf(ApiRequest request)
    {
        HashCode body = default;
        if (request.Method == "POST" && !request.Path.EndsWith("/eviction", StringComparison.Ordinal))
        {
            body.AddBytes(request.Body.Span);
        }

        return (request.Method, request.PathAndQuery, body.ToHashCode());
    }
}
