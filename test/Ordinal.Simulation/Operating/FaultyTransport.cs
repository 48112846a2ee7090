using System.Text;
using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Operating;

/// <summary>
/// The network between one operator process and the API server: latency, refusals, lost answers, late arrivals, broken and stalled
/// watches, and the process' death. A dead process' requests reach nothing, but one that was on its way already still arrives.
/// </summary>
/// <param name="inner">The server.</param>
/// <param name="time">The world's clock: what is on its way goes on while the process is frozen.</param>
/// <param name="clock">The process' clock: it hears of nothing while it is frozen.</param>
/// <param name="random">This network's own seeded source.</param>
/// <param name="say">Where faults are told.</param>
internal sealed class FaultyTransport(IApiTransport inner, TimeProvider time, ProcessClock clock, Random random, Action<string> say) : IApiTransport
{
    /// <summary>Gets or sets the rates that hold from now on.</summary>
    public FaultRates Rates { get; set; } = FaultRates.None;

    /// <summary>Gets a value indicating whether the process is dead.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Gets or sets what is asked before and after each write; true kills the process there.</summary>
    public Func<ApiRequest, bool, bool>? DiesAt { get; set; }

    /// <summary>Gets or sets what happens when the process dies by <see cref="DiesAt"/>.</summary>
    public Action? Died { get; set; }

    /// <summary>Gets where the moment is kept at which a write leaves the process.</summary>
    public required SentTimes Sent { get; init; }

    /// <summary>Cuts the process off.</summary>
    public void Die() => IsDead = true;

    /// <inheritdoc/>
    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await SendOnceAsync(request, cancellationToken);
        }
        finally
        {
            await clock.ThawAsync();
        }
    }

    private async Task<ApiResponse> SendOnceAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        bool isWrite = request.Method != "GET";
        Sent.Mark(request, time.GetUtcNow());
        await LatencyAsync(cancellationToken);
        ThrowIfDead();
        if (Refusal(request, isWrite) is { } refusal)
        {
            return refusal;
        }

        if (isWrite && Asks(request, isAfter: false))
        {
            throw Lost("the operator died before it");
        }

        ApiResponse response = Happens(Rates.Late)
            ? await SendLateAsync(request, cancellationToken)
            : await inner.SendAsync(request, cancellationToken);
        if (isWrite && Asks(request, isAfter: true))
        {
            throw Lost("the operator died after it");
        }

        ThrowIfDead();
        if (isWrite && Happens(Rates.After))
        {
            bool isAnswered = random.Next(2) == 0;
            say($"fault: carried out, but {(isAnswered ? "504" : "connection lost")}: {request}");
            return isAnswered ? Status(504, "Timeout") : throw Lost("injected after");
        }

        await LatencyAsync(cancellationToken);
        ThrowIfDead();
        return response;
    }

    /// <inheritdoc/>
    public async Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        await LatencyAsync(cancellationToken);
        ThrowIfDead();
        if (Refusal(request, isWrite: false) is { } refusal)
        {
            return new ApiStreamOpening(refusal, null);
        }

        ApiStreamOpening opening = await inner.OpenAsync(request, cancellationToken);
        await clock.ThawAsync();
        return opening.Stream is { } stream ? opening with { Stream = new FaultyLines(this, stream, request) } : opening;
    }

    private static HttpRequestException Lost(string why) => new($"connection lost: {why}");

    private static ApiResponse Status(int code, string reason) => new(code, Encoding.UTF8.GetBytes(
        $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"{{reason}}","message":"injected","code":{{code}}}"""))
    {
        RetryAfter = code is 429 ? TimeSpan.FromSeconds(1) : null,
    };

    private bool Asks(ApiRequest request, bool isAfter)
    {
        if (DiesAt?.Invoke(request, isAfter) is not true)
        {
            return false;
        }

        say($"killed {(isAfter ? "after" : "before")} {request}");
        Die();
        Died?.Invoke();
        return true;
    }

    private bool Happens(double rate) => rate > 0 && random.NextDouble() < rate;

    private void ThrowIfDead()
    {
        if (IsDead)
        {
            throw Lost("the process is dead");
        }
    }

    private Task LatencyAsync(CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMicroseconds(random.Next(200, 10_000)), time, cancellationToken);

    private ApiResponse? Refusal(ApiRequest request, bool isWrite)
    {
        ApiResponse? refusal = null;
        if (Happens(Rates.Before))
        {
            int kind = random.Next(4);
            say($"fault: not carried out: {request}");
            refusal = kind switch { 0 => Status(500, "InternalError"), 1 => Status(503, "ServiceUnavailable"), 2 => Status(504, "Timeout"), _ => throw Lost("injected before") };
        }
        else if (Happens(Rates.FlowControl))
        {
            refusal = Status(429, "TooManyRequests");
        }
        else if (isWrite && Happens(Rates.Conflict))
        {
            say($"fault: 409: {request}");
            refusal = Status(409, "Conflict");
        }
        else if (IsCollection(request) && Happens(Rates.Gone))
        {
            say($"fault: 410: {request}");
            refusal = Status(410, "Expired");
        }

        return refusal;
    }

    private static bool IsCollection(ApiRequest request) =>
        request.Method == "GET" && (request.PathAndQuery.Contains("watch=true", StringComparison.Ordinal) || request.PathAndQuery.Contains("limit=", StringComparison.Ordinal));

    /// <summary>Sends a request that arrives late, whether its sender still waits or not: a process that died cannot call it back.</summary>
    private async Task<ApiResponse> SendLateAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        TimeSpan delay = FaultRates.LongestLate * random.NextDouble();
        say($"fault: arrives {delay.TotalSeconds:0.0} s late: {request}");
        return await ArriveAsync().WaitAsync(cancellationToken);

        async Task<ApiResponse> ArriveAsync()
        {
            await Task.Delay(delay, time, CancellationToken.None);
            return await inner.SendAsync(request, CancellationToken.None);
        }
    }

    private sealed class FaultyLines(FaultyTransport owner, IApiLines lines, ApiRequest request) : IApiLines
    {
        private static readonly byte[] Gone = Encoding.UTF8.GetBytes(
            """{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Expired","message":"injected","code":410}}""");

        public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
        {
            ReadOnlyMemory<byte>? line = await lines.ReadLineAsync(cancellationToken);
            await owner.ThawAsync();
            owner.ThrowIfDead();
            if (line is null)
            {
                return null;
            }

            if (owner.Happens(owner.Rates.Stall))
            {
                TimeSpan stall = owner.Rates.LongestStall * owner.Chance.NextDouble();
                owner.Say($"fault: stands still for {stall.TotalSeconds:0.0} s: watch of {request.Path}");
                await Task.Delay(stall, owner.Clock, cancellationToken);
                owner.ThrowIfDead();
            }

            if (owner.Happens(owner.Rates.Drop))
            {
                bool isOrderly = owner.Chance.Next(2) == 0;
                owner.Say($"fault: {(isOrderly ? "ended" : "broken")}: watch of {request.Path}");
                return isOrderly ? null : throw Lost("injected into a watch");
            }

            return owner.Happens(owner.Rates.Gone) ? Gone : line;
        }

        public ValueTask DisposeAsync() => lines.DisposeAsync();
    }

    private Random Chance => random;

    private TimeProvider Clock => time;

    private Task ThawAsync() => clock.ThawAsync();


    private void Say(string what) => say(what);
}
