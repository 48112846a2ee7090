using System.Text.Json.Nodes;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Reconciling;

/// <summary>How soon a status must be written.</summary>
public enum StatusUrgency
{
    /// <summary>It says what was said before.</summary>
    None,

    /// <summary>Only progress: numbers, stages, words.</summary>
    Progress,

    /// <summary>The reason for waiting is another one.</summary>
    Reason,

    /// <summary>Before anything else happens: what is remembered, or a condition.</summary>
    Now,
}

/// <summary>
/// Writes statuses: only when they say something new, progress at most every 10 s, another reason at most every 3 s, and whatever
/// must be durable at once. Each write tests the resourceVersion, so that it never overwrites what another operator remembered.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="expectations">Keyed by the object: its next pass waits until the store has seen the write.</param>
/// <param name="timeProvider">Measures the pauses between writes.</param>
[EntityRbac(typeof(V1Alpha1RolloutPolicy), typeof(V1Alpha1StatefulSetRollout), Subresource = "status", Verbs = RbacVerb.Patch)]
public sealed class StatusWriter(IKubernetesApi api, WriteExpectations expectations, TimeProvider timeProvider)
{
    private readonly Dictionary<string, (long At, bool IsOurs)> lastWrites = [];
    private readonly Rests<string, ApiException> rests = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(30), timeProvider);
    private readonly Lock gate = new();

    /// <summary>Gets the shortest time between two writes of mere progress.</summary>
    public static TimeSpan ProgressInterval { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the shortest time between two writes that tell of another reason.</summary>
    public static TimeSpan ReasonInterval { get; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How many times as long the words of the leader before stand: this one has asked no gate yet, and what it would say of that is no news. It acts first.
    /// </summary>
    private const int Inherited = 3;

    /// <summary>Returns how long a write of this urgency has to wait; zero when it may go out now, null when there is nothing to write.</summary>
    public TimeSpan? WaitOf(string uid, StatusUrgency urgency)
    {
        var interval = urgency switch
        {
            StatusUrgency.None => (TimeSpan?)null,
            StatusUrgency.Progress => ProgressInterval,
            StatusUrgency.Reason => ReasonInterval,
            StatusUrgency.Now => TimeSpan.Zero,
        };
        if (interval is not { } shortest)
        {
            return null;
        }

        lock (gate)
        {
            if (!lastWrites.TryGetValue(uid, out var last))
            {
                lastWrites[uid] = last = (timeProvider.GetTimestamp(), IsOurs: false);
            }

            var rest = (last.IsOurs ? shortest : shortest * Inherited) - timeProvider.GetElapsedTime(last.At);
            return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
        }
    }

    /// <summary>Writes a status, or one member of it.</summary>
    /// <typeparam name="TEntity">The custom resource.</typeparam>
    /// <param name="entity">The object as it was when the status was made: its resourceVersion is tested.</param>
    /// <param name="value">What to write.</param>
    /// <param name="informer">Keeps the store that must see the write.</param>
    /// <param name="member">A member of the status; null for the whole.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The object as the server has it now.</returns>
    /// <exception cref="ApiException">PatchTestFailed when somebody else wrote meanwhile: plan again. The same without a request while what was refused or outdated rests.</exception>
    public async Task<TEntity> WriteAsync<TEntity>(TEntity entity, object value, IInformer informer, string? member, CancellationToken cancellationToken)
        where TEntity : class, IStoreItem
    {
        if (rests.Find(entity.Uid, entity.ResourceVersion) is { } rest)
        {
            throw new ApiException(rest.Said.Kind, rest.Said.Message, rest.Said.StatusCode, rest.Said.Reason, rest.Said.Causes, rest.Left);
        }

        var patch = new JsonPatch().TestUid(entity.Uid).TestResourceVersion(entity.ResourceVersion);
        var json = JsonNode.Parse(EntityJson.Write(value));
        patch = member is null ? patch.Add(json, "status") : patch.Add(json, "status", member);
        ReadOnlyMemory<byte> answer;
        try
        {
            answer = await api.PatchRawAsync(ResourceKind.Of<TEntity>(), entity.Key, "status", PatchTypes.Json, patch.ToBytes(), cancellationToken);
        }
        catch (ApiException error) when (error.Class is ApiErrorClass.Conflict or ApiErrorClass.Terminal)
        {
            // The store is behind, or a person has to change something: each event would bring the same write.
            rests.Add(entity.Uid, entity.ResourceVersion, error, error.Class is ApiErrorClass.Terminal ? RestingWrites.Pause : TimeSpan.Zero);
            throw;
        }

        rests.Remove(entity.Uid);
        var written = EntityJson.Read<TEntity>(answer);
        expectations.ExpectResourceVersion(entity.Key, informer, entity.Key, entity.Uid, written.ResourceVersion);
        lock (gate)
        {
            lastWrites[entity.Uid] = (timeProvider.GetTimestamp(), IsOurs: true);
        }

        return written;
    }

    /// <summary>Forgets an object that is gone.</summary>
    public void Forget(string uid)
    {
        lock (gate)
        {
            lastWrites.Remove(uid);
            rests.Remove(uid);
        }
    }
}
