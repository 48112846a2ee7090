namespace Ordinal.Runtime.Client;

/// <summary>
/// The API server, as the runtime sees it: requests that succeed or throw one classified error. Typed verbs
/// (<c>GetAsync&lt;T&gt;</c>, <c>ListAsync&lt;T&gt;</c>, <c>JsonPatchAsync&lt;T&gt;</c>, <c>EvictAsync</c>…) are extensions in
/// <see cref="KubernetesApiExtensions"/>.
/// </summary>
public interface IKubernetesApi
{
    /// <summary>Gets the name under which writes are recorded in managed fields, unless a write names another.</summary>
    string FieldManager { get; }

    /// <summary>
    /// Says whether a write of the last <paramref name="past"/> has gone without an answer: it may still arrive, whatever its sender thinks.
    /// </summary>
    bool MayHaveStrayWrite(TimeSpan past) => false;

    /// <summary>Sends a request and returns its answer, which is a success.</summary>
    /// <exception cref="ApiException">The server refused, the request's time was up, or the connection was lost.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken);

    /// <summary>Opens a watch, waiting for the server's first word no longer than a request's time.</summary>
    /// <exception cref="ApiException">As for <see cref="SendAsync"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<IApiLines> OpenAsync(ApiRequest request, CancellationToken cancellationToken);

    /// <summary>Sends a request and hands the answer's body to a reader as it comes; a request's time bounds both.</summary>
    /// <exception cref="ApiException">As for <see cref="SendAsync"/>, or the reader's own.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    async Task ReadAsync(ApiRequest request, BodyReader readAsync, CancellationToken cancellationToken)
    {
        await using var body = (await SendAsync(request, cancellationToken)).BodyStream();
        await readAsync(body, cancellationToken);
    }
}
