using Ordinal.Core.Model;
using Ordinal.Core.Planning;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Reconciling;

/// <summary>
/// Says at rest whether driver Native can work on a StatefulSet, by the judgement that its next rollout would meet: what is wrong is told as soon as it can be
/// known, and not when a change is on its way; and the set is held until it is put right. The Service that it needs is not watched; it is looked up at adoption, whenever policy or StatefulSet change, and every
/// 30 s while something is wrong. While all is well that costs no request at rest; a Service that is changed later is found by the next rollout.
/// </summary>
public sealed class NativeCheck(ServiceReader services, TimeProvider timeProvider)
{
    /// <summary>How long what is wrong may be told without another look.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>When to ask again that did not answer.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Checked> last = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Returns why Native cannot work, null when it can or another driver is asked for; and when to look again.</summary>
    /// <param name="rules">The policy.</param>
    /// <param name="generation">The policy's generation.</param>
    /// <param name="observation">The StatefulSet.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    /// <exception cref="ApiException">The Service was never seen, could not be read now, and nothing else is wrong.</exception>
    public async Task<((ReasonCode Reason, string Message)? Refusal, TimeSpan? Next)> JudgeAsync(UpdatePolicy rules, long generation, Observation observation, CancellationToken cancellationToken)
    {
        if (rules.Driver is not UpdateDriver.Native)
        {
            return (null, null);
        }

        var set = observation.Snapshot.Set;
        Checked? known;
        lock (gate)
        {
            known = last.GetValueOrDefault(set.Uid);
        }

        var age = known is null ? Patience : timeProvider.GetElapsedTime(known.At);
        if (known is null || known.Version != (generation, set.Generation) || (known.Refusal is not null && age >= Patience))
        {
            ServiceSnapshot service;
            try
            {
                service = await services.ReadAsync(observation.Item, cancellationToken);
            }
            catch (ApiException)
            {
                // A server that does not answer now tells nothing new of the Service; what else is to be done about the set does not wait for it. Policy and
                // template are judged as they are now: a change that lacks the readiness gate must not rest open on the verdict about the one before. Of a
                // Service that was never seen nothing is said, but what no Service could put right is.
                var standing = Judge(rules, observation, known?.Service ?? new ServiceSnapshot(observation.Item.ServiceName, Exists: true, IsHeadless: true, PublishesNotReady: true));
                if (known is null && standing is null)
                {
                    throw;
                }

                return (standing, Again);
            }

            known = new Checked((generation, set.Generation), service, Judge(rules, observation, service), timeProvider.GetTimestamp());
            age = TimeSpan.Zero;
            lock (gate)
            {
                last[set.Uid] = known;
            }
        }

        return (known.Refusal, known.Refusal is null ? null : Patience - age);
    }

    /// <summary>Forgets a StatefulSet.</summary>
    public void Forget(string setUid)
    {
        lock (gate)
        {
            last.Remove(setUid);
        }
    }

    private (ReasonCode Reason, string Message)? Judge(UpdatePolicy rules, Observation observation, ServiceSnapshot service) => RequestPreflight.Judge(new RolloutInput
    {
        Snapshot = observation.Snapshot with { Service = service },
        Policy = rules,
        Request = new RolloutRequest { ClaimId = "", TargetRevision = observation.Snapshot.Set.UpdateRevision },
        Memory = new RolloutMemory(),
        Now = Clock.Now(timeProvider),
    });

    private sealed record Checked((long Policy, long Set) Version, ServiceSnapshot Service, (ReasonCode Reason, string Message)? Refusal, long At);
}
