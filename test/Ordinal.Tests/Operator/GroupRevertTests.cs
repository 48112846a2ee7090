using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Operator.Api;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;
using Ordinal.Tests.Core;

namespace Ordinal.Tests.Operating;

/// <summary>What becomes of the StatefulSets of a request that had ended well when the request was cancelled, or failed.</summary>
public sealed class GroupRevertTests
{
    private static readonly StatefulSetRolloutStatus Ended = new()
    {
        Targets =
        [
            new() { Name = "a", Uid = "uid-a", State = "Completed", FromRevision = "a-1", ToRevision = "a-2" },
            new() { Name = "b", Uid = "uid-b", State = "RolledBack", FromRevision = "b-1", ToRevision = "b-2" },
            new() { Name = "c", Uid = "uid-c", State = "Cancelled" },
        ],
    };

    [Test]
    public void Cancelled_with_revert_what_the_request_wrote_goes_back()
    {
        var (back, words) = Judge(Request("Update"));
        Assert.Multiple(() =>
        {
            Assert.That(back, Is.EqualTo(["a"]));
            Assert.That(words, Is.EqualTo(" a had ended and goes back by rollout web-back."));
        });
    }

    [TestCase("Restart", "it was only restarted")]
    [TestCase("Pending", "its template is not this request's")]
    public void What_the_request_did_not_write_stays_with_the_reason_and_the_way_back(string type, string why)
    {
        var (back, words) = Judge(Request(type));
        Assert.Multiple(() =>
        {
            Assert.That(back, Is.Empty);
            Assert.That(words, Is.EqualTo($" a had ended and stays at a-2 ({why}). To take it back: ordinal start rollback web -n prod --targets a --to-revision a=a-1"));
        });
    }

    [TestCase("Update", "a-3", "uid-a", 5)]
    [TestCase("Update", "a-2", "another", 5)]
    [TestCase("Update", "a-2", "uid-a", 4, Description = "The template may be a newer one whose revision nobody has made yet.")]
    [TestCase("Restart", "a-3", "uid-a", 5)]
    [TestCase("Pending", "a-2", "uid-a", 4)]
    public void What_was_changed_since_stays_and_no_command_is_offered_that_writes_over_it(string type, string update, string uid, long observed)
    {
        const string Words = " a had ended and stays at a-2 (it was changed since).";
        var (back, words) = Judge(Request(type), update: update, uid: uid, observed: observed);
        Assert.Multiple(() =>
        {
            Assert.That(back, Is.Empty);
            Assert.That(words, Is.EqualTo(Words));
            Assert.That(Judge(Request(type), by: null, update: update, uid: uid, observed: observed).Words, Is.EqualTo(Words));
        });
    }

    [Test]
    public void A_revision_that_is_kept_no_more_is_told_and_offered_to_nobody() =>
        Assert.That(Judge(Request("Update"), hasRevision: false).Words, Is.EqualTo(" a had ended and stays at a-2 (its revision a-1 is kept no more)."));

    [Test]
    public void Where_nobody_asked_for_it_nothing_goes_back_and_the_way_is_told() =>
        Assert.That(Judge(Request("Update"), by: null).Words, Is.EqualTo(" a had ended and stays at a-2. To take it back: ordinal start rollback web -n prod --targets a --to-revision a=a-1"));

    [Test]
    public void Of_many_a_few_are_named()
    {
        var many = Ended with { Targets = [.. Enumerable.Range(0, 32).Select(i => new RolloutTargetStatus { Name = $"s{i}", State = "Completed", FromRevision = $"s{i}-1", ToRevision = $"s{i}-2" })] };
        var (_, words) = GroupReverts.Judge(Request("Restart"), many, "web-back", name => Set($"{name}-2", null), _ => true);
        Assert.Multiple(() =>
        {
            Assert.That(words, Does.Contain(" 27 more stay. To take them back: ordinal start rollback web -n prod --targets s0,s1,s2,s3,s4 --to-revision s0=s0-1"));
            Assert.That(words, Does.Not.Contain("s5"));
        });
    }

    [Test]
    public async Task What_is_as_it_was_left_goes_back_by_a_rollout()
    {
        var cluster = new Cluster { ["a"] = Live("a"), ["b"] = Live("b") };
        await cluster.CreateAsync();
        Assert.Multiple(() =>
        {
            Assert.That(cluster.TargetsCreated, Is.EqualTo(["a", "b"]));
            Assert.That(cluster.Events, Is.Empty);
        });
    }

    [TestCase("b-3", 7)]
    [TestCase("b-2", 6)]
    [TestCase(null, 7)]
    public async Task What_was_changed_after_the_end_is_left_out_of_the_rollout_and_told(string? update, long observed)
    {
        var cluster = new Cluster { ["a"] = Live("a"), ["b"] = update is null ? null : Live("b", update, observed) };
        await cluster.CreateAsync();
        Assert.Multiple(() =>
        {
            Assert.That(cluster.TargetsCreated, Is.EqualTo(["a"]));
            Assert.That(cluster.Events, Is.EqualTo(["Warning Superseded b had ended and does not go back by rollout web-back after all (it was changed since)."]));
        });
    }

    [Test]
    public async Task When_all_were_changed_no_rollout_is_made()
    {
        var cluster = new Cluster { ["a"] = Live("a", "a-3"), ["b"] = Live("b", "b-3") };
        await cluster.CreateAsync();
        Assert.Multiple(() =>
        {
            Assert.That(cluster.TargetsCreated, Is.Null);
            Assert.That(cluster.Events, Has.Count.EqualTo(2));
        });
    }

    [Test]
    public async Task What_the_rollout_itself_has_changed_is_not_taken_for_somebody_elses_change()
    {
        var cluster = new Cluster { ["a"] = Live("a", "a-1"), ["b"] = Live("b", "b-1") };
        cluster.IsMade = true;
        await cluster.CreateAsync();
        Assert.Multiple(() =>
        {
            Assert.That(cluster.TargetsCreated, Is.Null);
            Assert.That(cluster.Events, Is.Empty);
        });
    }

    [Test]
    public async Task A_refusal_for_good_is_told_once_with_the_command_and_keeps_nobody_waiting()
    {
        var cluster = new Cluster { ["a"] = Live("a"), ["b"] = Live("b", "b-3") };
        cluster.Refusal = new ApiException(ApiErrorKind.Forbidden, "may not create");
        await cluster.CreateAsync();
        await cluster.CreateAsync();
        Assert.That(cluster.Events, Has.Count.EqualTo(2));
        Assert.That(cluster.Events[1], Does.StartWith("Warning ActionRefused a had ended and stays: rollout ").And.EndsWith(" is not made. To take it back: ordinal start rollback web -n prod --targets a --to-revision a=a-1 (may not create)"));
    }

    [Test]
    public void A_refusal_that_passes_is_tried_again()
    {
        var cluster = new Cluster { ["a"] = Live("a"), ["b"] = Live("b") };
        cluster.Refusal = new ApiException(ApiErrorKind.Unavailable, "not now");
        Assert.ThrowsAsync<ApiException>(cluster.CreateAsync);
        Assert.That(cluster.Events, Is.Empty);
    }

    [Test]
    public async Task Without_a_policy_the_way_back_is_told()
    {
        var cluster = new Cluster { ["a"] = Live("a"), ["b"] = Live("b") };
        cluster.HasPolicy = false;
        await cluster.CreateAsync();
        Assert.That(cluster.TargetsCreated, Is.Null);
        Assert.That(cluster.Events.Single(), Does.StartWith("Warning PolicyMissing a, b had ended and stay: ").And.EndsWith("--targets a,b --to-revision a=a-1 --to-revision b=b-1 (policy web is gone; create it again first)"));
    }

    private static (IReadOnlyList<string> Back, string Words) Judge(V1Alpha1StatefulSetRollout rollout, string? by = "web-back", string update = "a-2", string uid = "uid-a", bool hasRevision = true, long observed = 5)
    {
        var (back, words) = GroupReverts.Judge(rollout, Ended, by, _ => Set(update, uid, observed), _ => hasRevision);
        return (back, words);
    }

    private static StatefulSetItem Set(string update, string? uid, long observed = 5) => new()
    {
        Snapshot = Picture.Resting("o").Input.Snapshot.Set with { UpdateRevision = update, Uid = uid!, Generation = 5, ObservedGeneration = observed },
        Labels = ImmutableSortedDictionary<string, string>.Empty,
        PodLabels = ImmutableSortedDictionary<string, string>.Empty,
        Selector = "",
    };

    private static JsonObject Live(string name, string? update = null, long observed = 7) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "prod", ["uid"] = $"uid-{name}", ["resourceVersion"] = "1", ["generation"] = 7 },
        ["spec"] = new JsonObject(),
        ["status"] = new JsonObject { ["observedGeneration"] = observed, ["updateRevision"] = update ?? $"{name}-2" },
    };

    private static V1Alpha1StatefulSetRollout Request(string type) => new()
    {
        Metadata = new() { Name = "all", NamespaceProperty = "prod", Uid = "group-uid" },
        Spec = new()
        {
            PolicyRef = new() { Name = "web" },
            Type = type == "Pending" ? "Update" : type,
            Update = type == "Update" ? new() { Images = [new() { Container = "c", Image = "app:v2" }] } : null,
        },
    };

    /// <summary>What the server has of each StatefulSet when the rollout is to be made; null for none.</summary>
    private sealed class Cluster : Dictionary<string, JsonObject?>, IKubernetesApi, IEventPublisher
    {
        private readonly GroupReverts reverts;

        public Cluster() => reverts = new GroupReverts(
            this,
            new OperatorStores
            {
                Policies = new(null!, new Known<V1Alpha1RolloutPolicy>(_ => HasPolicy ? new() { Metadata = new() { Name = "web", NamespaceProperty = "prod", Uid = "policy-uid" } } : null)),
                Revisions = new(null!, new Known<RevisionItem>(key => new(key, "", "", "", 1, ""))),
                Rollouts = null!,
                Sets = null!,
                Pods = null!,
                Budgets = null!,
            },
            new Announcer(this, TimeProvider.System));

        public bool HasPolicy { get; set; } = true;

        public bool IsMade { get; set; }

        public ApiException? Refusal { get; set; }

        public List<string> Events { get; } = [];

        public IReadOnlyList<string>? TargetsCreated { get; private set; }

        public string FieldManager => "ordinal";

        public Task CreateAsync()
        {
            var rollout = Request("Update");
            rollout.Status = new() { Targets = [.. new[] { "a", "b" }.Select(name => new RolloutTargetStatus { Name = name, Uid = $"uid-{name}", State = "Completed", FromRevision = $"{name}-1", ToRevision = $"{name}-2", RevertedBy = "web-back" })] };
            return reverts.CreateAsync(rollout, CancellationToken.None);
        }

        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
        {
            var isRollout = request.Path.Contains("/statefulsetrollouts", StringComparison.Ordinal);
            if (request.Method == "POST")
            {
                TargetsCreated = Refusal is null ? EntityJson.Read<V1Alpha1StatefulSetRollout>(request.Body).Spec.Targets!.ToList() : throw Refusal;
                return Task.FromResult(new ApiResponse(201, request.Body));
            }

            var found = isRollout ? (IsMade ? new JsonObject { ["metadata"] = new JsonObject { ["name"] = "web-back" } } : null) : this[request.Path.Split('/')[^1]];
            return found is null ? throw new ApiException(ApiErrorKind.NotFound, "not found") : Task.FromResult(new ApiResponse(200, Encoding.UTF8.GetBytes(found.ToJsonString())));
        }

        public Task<IApiLines> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Publish(EventTarget regarding, EventType type, string reason, string action, string note, EventTarget? related = null) => Events.Add($"{type} {reason} {note}");
    }

    /// <summary>A store that is only asked for one object at a time.</summary>
    private sealed class Known<TItem>(Func<NamespacedName, TItem?> find) : IStore<TItem>
        where TItem : class, IStoreItem
    {
        public ResourceKind Kind => throw new NotSupportedException();

        public bool HasSynced => true;

        public bool IsStale => false;

        public TimeSpan SinceLastActivity => TimeSpan.Zero;

        public string ResourceVersion => "1";

        public int Count => throw new NotSupportedException();

        public TItem? Find(NamespacedName key) => find(key);

        public IStoreItem? FindItem(NamespacedName key) => find(key);

        public IReadOnlyList<TItem> List(string? inNamespace) => throw new NotSupportedException();

        public IReadOnlyList<TItem> ByIndex(string index, string value) => throw new NotSupportedException();

        public IDisposable Subscribe(Action<StoreChange<TItem>> handler) => throw new NotSupportedException();

        public IDisposable SubscribeItems(Action<IStoreItem?, IStoreItem?> handler) => throw new NotSupportedException();
    }
}
