using System.Collections.Immutable;
using Ordinal.Core.Model;

namespace Ordinal.Gates.Etcd;

/// <summary>Asks every member on its own endpoint, all at once.</summary>
internal sealed class EtcdObserver(EtcdGateOptions options, IGateSecrets secrets, IEtcdTransport transport, TimeProvider time)
{
    private const string NoLeader = "etcdserver: no leader";

    private readonly EtcdTokens tokens = new();

    internal async Task<EtcdObservation> ObserveAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken)
    {
        var asked = context.Pods.Select(p => Endpoint(context, p)).OfType<EtcdEndpoint>().ToList();
        tokens.Keep(asked);
        var seen = await Task.WhenAll(asked.Select(e => ObserveAsync(e, cancellationToken)));
        var wantsHashes = options.CompareHashes && questions.Any(q => q.Phase is GatePhase.BeforeRollout or GatePhase.AfterRollout);
        return new EtcdObservation(wantsHashes ? [.. await WithHashesAsync(asked, seen, cancellationToken)] : [.. seen]);
    }

    internal EtcdClient Client(EtcdEndpoint endpoint) => new(transport, endpoint, secrets, options.RequestTimeout, time, tokens);

    /// <summary>Gets where a pod is asked; null when it is missing or has no address yet.</summary>
    internal EtcdEndpoint? Endpoint(GateContext context, GateTarget pod)
    {
        if (pod.IsMissing || (options.HostTemplate.Length == 0 && pod.Address.Length == 0))
        {
            return null;
        }

        var host = options.HostTemplate.Length == 0 ? pod.Address : GateTemplate.Fill(options.HostTemplate, context, pod);
        var serverName = options.ServerName.Length == 0 ? host : GateTemplate.Fill(options.ServerName, context, pod);
        var builder = new UriBuilder(options.Scheme, host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host, options.Port);
        return new EtcdEndpoint(pod.Pod, pod.Uid, builder.Uri, serverName);
    }

    /// <summary>Asks for the checksum at the newest revision that all members have, so that a write in between makes no difference.</summary>
    private async Task<EtcdPodObservation[]> WithHashesAsync(List<EtcdEndpoint> asked, EtcdPodObservation[] seen, CancellationToken cancellationToken)
    {
        var common = seen.Where(p => p.Status is { Revision: > 0 }).Select(p => p.Status!.Revision).DefaultIfEmpty(0UL).Min();
        return await Task.WhenAll(seen.Select((p, at) => WithHashAsync(asked[at], p, common, cancellationToken)));
    }

    private async Task<EtcdPodObservation> WithHashAsync(EtcdEndpoint endpoint, EtcdPodObservation seen, ulong revision, CancellationToken cancellationToken)
    {
        if (seen.Status is null || revision == 0)
        {
            return seen;
        }

        var hash = await Client(endpoint).HashKvAsync(revision, options.HashTimeout, cancellationToken);
        return seen with { Hash = hash.Value, HashFailure = hash.Failure };
    }

    private async Task<EtcdPodObservation> ObserveAsync(EtcdEndpoint endpoint, CancellationToken cancellationToken)
    {
        var client = Client(endpoint);
        var status = StatusAndAlarmsAsync(client, cancellationToken);
        var members = client.MembersAsync(cancellationToken);
        var read = client.LinearizableReadAsync(cancellationToken);
        await Task.WhenAll(status, members, read);
        return new EtcdPodObservation
        {
            Pod = endpoint.Pod,
            Uid = endpoint.Uid,
            Endpoint = endpoint.Address.Authority,
            Status = (await status).Status.Value,
            StatusFailure = (await status).Status.Failure,
            Alarms = (await status).Alarms,
            Members = (await members).Value,
            MembersFailure = (await members).Failure,
            Reader = (await read).Value,
            ReadFailure = (await read).Failure,
        };
    }

    private static async Task<(EtcdResult<EtcdStatus> Status, ImmutableArray<EtcdAlarm> Alarms)> StatusAndAlarmsAsync(EtcdClient client, CancellationToken cancellationToken)
    {
        var status = await client.StatusAsync(cancellationToken);
        if (status.Value is not { } known || known.Errors.All(e => e == NoLeader))
        {
            return (status, []);
        }

        var told = EtcdWire.AlarmsOf(known);
        var listed = await client.AlarmsAsync(cancellationToken);
        return (status, [.. told.Concat(listed.Value ?? []).Distinct().OrderBy(a => a.MemberId).ThenBy(a => a.Type, StringComparer.Ordinal)]);
    }
}
