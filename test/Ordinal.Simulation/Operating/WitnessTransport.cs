using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Operating;

/// <summary>The last stop before the server: every write of one operator process passes the judge. Counts what the process asks for.</summary>
internal sealed class WitnessTransport(IApiTransport inner, string process, RuleChecker checker) : IApiTransport
{
    /// <summary>Gets how many requests arrived that were neither watches nor about the lease.</summary>
    public long Requests { get; private set; }

    /// <summary>Gets the last of them, for a failure's message.</summary>
    public string LastRequest { get; private set; } = "";

    /// <summary>Gets when each request was sent that has not arrived yet.</summary>
    public SentTimes Sent { get; } = new();

    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        if (!request.Path.Contains("/leases", StringComparison.Ordinal))
        {
            Requests++;
            LastRequest = request.ToString();
        }

        return request.Method == "GET"
            ? await inner.SendAsync(request, cancellationToken)
            : checker.Witness(process, request, Sent.Of(request), CarryOut);

        // The in-process door answers within the step: nothing can come between the judge's look and the write.
        ApiResponse CarryOut()
        {
            Task<ApiResponse> answer = inner.SendAsync(request, cancellationToken);
            return answer.IsCompleted ? answer.GetAwaiter().GetResult() : throw new InvalidOperationException("the door did not answer within the step");
        }
    }

    public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => inner.OpenAsync(request, cancellationToken);
}

/// <summary>When requests left their process.</summary>
internal sealed class SentTimes
{
    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<ApiRequest, object> times = [];

    public void Mark(ApiRequest request, DateTimeOffset at) => times.AddOrUpdate(request, at);

    public DateTimeOffset Of(ApiRequest request) => times.TryGetValue(request, out object? at) ? (DateTimeOffset)at : throw new InvalidOperationException($"{request} was never sent");
}
