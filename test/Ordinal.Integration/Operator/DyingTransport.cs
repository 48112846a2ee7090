using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Operating;

/// <summary>When an operator dies.</summary>
internal enum Death
{
    /// <summary>The server has carried the write out; the answer never arrives.</summary>
    BeforeTheAnswer,

    /// <summary>The answer has arrived; nothing more is sent.</summary>
    AfterTheAnswer,
}

/// <summary>The transport of an operator that is killed at its n-th write: from then on nothing of it reaches the server.</summary>
internal sealed class DyingTransport(IApiTransport inner, Death death, int atWrite) : IApiTransport
{
    private int writes;

    /// <summary>Gets a task that ends with the operator's death.</summary>
    public TaskCompletionSource Died { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Method == "GET" || request.Path.Contains("/events", StringComparison.Ordinal))
        {
            return Volatile.Read(ref writes) < atWrite ? await inner.SendAsync(request, cancellationToken) : throw new HttpRequestException("dead");
        }

        var number = Interlocked.Increment(ref writes);
        if (number != atWrite)
        {
            return number < atWrite ? await inner.SendAsync(request, cancellationToken) : throw new HttpRequestException("dead");
        }

        try
        {
            var response = await inner.SendAsync(request, cancellationToken);
            return death is Death.AfterTheAnswer ? response : throw new HttpRequestException("dead");
        }
        finally
        {
            Died.TrySetResult();
        }
    }

    public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => inner.OpenAsync(request, cancellationToken);
}
