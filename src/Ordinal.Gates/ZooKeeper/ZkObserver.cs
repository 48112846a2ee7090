using System.Collections.Immutable;
using System.Text;
using Ordinal.Core.Model;
using Ordinal.Gates.ZooKeeper.Jute;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>Asks every server on its own address, all at once; then, where the policy wants it, the leader's committed configuration and a write.</summary>
internal sealed class ZkObserver(ZooKeeperGateOptions options, ZkSecrets secrets, ZkDialer dialer, AdminClient admin, TimeProvider time)
{
    private const string ConfigPath = "/zookeeper/config";

    private static readonly string[] AdminCommands = ["leader", "zabstate", "monitor", "voting_view"];

    private readonly FourLetterClient words = new(dialer, options.ClientPort, options.MaxFrame, options.RequestTimeout, time);

    internal async Task<ZkObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        var asked = context.Pods.Select(p => Endpoint(context, p)).OfType<ZkEndpoint>().ToList();
        var seen = await Task.WhenAll(asked.Select(e => ObserveAsync(e, cancellationToken)));
        if (!options.NeedsSession)
        {
            return new ZkObservation([.. seen]);
        }

        // A write says something only about a pod that is asked to be back, and costs a transaction: no other pod gets one.
        var returning = questions.Where(q => q.Phase is GatePhase.AfterPod).SelectMany(q => q.Pods).ToHashSet(StringComparer.Ordinal);
        return new ZkObservation([.. await Task.WhenAll(seen.Select((s, i) => InSessionAsync(asked[i], s, returning.Contains(s.Uid), cancellationToken)))]);
    }

    /// <summary>Gets where a pod is asked; null when it is missing or has no address yet.</summary>
    internal ZkEndpoint? Endpoint(GateContext context, GateTarget pod)
    {
        if (pod.IsMissing || (options.HostTemplate.Length == 0 && pod.Address.Length == 0))
        {
            return null;
        }

        var host = options.HostTemplate.Length == 0 ? pod.Address : Fill(options.HostTemplate, context, pod);
        return new ZkEndpoint(pod.Pod, pod.Uid, host, options.ServerName.Length == 0 ? host : Fill(options.ServerName, context, pod));
    }

    private static string Fill(string template, GateContext context, GateTarget pod) => template
        .Replace("{pod}", pod.Pod, StringComparison.Ordinal)
        .Replace("{service}", context.Service, StringComparison.Ordinal)
        .Replace("{namespace}", context.Namespace, StringComparison.Ordinal);

    private async Task<ZkPodObservation> ObserveAsync(ZkEndpoint endpoint, CancellationToken cancellationToken)
    {
        // conf tells the whole list with its version, observers, groups and weights; the AdminServer's voting_view only the voters.
        var conf = options.Transport is ZkTransport.AdminServer ? null : words.AskAsync(endpoint, "conf", cancellationToken);
        var (state, members, adminFailure) = options.Transport is ZkTransport.FourLetterWords ? default : await AdminAsync(endpoint, cancellationToken);
        var needsWords = options.Transport is ZkTransport.FourLetterWords || (options.Transport is ZkTransport.Auto && !IsComplete(state));
        var (spoken, wordFailure) = needsWords ? await WordsAsync(endpoint, conf!, cancellationToken) : default;
        var listed = conf is null ? default : await conf;
        var merged = Merge(state, spoken);
        if (merged is { ServerId: null })
        {
            merged = merged with { ServerId = WordAnswers.ServerId(listed.Value) };
        }

        members = (listed.Value is { } text ? ZkMembership.Parse(text) : null) ?? members;
        var failure = merged is null ? Choose(wordFailure, adminFailure) : null;
        return new ZkPodObservation
        {
            Pod = endpoint.Pod,
            Uid = endpoint.Uid,
            Endpoint = endpoint.Host,
            State = merged is { CountsFailure: null, SyncedFollowers: null } ? merged with { CountsFailure = Choose(wordFailure, adminFailure) } : merged,
            Failure = failure,
            Members = members,
            MembersFailure = members is null ? failure ?? Choose(listed.Failure, adminFailure) ?? new ZkFailure(ZkFailureKind.Refused, $"{endpoint.Host} does not list the servers") : null,
            AdminFailure = merged is not null && needsWords ? adminFailure : null,
        };
    }

    /// <summary>Tells whether nothing is missing that the rule needs: a server that does not serve has nothing more to tell.</summary>
    private static bool IsComplete(ZkState? state) =>
        state is { IsServing: false } or { Mode: not (ZkMode.None or ZkMode.Leader), Zxid: not null } or { Mode: ZkMode.Leader, Zxid: not null, SyncedFollowers: not null };

    private async Task<(ZkState? State, ZkMembership? Members, ZkFailure? Failure)> AdminAsync(ZkEndpoint endpoint, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(AdminCommands.Select(c => admin.AskAsync(endpoint, c, cancellationToken)));
        var failures = answers.Select(a => a.Failure).OfType<ZkFailure>().ToList();
        return (
            AdminAnswers.State(answers[0].Value, answers[1].Value, answers[2].Value),
            AdminAnswers.Members(answers[3].Value),
            failures.Find(f => f.IsConfiguration) ?? failures.FirstOrDefault());
    }

    private async Task<(ZkState? State, ZkFailure? Failure)> WordsAsync(ZkEndpoint endpoint, Task<ZkResult<string>> conf, CancellationToken cancellationToken)
    {
        var srvr = words.AskAsync(endpoint, "srvr", cancellationToken);
        var mntr = words.AskAsync(endpoint, "mntr", cancellationToken);
        var answers = await Task.WhenAll(srvr, mntr, conf);
        return (WordAnswers.State(answers[0].Value, answers[1].Value, answers[2].Value), Choose(answers[1].Failure, answers[0].Failure));
    }

    /// <summary>Takes from the words what the AdminServer did not tell. One of the two that says it does not serve is believed.</summary>
    private static ZkState? Merge(ZkState? state, ZkState? spoken)
    {
        if (state is null || spoken is null || !state.IsServing)
        {
            return state ?? spoken;
        }

        return !spoken.IsServing ? spoken with { ServerId = state.ServerId } : state with
        {
            Mode = state.Mode is ZkMode.None ? spoken.Mode : state.Mode,
            Phase = state.Phase is ZkPhase.None ? spoken.Phase : state.Phase,
            IsTakingSnapshot = state.IsTakingSnapshot || spoken.IsTakingSnapshot,
            ServerId = state.ServerId ?? spoken.ServerId,
            Zxid = state.Zxid ?? spoken.Zxid,
            Version = state.Version.Length > 0 ? state.Version : spoken.Version,
            SyncedFollowers = state.SyncedFollowers ?? spoken.SyncedFollowers,
            SyncedNonVoting = state.SyncedNonVoting ?? spoken.SyncedNonVoting,
            Learners = state.Learners ?? spoken.Learners,
            PendingSyncs = state.PendingSyncs ?? spoken.PendingSyncs,
            Outstanding = state.Outstanding ?? spoken.Outstanding,
        };
    }

    /// <summary>Tells what a person must change before what may pass by itself.</summary>
    private static ZkFailure? Choose(ZkFailure? one, ZkFailure? other) => one is { IsConfiguration: true } ? one : other is { IsConfiguration: true } ? other : one ?? other;

    private async Task<ZkPodObservation> InSessionAsync(ZkEndpoint endpoint, ZkPodObservation seen, bool isReturning, CancellationToken cancellationToken)
    {
        var reads = options.ReadCommittedConfig && seen.State is { IsServing: true, Mode: ZkMode.Leader };
        var writes = options.CanaryPath.Length > 0 && isReturning && seen.State is { IsServing: true, Mode: ZkMode.Leader or ZkMode.Follower or ZkMode.Observer };
        if (!reads && !writes)
        {
            return seen;
        }

        using var timer = new CancellationTokenSource(options.RequestTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        ZkFailure? failure;
        try
        {
            var opened = await JuteSession.OpenAsync(dialer, endpoint, options.ClientPort, 2 * options.RequestTimeout, options.MaxFrame, time, both.Token);
            failure = opened.Failure;
            if (opened.Value is { } session)
            {
                await using (session)
                {
                    return await InSessionAsync(session, seen, reads, writes, both.Token);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            failure = ZkFailures.Timeout(endpoint.At(options.ClientPort), options.RequestTimeout);
        }

        return Failed(seen, reads, writes, failure!);
    }

    private async Task<ZkPodObservation> InSessionAsync(JuteSession session, ZkPodObservation seen, bool reads, bool writes, CancellationToken cancellationToken)
    {
        if (secrets.Gate.Username is { Length: > 0 } user && await session.AuthenticateAsync(user, secrets.Gate.Password ?? "", cancellationToken) is { } refused)
        {
            return Failed(seen, reads, writes, refused);
        }

        if (reads)
        {
            // Without sync a leader that was just replaced might still tell the old list.
            var failure = await session.SyncAsync(ConfigPath, cancellationToken);
            var data = failure is null ? await session.GetDataAsync(ConfigPath, cancellationToken) : failure;
            var committed = data.Value is { } bytes ? ZkMembership.Parse(Encoding.UTF8.GetString(bytes)) : null;
            seen = seen with
            {
                Committed = committed,
                CommittedFailure = committed is null ? data.Failure ?? new ZkFailure(ZkFailureKind.Refused, $"{ConfigPath} on {seen.Endpoint} lists no server") : null,
            };
        }

        if (!writes)
        {
            return seen;
        }

        var wrote = await WriteAsync(session, $"{options.CanaryPath.TrimEnd('/')}/ordinal-canary-{seen.Uid}", cancellationToken);
        return seen with { HasWritten = wrote is null, CanaryFailure = wrote };
    }

    /// <summary>Writes through this server and reads back what it made: a whole round through the quorum. The node goes with the session at the latest.</summary>
    private async Task<ZkFailure?> WriteAsync(JuteSession session, string path, CancellationToken cancellationToken)
    {
        var word = Encoding.ASCII.GetBytes(time.GetUtcNow().ToString("O"));
        if (await session.CreateEphemeralAsync(path, [], cancellationToken) is { } create)
        {
            return create;
        }

        if ((await session.SetDataAsync(path, word, cancellationToken) ?? await session.SyncAsync(path, cancellationToken)) is { } set)
        {
            return set;
        }

        var read = await session.GetDataAsync(path, cancellationToken);
        return read.Failure is { } failure ? failure
            : !read.Value!.AsSpan().SequenceEqual(word) ? new ZkFailure(ZkFailureKind.Refused, $"{path} does not hold what was just written to it")
            : await session.DeleteAsync(path, cancellationToken);
    }

    private static ZkPodObservation Failed(ZkPodObservation seen, bool reads, bool writes, ZkFailure failure) => seen with
    {
        CommittedFailure = reads ? failure : null,
        HasWritten = writes ? false : null,
        CanaryFailure = writes ? failure : null,
    };
}
