namespace Ordinal.Gates.Etcd;

/// <summary>
/// Takes snapshots beside the asking: one at a time, from a member that takes part, in the background, since one of some GiB takes minutes and no
/// question may wait for it. What it knows lives in memory: after a restart of the operator another one is taken.
/// </summary>
/// <param name="policy">Whether to keep it, and where.</param>
/// <param name="time">The clock for ages.</param>
internal sealed class EtcdSnapshots(EtcdSnapshotPolicy policy, TimeProvider time) : IDisposable
{
    /// <summary>A stream that brings nothing for this long is given up.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    /// <summary>After a failure the next one waits this long.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource stop = new();
    private readonly Lock guard = new();
    private EtcdSnapshot? current;

    internal EtcdSnapshot? Current
    {
        get
        {
            lock (guard)
            {
                return current;
            }
        }
    }

    /// <summary>Tells whether a snapshot is a way back for a rollout.</summary>
    internal static bool Serves(EtcdSnapshot? snapshot, string revision, DateTimeOffset now, EtcdSnapshotPolicy policy) =>
        snapshot is { Phase: EtcdSnapshotPhase.Verified } && (snapshot.Revision == revision || now - snapshot.At <= policy.MaxAge);

    /// <summary>Begins one, unless there is one that serves, one that is coming in, or one that failed just now.</summary>
    /// <param name="context">The workload, for the file's name.</param>
    /// <param name="revision">The ControllerRevision of the rollout.</param>
    /// <param name="source">The member to take it from.</param>
    /// <param name="client">The way to that member.</param>
    internal void Want(GateContext context, string revision, EtcdPodObservation source, EtcdClient client)
    {
        var now = time.GetUtcNow();
        var begun = new EtcdSnapshot(EtcdSnapshotPhase.Running, source.Pod, revision, 0, now, "");
        lock (guard)
        {
            if (current?.Phase is EtcdSnapshotPhase.Running || Serves(current, revision, now, policy) || (current is { Phase: EtcdSnapshotPhase.Failed } failed && now - failed.At < Pause))
            {
                return;
            }

            current = begun;
        }

        _ = TakeAsync(begun, $"{context.Namespace}-{context.Name}-{now:yyyyMMdd'T'HHmmss'Z'}.db", source.Status?.DbSizeInUse ?? 0, client);
    }

    /// <summary>Gives up what is coming in.</summary>
    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
    }

    private async Task TakeAsync(EtcdSnapshot begun, string name, ulong inUse, EtcdClient client)
    {
        using var silence = new CancellationTokenSource(Silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, silence.Token);
        try
        {
            using var sink = SnapshotSink.Open(policy.Directory, name);
            var failure = await client.SnapshotAsync(
                async line =>
                {
                    if (EtcdWire.StreamError(line) is { } error)
                    {
                        return new EtcdFailure(EtcdClient.KindOf(error.Code, error.Message), $"{begun.Member} says \"{error.Message}\"", error.Code);
                    }

                    var piece = EtcdWire.SnapshotPiece(line);
                    if (piece.Value is not { } bytes)
                    {
                        return piece.Failure;
                    }

                    await sink.WriteAsync(bytes, either.Token);
                    silence.CancelAfter(Silence);
                    Set(begun with { Bytes = sink.Bytes });
                    return null;
                },
                either.Token);
            if (failure is not null)
            {
                Fail(begun, failure.Text);
            }
            else if (sink.Finish(inUse, out var text))
            {
                Set(begun with { Phase = EtcdSnapshotPhase.Verified, Bytes = sink.Bytes, Text = text });
            }
            else
            {
                Fail(begun, text);
            }
        }
        catch (OperationCanceledException)
        {
            Fail(begun, $"nothing came for {Silence.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Fail(begun, $"it cannot be written to {policy.Directory}: {GateText.Clean(e.Message)}");
        }
    }

    private void Fail(EtcdSnapshot begun, string why) => Set(begun with { Phase = EtcdSnapshotPhase.Failed, At = time.GetUtcNow(), Text = why });

    private void Set(EtcdSnapshot snapshot)
    {
        lock (guard)
        {
            current = snapshot;
        }
    }
}
