using System.Collections.Immutable;
using System.Text;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Faults;

/// <summary>The faults of a running cluster: rules that are added and cleared while it runs. The first rule that hits a request decides.</summary>
/// <param name="timeProvider">Clock of latencies and ends.</param>
/// <param name="random">Decides whom a rate hits.</param>
public sealed class FaultPlan(TimeProvider timeProvider, Random random) : IApiFaults
{
    private readonly Lock gate = new();
    private readonly List<(ApiCall Call, CancellationTokenSource Drop)> watches = [];
    private ImmutableArray<FaultRule> rules = [];
    private int lastId;

    /// <summary>Gets the rules that are not over.</summary>
    public ImmutableArray<FaultRule> Rules
    {
        get
        {
            lock (gate)
            {
                Forget();
                return rules;
            }
        }
    }

    /// <summary>Adds a rule.</summary>
    /// <returns>The rule with its number.</returns>
    public FaultRule Add(FaultRule rule)
    {
        lock (gate)
        {
            FaultRule added = rule with { Id = ++lastId };
            rules = rules.Add(added);
            return added;
        }
    }

    /// <summary>Clears one rule, or all of them.</summary>
    /// <returns>How many were cleared.</returns>
    public int Clear(int? id)
    {
        lock (gate)
        {
            int before = rules.Length;
            rules = id is null ? [] : rules.RemoveAll(rule => rule.Id == id);
            return before - rules.Length;
        }
    }

    /// <summary>Drops the connections of open watches.</summary>
    /// <param name="filter">Which clients and resources; its effect is not looked at.</param>
    /// <returns>How many were dropped.</returns>
    public int DropWatches(FaultRule filter)
    {
        CancellationTokenSource[] dropped;
        lock (gate)
        {
            dropped = [.. watches.Where(watch => Means(filter, watch.Call)).Select(watch => watch.Drop)];
        }

        foreach (CancellationTokenSource drop in dropped)
        {
            try
            {
                drop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has ended by itself meanwhile.
            }
        }

        return dropped.Length;
    }

    /// <inheritdoc/>
    public async ValueTask<ApiAnswer?> BeforeAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        if (Hit(apiCall, rule => !rule.IsAfterwards && !(IsWatch(apiCall) && rule.Code is null && rule.Drops)) is not { } hit)
        {
            return null;
        }

        await HoldAsync(hit, cancellationToken);
        if (hit.Drops)
        {
            throw new HttpRequestException("the connection is lost (an injected fault)");
        }

        return hit.Code is { } code ? FaultAnswers.Make(code, hit.RetryAfter, apiCall) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<ApiAnswer> AfterAsync(ApiCall apiCall, ApiAnswer answer, CancellationToken cancellationToken)
    {
        if (Hit(apiCall, rule => rule.IsAfterwards) is not { } hit)
        {
            return answer;
        }

        await HoldAsync(hit, cancellationToken);
        if (hit.Drops)
        {
            throw new HttpRequestException("the answer is lost (an injected fault)");
        }

        return hit.Code is { } code ? FaultAnswers.Make(code, hit.RetryAfter, apiCall) : answer;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> BeforeFrameAsync(ApiCall apiCall, ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        if (Hit(apiCall, rule => rule.Code is null && (rule.Drops || rule.Latency > TimeSpan.Zero)) is { } hit)
        {
            await HoldAsync(hit, cancellationToken);
            if (hit.Drops)
            {
                throw new HttpRequestException("the watch is lost (an injected fault)");
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void WatchOpened(ApiCall apiCall, CancellationTokenSource drop)
    {
        lock (gate)
        {
            watches.Add((apiCall, drop));
        }
    }

    /// <inheritdoc/>
    public void WatchClosed(CancellationTokenSource drop)
    {
        lock (gate)
        {
            watches.RemoveAll(watch => ReferenceEquals(watch.Drop, drop));
        }
    }

    private static bool IsWatch(ApiCall call) => call.Method == "GET" && ApiRequest.Parse(call).Flag("watch");

    private static bool Means(FaultRule rule, ApiCall call)
    {
        ApiRequest request = ApiRequest.Parse(call);
        if (request.Target is not { } target)
        {
            return false;
        }

        StringBuilder resource = new(target.Resource);
        if (target.Group.Length > 0)
        {
            resource.Append('.').Append(target.Group);
        }

        if (target.Subresource.Length > 0)
        {
            resource.Append('/').Append(target.Subresource);
        }

        string verb = (call.Method, target.Name.Length > 0) switch
        {
            ("GET", _) when request.Flag("watch") => "watch",
            ("GET", true) => "get",
            ("GET", false) => "list",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", true) => "delete",
            ("DELETE", false) => "deletecollection",
            _ => "",
        };
        return rule.Means(verb, resource.ToString(), target.Namespace, target.Name, call.UserAgent);
    }

    private FaultRule? Hit(ApiCall call, Predicate<FaultRule> fits)
    {
        // The steady state: no rule, no lock, nothing parsed.
        if (rules.IsEmpty)
        {
            return null;
        }

        lock (gate)
        {
            Forget();
            foreach (FaultRule rule in rules)
            {
                if (!fits(rule) || !Means(rule, call) || (rule.Rate < 1 && random.NextDouble() >= rule.Rate))
                {
                    continue;
                }

                FaultRule hit = rule with { Hits = rule.Hits + 1, Remaining = rule.Remaining - 1 };
                rules = hit.Remaining is 0 ? rules.Remove(rule) : rules.Replace(rule, hit);
                return hit;
            }
        }

        return null;
    }

    private void Forget()
    {
        DateTimeOffset now = timeProvider.GetUtcNow();
        if (rules.Any(rule => rule.Until <= now))
        {
            rules = rules.RemoveAll(rule => rule.Until <= now);
        }
    }

    private async ValueTask HoldAsync(FaultRule rule, CancellationToken cancellationToken)
    {
        if (rule.Latency > TimeSpan.Zero)
        {
            await Task.Delay(rule.Latency, timeProvider, cancellationToken);
        }
    }
}
