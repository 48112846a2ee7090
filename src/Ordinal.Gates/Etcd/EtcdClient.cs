namespace Ordinal.Gates.Etcd;

/// <summary>Speaks to one member, never to another. Every call has its own deadline; failures are values.</summary>
/// <param name="transport">The exchange.</param>
/// <param name="endpoint">The member.</param>
/// <param name="secrets">User name and password, if the cluster wants them.</param>
/// <param name="timeout">The longest time for one call, log-in included.</param>
/// <param name="time">The clock for deadlines.</param>
/// <param name="tokens">What members gave for a log-in.</param>
internal sealed class EtcdClient(IEtcdTransport transport, EtcdEndpoint endpoint, IGateSecrets secrets, TimeSpan timeout, TimeProvider time, EtcdTokens tokens)
{
    private const int Unknown = 2;
    private const int InvalidArgument = 3;
    private const int PermissionDenied = 7;
    private const int Unauthenticated = 16;

    internal Task<EtcdResult<EtcdStatus>> StatusAsync(CancellationToken cancellationToken) =>
        CallAsync(EtcdWire.StatusPath, EtcdWire.EmptyBody, EtcdWire.Status, cancellationToken);

    internal Task<EtcdResult<EtcdMemberList>> MembersAsync(CancellationToken cancellationToken) =>
        CallAsync(EtcdWire.MembersPath, EtcdWire.EmptyBody, EtcdWire.Members, cancellationToken);

    /// <summary>Asks for all alarms. It goes through Raft like a write, so ask only when Status hints at one.</summary>
    internal Task<EtcdResult<EtcdAlarm[]>> AlarmsAsync(CancellationToken cancellationToken) =>
        CallAsync(EtcdWire.AlarmPath, EtcdWire.EmptyBody, EtcdWire.Alarms, cancellationToken);

    /// <summary>
    /// Reads one key through a quorum. A refusal for want of permission is a pass: etcd judges permissions only after the read index
    /// was confirmed by the quorum (a cluster without one answers with a time-out instead).
    /// </summary>
    /// <returns>The id of the member that served, in hexadecimal; empty when the refusal does not tell.</returns>
    internal async Task<EtcdResult<string>> LinearizableReadAsync(CancellationToken cancellationToken)
    {
        var read = await CallAsync(EtcdWire.RangePath, EtcdWire.RangeBody, EtcdWire.Reader, cancellationToken);
        return read.Failure is { Code: PermissionDenied } ? "" : read;
    }

    /// <summary>Moves leadership to another voter. This member must be the leader. Returns when etcd says that it is done.</summary>
    internal Task<EtcdResult<string>> TransferLeadershipAsync(ulong target, CancellationToken cancellationToken) =>
        CallAsync(EtcdWire.TransferPath, EtcdWire.TransferBody(target), EtcdWire.Done, cancellationToken);

    /// <summary>Asks for the checksum over all keys up to a revision. It reads every key: it takes its time, and its own timeout.</summary>
    internal Task<EtcdResult<EtcdHash>> HashKvAsync(ulong revision, TimeSpan longest, CancellationToken cancellationToken) =>
        WithLoginAsync(
            longest,
            tokens.Of(endpoint),
            async (token, deadline) => await transport.CallAsync(endpoint, EtcdProto.HashKvPath, EtcdProto.HashKvRequest(revision), token, deadline) is var answer && answer.Failure is { } failure
                ? failure
                : EtcdProto.HashKv(answer.Body),
            cancellationToken);

    /// <summary>Streams a snapshot; the caller's token ends it.</summary>
    internal async Task<EtcdFailure?> SnapshotAsync(Func<ReadOnlyMemory<byte>, ValueTask<EtcdFailure?>> line, CancellationToken cancellationToken)
    {
        var known = tokens.Of(endpoint);
        var failure = await transport.StreamAsync(endpoint, EtcdWire.SnapshotPath, EtcdWire.EmptyBody, known, line, cancellationToken);
        if (!WantsLogin(failure))
        {
            return failure;
        }

        var token = await tokens.RenewAsync(endpoint, known, LoginAsync, cancellationToken);
        return token.Value is null ? token.Failure : await transport.StreamAsync(endpoint, EtcdWire.SnapshotPath, EtcdWire.EmptyBody, token.Value, line, cancellationToken);
    }

    /// <summary>Tells what an error of etcd's own amounts to. A wrong password and a missing user are InvalidArgument, and Unknown where etcd 3.4 does not translate, so the words must tell.</summary>
    internal static EtcdFailureKind KindOf(int code, string message) => IsAccess(code, message) ? EtcdFailureKind.AccessDenied : EtcdFailureKind.Refused;

    private Task<EtcdResult<T>> CallAsync<T>(string path, byte[] body, Func<ReadOnlyMemory<byte>, EtcdResult<T>> decode, CancellationToken cancellationToken)
        where T : class =>
        WithLoginAsync(timeout, path == EtcdWire.StatusPath ? null : tokens.Of(endpoint), async (token, deadline) => Read(await transport.PostAsync(endpoint, path, body, token, deadline), decode), cancellationToken);

    private async Task<EtcdResult<T>> WithLoginAsync<T>(TimeSpan longest, string? known, Func<string?, CancellationToken, Task<EtcdResult<T>>> call, CancellationToken cancellationToken)
        where T : class
    {
        using var timer = new CancellationTokenSource(longest, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            // Log in only when asked to: Status needs no user, and must work while a lost quorum makes every log-in fail.
            var result = await call(known, deadline.Token);
            if (!WantsLogin(result.Failure))
            {
                return result;
            }

            var token = await tokens.RenewAsync(endpoint, known, LoginAsync, deadline.Token);
            return token.Value is null ? token.Failure! : await call(token.Value, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new EtcdFailure(EtcdFailureKind.Timeout, $"no answer from {endpoint.Address.Authority} within {longest.TotalSeconds:0.##} s");
        }
    }

    private bool WantsLogin(EtcdFailure? failure) => failure is { Kind: EtcdFailureKind.AccessDenied, Code: not PermissionDenied } && !string.IsNullOrEmpty(secrets.Username);

    private async Task<EtcdResult<string>> LoginAsync(CancellationToken cancellationToken)
    {
        var login = EtcdWire.AuthenticateBody(secrets.Username!, secrets.Password ?? "");
        return Read(await transport.PostAsync(endpoint, EtcdWire.AuthenticatePath, login, null, cancellationToken), EtcdWire.Token);
    }

    private EtcdResult<T> Read<T>(EtcdHttpAnswer answer, Func<ReadOnlyMemory<byte>, EtcdResult<T>> decode)
        where T : class
    {
        if (answer.Failure is not null)
        {
            return answer.Failure;
        }

        if (answer.Status == 200)
        {
            return decode(answer.Body);
        }

        var where = endpoint.Address.Authority;
        if (EtcdWire.Error(answer.Body) is { } error)
        {
            return new EtcdFailure(KindOf(error.Code, error.Message), $"{where} says \"{error.Message}\"", error.Code);
        }

        return answer.Status switch
        {
            401 or 403 => new EtcdFailure(EtcdFailureKind.AccessDenied, $"{where} answers HTTP {answer.Status}", Unauthenticated),
            408 or 429 or 500 or 502 or 503 or 504 => new EtcdFailure(EtcdFailureKind.Unreachable, $"{where} answers HTTP {answer.Status} without etcd's words"),
            _ => new EtcdFailure(EtcdFailureKind.NotEtcd, $"{where} answers HTTP {answer.Status}, which is not etcd's JSON gateway{Hint(answer)}"),
        };
    }

    private static bool IsAccess(int code, string message) => code switch
    {
        PermissionDenied or Unauthenticated => true,
        Unknown => message.StartsWith("auth: ", StringComparison.Ordinal),
        InvalidArgument => message.Contains("authentication failed", StringComparison.Ordinal) || message.Contains("user name", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>Go's TLS server says this to a client that speaks plain HTTP.</summary>
    private static string Hint(EtcdHttpAnswer answer) =>
        answer.Body.Span.IndexOf("HTTP request to an HTTPS server"u8) >= 0 ? " (it expects TLS: set scheme to https)" : "";
}
