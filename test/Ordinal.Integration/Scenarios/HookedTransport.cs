using System.Text;
using Ordinal.Runtime.Client;

namespace Ordinal.Integration.Scenarios;

/// <summary>A transport in which a test can hold back what a watch tells, do something in the moment before a write, and look at the answer.</summary>
internal sealed class HookedTransport(IApiTransport inner) : IApiTransport
{
    private volatile Func<string, string, bool> isHeldBack = (_, _) => false;
    private volatile TaskCompletionSource thaw = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets or sets what is done before a write is sent.</summary>
    public Func<ApiRequest, Task> BeforeWrite { get; set; } = _ => Task.CompletedTask;

    /// <summary>Gets or sets what is done with the answer to a write before the operator has it.</summary>
    public Action<ApiRequest, ApiResponse> AfterWrite { get; set; } = (_, _) => { };

    /// <summary>Holds back every event from the first one on that fits; each watch keeps its order.</summary>
    /// <param name="events">The resource that is watched, and the event as text.</param>
    public void HoldBack(Func<string, string, bool> events)
    {
        thaw = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        isHeldBack = events;
    }

    /// <summary>Lets everything through again.</summary>
    public void Thaw()
    {
        isHeldBack = (_, _) => false;
        thaw.TrySetResult();
    }

    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (request.Method == "GET")
        {
            return await inner.SendAsync(request, cancellationToken);
        }

        await BeforeWrite(request);
        var answer = await inner.SendAsync(request, cancellationToken);
        AfterWrite(request, answer);
        return answer;
    }

    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var opening = await inner.OpenAsync(request, cancellationToken);
        return opening.Stream is { } stream ? opening with { Stream = new Lines(this, stream, request.Path[(request.Path.LastIndexOf('/') + 1)..]) } : opening;
    }

    private sealed class Lines(HookedTransport hooks, IApiLines lines, string resource) : IApiLines
    {
        public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
        {
            var line = await lines.ReadLineAsync(cancellationToken);
            if (line is { } bytes && hooks.isHeldBack(resource, Encoding.UTF8.GetString(bytes.Span)))
            {
                await hooks.thaw.Task.WaitAsync(cancellationToken);
            }

            return line;
        }

        public ValueTask DisposeAsync() => lines.DisposeAsync();
    }
}
