using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Runtime.Leadership;

/// <summary>
/// Leads while it holds a Lease. Why at most one candidate acts at a time:
/// <list type="bullet">
/// <item>The term's token is cancelled by a timer, <see cref="LeaseElectorSettings.RenewDeadline"/> after the <em>start</em> of the last
/// successful renewal; a hanging request or a server that answers 500 cannot hold it up.</item>
/// <item>A candidate takes a held lease only when it has itself watched it stand still for the lease's own duration, by its monotonic
/// clock. The times written in the lease are for people; clocks may be wrong by any amount.</item>
/// <item>The lease is written under its resourceVersion, so that of two candidates one is refused.</item>
/// <item>Once a term has ended nothing renews any more; the lease is given back (or runs out) only after the work has come to an end.</item>
/// </list>
/// What remains is a process that is stopped as a whole between a check and a write: every write must carry its own precondition.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="settings">Lease and times, validated by whoever composes.</param>
/// <param name="timeProvider">Monotonic time; and the times that people read.</param>
/// <param name="random">Jitter of retries.</param>
/// <param name="metrics">Shows who leads.</param>
/// <param name="logger">Hears of terms.</param>
public sealed partial class LeaseElector(IKubernetesApi api, LeaseElectorSettings settings, TimeProvider timeProvider, Random random, RuntimeMetrics metrics, ILogger logger)
{
    private static readonly ResourceKind Leases = ResourceKind.Of<V1Lease>();

    private LeaseRecord? observed;
    private long observedAt;
    private Term? current;

    /// <summary>Gets a value indicating whether this candidate leads.</summary>
    public bool IsLeader { get; private set; }

    /// <summary>Gets who holds the lease as far as is known; empty when nobody does.</summary>
    public string CurrentHolder => observed?.Holder ?? "";

    /// <summary>
    /// Ends the term at once if its deadline has passed. A process that stood still (paused, swapped out) finds answers and timers due together when
    /// it goes on, and may come to a write before the deadline's timer; so whoever writes calls this first.
    /// </summary>
    public void EndTermIfOver()
    {
        if (current is { } term && Left(term.Since) <= TimeSpan.Zero)
        {
            try
            {
                term.Deadline.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself in this moment.
            }
        }
    }

    /// <summary>
    /// Stands for election until cancelled, which is a normal return, and leads as often as it wins.
    /// </summary>
    /// <param name="leadAsync">
    /// The work of one term. It must come to an end soon after its token is cancelled: by then another may lead. If it ends by
    /// itself, or throws, the lease is given back and the candidate stands again (or the exception leaves this method).
    /// </param>
    /// <param name="cancellationToken">Ends the candidacy; a term under way ends first and its lease is given back.</param>
    public async Task RunAsync(Func<CancellationToken, Task> leadAsync, CancellationToken cancellationToken)
    {
        metrics.Leads(settings.Lease.ToString(), false);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryAcquireOrRenewAsync(cancellationToken) is { } since)
            {
                await LeadAsync(since, leadAsync, cancellationToken);
            }

            await WaitAsync(settings.RetryPeriod * (1 + (0.2 * random.NextDouble())), cancellationToken);
        }
    }

    private async Task LeadAsync(long since, Func<CancellationToken, Task> leadAsync, CancellationToken cancellationToken)
    {
        // The deadline is a timer from the term's first moment on, and each renewal sets it anew.
        using var deadline = new CancellationTokenSource(Left(since), timeProvider);
        using var term = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        using var renewing = CancellationTokenSource.CreateLinkedTokenSource(term.Token);
        current = new Term(deadline, since);
        IsLeader = true;
        metrics.Leads(settings.Lease.ToString(), true);
        LogLeads(settings.Identity, settings.Lease);
        var renewal = RenewAsync(deadline, term, renewing.Token);
        try
        {
            await leadAsync(term.Token);
        }
        catch (OperationCanceledException) when (term.IsCancellationRequested)
        {
            // The term is over.
        }
        finally
        {
            // Not CancelAsync: with callbacks registered it leaves the simulated thread.
            renewing.Cancel();
            await renewal;
            current = null;
            IsLeader = false;
            metrics.Leads(settings.Lease.ToString(), false);
            LogLeadsNoMore(settings.Identity, settings.Lease);
            await ReleaseAsync();
        }
    }

    /// <summary>Renews until the term ends; never throws.</summary>
    private async Task RenewAsync(CancellationTokenSource deadline, CancellationTokenSource term, CancellationToken cancellationToken)
    {
        while (await WaitAsync(settings.RetryPeriod, cancellationToken))
        {
            if (await TryAcquireOrRenewAsync(cancellationToken) is { } since)
            {
                if (Left(since) is var left && left > TimeSpan.Zero && !deadline.IsCancellationRequested)
                {
                    deadline.CancelAfter(left);
                    current = new Term(deadline, since);
                }
            }
            else if (observed is { } other && other.Holder != settings.Identity && !cancellationToken.IsCancellationRequested)
            {
                // Somebody else holds it, or it was taken away by hand: no use in waiting for the deadline.
                LogTaken(settings.Identity, settings.Lease, other.Holder);
                term.Cancel();
            }
        }
    }

    private TimeSpan Left(long since) => settings.RenewDeadline - timeProvider.GetElapsedTime(since) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>
    /// Makes one try. Returns the moment before its request when this candidate holds the lease from then on, else null.
    /// </summary>
    private async Task<long?> TryAcquireOrRenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A leader knows the lease it wrote: one PATCH renews it. Only a refusal makes it look.
            if (!IsLeader || observed is null || observed.Holder != settings.Identity)
            {
                if (await ReadAsync(cancellationToken) is not { } read)
                {
                    var beforeCreate = timeProvider.GetTimestamp();
                    await CreateAsync(cancellationToken);
                    return beforeCreate;
                }

                Observe(read);
                if (read.Holder.Length > 0 && read.Holder != settings.Identity && timeProvider.GetElapsedTime(observedAt) < Lasts(read))
                {
                    return null;
                }
            }

            var before = timeProvider.GetTimestamp();
            await WriteAsync(observed!, settings.Identity, cancellationToken);
            return before;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (ApiException error) when (error.Class is ApiErrorClass.Conflict)
        {
            // Somebody else wrote: what was known is wrong. Read it at once, so that a leader learns of its successor.
            LogRefused(settings.Identity, settings.Lease, error.Message);
            await LookAsync(cancellationToken);
            return null;
        }
        catch (ApiException error)
        {
            LogFailed(settings.Identity, settings.Lease, error.Message);
            // Whether the write arrived is unknown: the next try must not rely on the version.
            await LookAsync(cancellationToken);
            return null;
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            Observe(await ReadAsync(cancellationToken) ?? new LeaseRecord("", "", 0, "", "", 0));
        }
        catch (Exception error) when (error is ApiException or OperationCanceledException)
        {
            // Known no better than before; the next try reads again if need be.
        }
    }

    /// <summary>How long a lease lasts as its holder means it; a holder's word counts, not ours.</summary>
    private TimeSpan Lasts(LeaseRecord record) => record.DurationSeconds > 0 ? TimeSpan.FromSeconds(record.DurationSeconds) : settings.LeaseDuration;

    private void Observe(LeaseRecord read)
    {
        if (observed is null || observed.ResourceVersion != read.ResourceVersion || observed.Holder != read.Holder || observed.RenewTime != read.RenewTime)
        {
            observedAt = timeProvider.GetTimestamp();
        }

        observed = read;
    }

    private async Task<LeaseRecord?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return LeaseRecord.From(await api.GetRawAsync(Leases, settings.Lease, null, cancellationToken));
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        var lease = new JsonObject
        {
            ["apiVersion"] = Leases.ApiVersion,
            ["kind"] = Leases.Kind,
            ["metadata"] = new JsonObject { ["name"] = settings.Lease.Name, ["namespace"] = settings.Lease.Namespace },
            ["spec"] = Spec(settings.Identity, Now(), 0),
        };
        Observe(LeaseRecord.From(await api.CreateRawAsync(Leases, settings.Lease.Namespace, JsonSerializer.SerializeToUtf8Bytes(lease), cancellationToken)));
    }

    /// <summary>Writes holder and times under the version last seen.</summary>
    private async Task WriteAsync(LeaseRecord last, string holder, CancellationToken cancellationToken)
    {
        var isRenewal = last.Holder == holder;
        var spec = Spec(holder, isRenewal && last.AcquireTime.Length > 0 ? last.AcquireTime : Now(), isRenewal ? last.Transitions : last.Transitions + 1);
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = last.ResourceVersion, ["uid"] = last.Uid }, ["spec"] = spec };
        Observe(LeaseRecord.From(await api.PatchRawAsync(Leases, settings.Lease, null, PatchTypes.Merge, JsonSerializer.SerializeToUtf8Bytes(patch), cancellationToken)));
    }

    private JsonObject Spec(string holder, string acquireTime, long transitions) => new()
    {
        ["holderIdentity"] = holder,
        ["leaseDurationSeconds"] = (long)Math.Ceiling(settings.LeaseDuration.TotalSeconds),
        ["acquireTime"] = acquireTime,
        ["renewTime"] = Now(),
        ["leaseTransitions"] = transitions,
    };

    private string Now() => timeProvider.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Gives the lease back, so that a successor need not wait it out. One try, bounded by a request's own time.</summary>
    private async Task ReleaseAsync()
    {
        if (observed is not { } last || last.Holder != settings.Identity)
        {
            return;
        }

        if (api.MayHaveStrayWrite(settings.LeaseDuration))
        {
            // A write that got no answer may still arrive. Under a lease that runs out it arrives under nobody's.
            LogLeaves(settings.Identity, settings.Lease);
            return;
        }

        try
        {
            var patch = new JsonObject
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = last.ResourceVersion, ["uid"] = last.Uid },
                ["spec"] = new JsonObject { ["holderIdentity"] = "", ["leaseDurationSeconds"] = 1, ["renewTime"] = Now() },
            };
            // The candidate's token is cancelled by now, as a rule; the request's own time bounds this.
            Observe(LeaseRecord.From(await api.PatchRawAsync(Leases, settings.Lease, null, PatchTypes.Merge, JsonSerializer.SerializeToUtf8Bytes(patch), CancellationToken.None)));
        }
        catch (ApiException error)
        {
            LogFailed(settings.Identity, settings.Lease, error.Message);
        }
    }

    private async Task<bool> WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, timeProvider, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(1309, LogLevel.Information, "{Identity} leaves lease {Lease} to run out: a write of it got no answer and may still arrive")]
    private partial void LogLeaves(string identity, NamespacedName lease);

    [LoggerMessage(1301, LogLevel.Information, "{Identity} leads: it holds lease {Lease}")]
    private partial void LogLeads(string identity, NamespacedName lease);

    [LoggerMessage(1302, LogLevel.Information, "{Identity} leads no more (lease {Lease})")]
    private partial void LogLeadsNoMore(string identity, NamespacedName lease);

    [LoggerMessage(1303, LogLevel.Warning, "{Identity} lost lease {Lease} to \"{Holder}\"")]
    private partial void LogTaken(string identity, NamespacedName lease, string holder);

    [LoggerMessage(1304, LogLevel.Debug, "{Identity}: lease {Lease}: {Error}")]
    private partial void LogRefused(string identity, NamespacedName lease, string error);

    [LoggerMessage(1305, LogLevel.Warning, "{Identity}: lease {Lease}: {Error}")]
    private partial void LogFailed(string identity, NamespacedName lease, string error);

    /// <summary>The term that this candidate leads in.</summary>
    /// <param name="Since">Timestamp of the moment before the last successful renewal.</param>
    private sealed record Term(CancellationTokenSource Deadline, long Since);

    /// <summary>What is read of a Lease.</summary>
    private sealed record LeaseRecord(string Uid, string Holder, long DurationSeconds, string AcquireTime, string RenewTime, long Transitions)
    {
        public string ResourceVersion { get; private init; } = "";

        public static LeaseRecord From(ReadOnlyMemory<byte> body)
        {
            using var document = EntityJson.Parse(body);
            var metadata = document.RootElement.Member("metadata");
            var spec = document.RootElement.Member("spec");
            return new LeaseRecord(metadata.Text("uid"), spec.Text("holderIdentity"), spec.WholeNumber("leaseDurationSeconds"), spec.Text("acquireTime"), spec.Text("renewTime"), spec.WholeNumber("leaseTransitions"))
            {
                ResourceVersion = metadata.Text("resourceVersion"),
            };
        }
    }
}
