using System.Text.Json;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Controllers;

/// <summary>
/// Read-your-writes. Whoever writes on behalf of a key says here what its stores must have seen before the key may be acted upon
/// again; acting on a store that has not is how a controller disrupts twice. Expectations do not expire: after
/// <see cref="ProbeAfter"/> one live GET decides. If it shows that the write is not in force, the expectation is dropped; if it is,
/// the store is behind and is listed anew.
/// </summary>
/// <param name="api">For the live GET.</param>
/// <param name="timeProvider">Measures how long an expectation is open.</param>
public sealed class WriteExpectations(IKubernetesApi api, TimeProvider timeProvider)
{
    private readonly Lock gate = new();
    private readonly Dictionary<NamespacedName, List<Expectation>> open = [];

    /// <summary>Raised, outside any lock, for a key whose last expectation has been met.</summary>
    public event Action<NamespacedName>? Satisfied;

    /// <summary>Raised, outside any lock, for a key that something is expected for: it must be looked at after <see cref="ProbeAfter"/>,
    /// also when no event ever comes.</summary>
    public event Action<NamespacedName>? Expected;

    /// <summary>Gets how long an expectation may be open before a live GET decides.</summary>
    public TimeSpan ProbeAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After a write to a spec: the store must show this generation or a later one.</summary>
    /// <param name="key">The key that wrote.</param>
    /// <param name="informer">Keeps the store that must see it.</param>
    /// <param name="item">The object written.</param>
    /// <param name="uid">Its incarnation; one that is gone expects nothing.</param>
    /// <param name="generation">As the write's answer gave it.</param>
    public void ExpectGeneration(NamespacedName key, IInformer informer, NamespacedName item, string uid, long generation) =>
        Expect(key, informer, item, uid, seen => seen.Generation >= generation, live => live.Generation >= generation);

    /// <summary>After any other write: the store must show this resourceVersion or a later one.</summary>
    public void ExpectResourceVersion(NamespacedName key, IInformer informer, NamespacedName item, string uid, string resourceVersion) =>
        Expect(key, informer, item, uid, seen => ResourceVersions.HasSeen(seen.ResourceVersion, resourceVersion), _ => true);

    /// <summary>
    /// After a deletion or an eviction, sent or perhaps sent: the store must show that incarnation gone or terminating. It must have shown that incarnation
    /// before the request went out, as whatever a pass plans with: a pod that goes at once may be gone from the store, or be another one there, before the
    /// request's answer is read, and then that is the proof.
    /// </summary>
    public void ExpectGoneOrTerminating(NamespacedName key, IInformer informer, NamespacedName item, string uid) =>
        Expect(key, informer, item, uid, seen => seen.IsTerminating, live => live.IsTerminating, wasShown: true);

    /// <summary>After a creation: the store must show that incarnation.</summary>
    public void ExpectPresent(NamespacedName key, IInformer informer, NamespacedName item, string uid) =>
        Expect(key, informer, item, uid, _ => true, _ => true);

    /// <summary>Returns whether nothing is expected any more on behalf of a key.</summary>
    public bool IsSatisfied(NamespacedName key)
    {
        lock (gate)
        {
            return !open.ContainsKey(key);
        }
    }

    /// <summary>
    /// Returns null when the key may be acted upon, else how long to wait before asking again at the latest (a met expectation
    /// raises <see cref="Satisfied"/> at once). Sends the live GETs that are due.
    /// </summary>
    /// <exception cref="ApiException">A live GET failed: nothing is decided.</exception>
    public async Task<TimeSpan?> CheckAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        foreach (var expectation in Open(key))
        {
            if (timeProvider.GetElapsedTime(expectation.Since) < ProbeAfter)
            {
                continue;
            }

            if (await IsInForceAsync(expectation, cancellationToken))
            {
                // The write happened and the store has not seen it: its watch is behind, or dead. A list that starts after the
                // write was answered holds the write.
                await expectation.Informer.RelistAsync(cancellationToken);
            }

            // Whoever asked goes on at once: no need to be told.
            Close(expectation, isNews: false);
        }

        var rest = Open(key);
        return rest.Count == 0 ? null : rest.Min(WaitOf);
    }

    private TimeSpan WaitOf(Expectation expectation)
    {
        var left = ProbeAfter - timeProvider.GetElapsedTime(expectation.Since);
        return left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
    }

    private List<Expectation> Open(NamespacedName key)
    {
        lock (gate)
        {
            return open.TryGetValue(key, out var found) ? [.. found] : [];
        }
    }

    private void Expect(NamespacedName key, IInformer informer, NamespacedName item, string uid, Func<IStoreItem, bool> isSeen, Func<Live, bool> isInForce, bool wasShown = false)
    {
        var expectation = new Expectation(key, informer, item, uid, isSeen, isInForce, timeProvider.GetTimestamp()) { HadUid = wasShown };
        lock (gate)
        {
            if (!open.TryGetValue(key, out var list))
            {
                open[key] = list = [];
            }

            list.Add(expectation);
        }

        // Subscribed first, then looked: a change between both is seen by one of them.
        expectation.Subscription = informer.Items.SubscribeItems((old, now) =>
        {
            if ((now ?? old)?.Key == item)
            {
                Judge(expectation, now, wasDeleted: now is null && old?.Uid == uid);
            }
        });
        Judge(expectation, informer.Items.FindItem(item), wasDeleted: false);
        if (!IsSatisfied(key))
        {
            Expected?.Invoke(key);
        }
    }

    /// <summary>Closes an expectation that what the store shows has met.</summary>
    private void Judge(Expectation expectation, IStoreItem? seen, bool wasDeleted)
    {
        // A missing item proves a deletion only if it was seen to go: a store that never had it may be behind its creation.
        if (seen is null ? wasDeleted || expectation.HadUid : seen.Uid == expectation.Uid && expectation.IsSeen(seen))
        {
            Close(expectation, isNews: true);
        }
        else if (seen is not null && seen.Uid != expectation.Uid && expectation.HadUid)
        {
            Close(expectation, isNews: true);
        }
        else if (seen?.Uid == expectation.Uid)
        {
            expectation.HadUid = true;
        }
    }

    private void Close(Expectation expectation, bool isNews)
    {
        var wasLast = false;
        lock (gate)
        {
            if (!open.TryGetValue(expectation.Key, out var list) || !list.Remove(expectation))
            {
                return;
            }

            if (list.Count == 0)
            {
                open.Remove(expectation.Key);
                wasLast = true;
            }
        }

        expectation.Subscription?.Dispose();
        if (wasLast && isNews)
        {
            Satisfied?.Invoke(expectation.Key);
        }
    }

    private async Task<bool> IsInForceAsync(Expectation expectation, CancellationToken cancellationToken)
    {
        try
        {
            var body = await api.GetRawAsync(expectation.Informer.Items.Kind, expectation.Item, null, cancellationToken);
            using var document = EntityJson.Parse(body);
            var metadata = document.RootElement.Member("metadata");
            // Another incarnation: the one that was written is gone, and the store must learn of it.
            return metadata.Text("uid") != expectation.Uid
                || expectation.IsInForce(new Live(metadata.WholeNumber("generation"), metadata.Member("deletionTimestamp").ValueKind == JsonValueKind.String));
        }
        catch (ApiException error) when (error.Kind is ApiErrorKind.NotFound)
        {
            return true;
        }
    }

    private readonly record struct Live(long Generation, bool IsTerminating);

    private sealed class Expectation(NamespacedName key, IInformer informer, NamespacedName item, string uid, Func<IStoreItem, bool> isSeen, Func<Live, bool> isInForce, long since)
    {
        public NamespacedName Key { get; } = key;

        public IInformer Informer { get; } = informer;

        public NamespacedName Item { get; } = item;

        public string Uid { get; } = uid;

        public Func<IStoreItem, bool> IsSeen { get; } = isSeen;

        public Func<Live, bool> IsInForce { get; } = isInForce;

        public IDisposable? Subscription { get; set; }

        public long Since { get; } = since;

        public bool HadUid { get; set; }
    }
}
