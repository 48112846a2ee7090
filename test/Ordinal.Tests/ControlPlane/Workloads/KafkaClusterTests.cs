using System.Net;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.ControlPlane.Workloads;
using Ordinal.ControlPlane.Workloads.Kafka;

namespace Ordinal.Tests.ControlPlane.Workloads;

/// <summary>How a simulated Kafka fares while its brokers come and go: on virtual time, one step of 100 ms after the other.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KafkaClusterTests : IAsyncDisposable
{
    private static readonly KafkaClusterOptions Three = new()
    {
        Topics = [new("orders", 6, 3, 2)], CatchUp = TimeSpan.FromMilliseconds(200), SessionTimeout = TimeSpan.FromSeconds(3), LagTime = TimeSpan.FromSeconds(1), Recovery = TimeSpan.FromSeconds(2),
    };

    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<int, IEnsembleMember> _members = [];
    private KafkaCluster _kafka = null!;
    private volatile TaskCompletionSource _looked = new();

    public async ValueTask DisposeAsync() => await _kafka.DisposeAsync();

    [Test]
    public async Task Brokers_register_when_the_controllers_have_a_leader_and_everything_is_in_sync_then()
    {
        Make(Three with { FirstController = 2 });
        Start(0, 1);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Look().Controller, Is.EqualTo(-1), "a majority, but the one that shall lead first is waited for");
        Assert.That(_kafka.Ensemble.Nodes.Values.Select(n => n.IsFenced), Is.All.True);
        Start(2);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Look().Controller, Is.EqualTo(2));
        Assert.That(Look().Serving, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(_kafka.Ensemble.Nodes.Values.Select(n => n.IsFenced), Is.All.False);
        Assert.That(Look().Partitions.Select(p => (p.InSync.Length, p.Needed, p.HasLeader)), Is.All.EqualTo((3, 2, true)));
    }

    [Test]
    public async Task A_broker_that_leaves_hands_over_and_catches_up_partition_by_partition_when_it_is_back()
    {
        await BootAsync();
        _members[2].Leave();
        Assert.That(Look().Partitions.Select(p => (p.InSync.Length, p.HasLeader)), Is.All.EqualTo((2, true)), "at once");
        await _members[2].EndAsync();
        await PassAsync(TimeSpan.FromSeconds(1));
        Start(2);
        await PassAsync(TimeSpan.FromMilliseconds(500));
        Assert.That(Behind(2), Is.InRange(3, 5), "6 partitions, 200 ms for each");
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Behind(2), Is.Zero);
        Assert.That((Look().Refused, Look().Lost, Look().Unanswered), Is.EqualTo((0, 0, 0)));
        Assert.That(Look().Acknowledged, Is.Positive);
    }

    [Test]
    public async Task A_broker_that_is_killed_counts_until_its_session_is_over_and_recovers_before_it_listens()
    {
        await BootAsync();
        await _members[2].EndAsync();
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(_kafka.Ensemble.Topics["orders"].Partitions.Select(p => p.Isr.Contains(2)), Is.All.True, "nobody knows yet");
        Assert.That(Look().Partitions.Count(p => !p.HasLeader), Is.EqualTo(2), "it led two of six");
        Assert.That(Look().Unanswered, Is.Positive);
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.That(_kafka.Ensemble.Topics["orders"].Partitions.Select(p => p.Isr.Contains(2)), Has.None.True);
        Assert.That(Look().Partitions.Select(p => p.HasLeader), Is.All.True);

        Start(2);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Look().Serving, Is.EqualTo(new[] { 0, 1 }), "it recovers its logs");
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.That((Look().Serving.Length, Behind(2), Look().Lost), Is.EqualTo((3, 0, 0)));
    }

    [Test]
    public async Task A_broker_that_is_killed_and_back_at_once_has_lost_its_place_all_the_same()
    {
        await BootAsync();
        await _members[2].EndAsync();
        Start(2);
        Assert.That(_kafka.Ensemble.Topics["orders"].Partitions.Select(p => p.Isr.Contains(2)), Has.None.True);
    }

    [Test]
    public async Task A_broker_that_hangs_takes_connections_says_nothing_and_is_fenced_until_it_goes_on()
    {
        await BootAsync();
        _members[0].Hang(true);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Look().Controller, Is.Zero, "the others give it a moment");
        Assert.That(Look().Serving, Is.EqualTo(new[] { 1, 2 }));
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.That(Look().Controller, Is.Not.Zero.And.Not.Negative);
        Assert.That(_kafka.Ensemble.Nodes[0].IsFenced, Is.True);
        _members[0].Leave();
        Assert.That(_kafka.Look().Serving, Is.EqualTo(new[] { 1, 2 }), "it does not hear");

        _members[0].Hang(false);
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.That((Look().Serving.Length, Behind(0)), Is.EqualTo((3, 0)));
    }

    [Test]
    public async Task A_broker_that_lags_falls_out_of_sync_though_it_serves_by_command_and_by_annotation()
    {
        await BootAsync();
        _kafka.Lag(2, lags: true);
        await PassAsync(TimeSpan.FromMilliseconds(1500));
        Assert.That((Look().Serving.Length, Behind(2)), Is.EqualTo((3, 4)), "it leads two of six, and has all of those");
        _kafka.Lag(2, lags: false);
        await PassAsync(TimeSpan.FromSeconds(2));
        Assert.That(Behind(2), Is.Zero);

        _members[1].Update(name => name == "kafka-lags" ? "true" : null);
        await PassAsync(TimeSpan.FromMilliseconds(1500));
        Assert.That(Behind(1), Is.EqualTo(4));
        _members[1].Update(_ => null);
        await PassAsync(TimeSpan.FromSeconds(2));
        Assert.That(Behind(1), Is.Zero);
    }

    [Test]
    public async Task With_too_few_in_sync_writes_are_refused_and_nothing_is_lost()
    {
        await BootAsync();
        foreach (var id in (int[])[1, 2])
        {
            _members[id].Leave();
            await _members[id].EndAsync();
        }

        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Look().Partitions.Select(p => p.InSync.Length), Is.All.EqualTo(1));
        Assert.That(Look().Refused, Is.Positive);
        Assert.That(Look().Lost, Is.Zero);
        Assert.That(Look().Controller, Is.Zero);
        await PassAsync(TimeSpan.FromSeconds(2));
        Assert.That(Look().Controller, Is.EqualTo(-1), "one of three is no majority");
    }

    [Test]
    public async Task A_broker_on_an_empty_volume_catches_up_from_nothing_and_nothing_is_lost_while_others_are_in_sync()
    {
        await BootAsync("first");
        await _members[2].EndAsync();
        Start("second", 2);
        Assert.That((Behind(2), _kafka.Ensemble.Nodes[2].LogEndOffset), Is.EqualTo((6, 0)), "it has nothing to recover either, and listens at once");
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.That((Look().Serving.Length, Behind(2), Look().Lost), Is.EqualTo((3, 0, 0)));
    }

    [Test]
    public async Task The_last_replica_in_sync_on_an_empty_volume_leads_with_nothing_and_all_that_was_acknowledged_is_lost()
    {
        await BootAsync("first");
        foreach (var id in (int[])[1, 2, 0])
        {
            _members[id].Leave();
            await _members[id].EndAsync();
        }

        Assert.That(_kafka.Ensemble.Topics["orders"].Partitions.Select(p => string.Join(',', p.Isr)), Is.All.EqualTo("0"), "by the controller's books");
        var acknowledged = Look().Acknowledged;
        Start("second", 0);
        Start("first", 1, 2);
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.That((acknowledged, Look().Lost), Is.EqualTo((acknowledged, acknowledged)));
        Assert.That(acknowledged, Is.Positive);
    }

    [Test]
    public async Task A_broker_that_comes_back_to_its_volume_has_what_it_had()
    {
        await BootAsync("first");
        foreach (var id in (int[])[1, 2, 0])
        {
            _members[id].Leave();
            await _members[id].EndAsync();
        }

        Start("first", 0, 1, 2);
        await PassAsync(TimeSpan.FromSeconds(3));
        Assert.That((Look().Lost, Look().Serving.Length), Is.EqualTo((0, 3)));
    }

    [Test]
    public async Task A_controller_that_leaves_is_followed_after_an_election_and_the_epoch_tells()
    {
        await BootAsync();
        var (first, epoch) = (Look().Controller, _kafka.Ensemble.ControllerEpoch);
        _members[first].Leave();
        Assert.That(Look().Controller, Is.EqualTo(-1));
        await _members[first].EndAsync();
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Look().Controller, Is.Not.EqualTo(first).And.Not.Negative);
        Assert.That(_kafka.Ensemble.ControllerEpoch, Is.GreaterThan(epoch));
    }

    [Test]
    public async Task There_is_no_room_for_a_broker_beyond_its_size()
    {
        Make(Three);
        Assert.Throws<ArgumentOutOfRangeException>(() => Start(3));
        await PassAsync(TimeSpan.FromSeconds(1));
    }

    [TestCase("ensemble-size", "0", "from 1 to 100")]
    [TestCase("kafka-topics", "orders=12/4/2", "at most 3 replicas")]
    [TestCase("kafka-topics", "orders", "name=partitions/replicas/min.insync.replicas")]
    [TestCase("kafka-catch-up", "soon", "no duration")]
    [TestCase("kafka-controller", "3", "from 0 to 2")]
    public void An_annotation_that_cannot_be_read_is_refused_with_what_to_write(string name, string value, string remedy)
    {
        Make(Three);
        var refusal = Assert.Throws<FormatException>(() => KafkaClusterOptions.Read(asked => asked == name ? value : null))!;
        Assert.That(refusal.Message, Does.Contain($"sim.ordinal.dev/{name}").And.Contain(value).And.Contain(remedy));
    }

    [Test]
    public void Annotations_are_taken_over()
    {
        Make(Three);
        var said = new Dictionary<string, string>
        {
            ["ensemble-size"] = "5", ["kafka-topics"] = "a=1/5/3 b=2/1/1", ["kafka-catch-up"] = "50ms", ["kafka-session-timeout"] = "4s", ["kafka-lag-time"] = "0s", ["kafka-recovery"] = "1m", ["kafka-controller"] = "2",
        };
        var options = KafkaClusterOptions.Read(said.GetValueOrDefault);
        Assert.That(options.Topics, Is.EqualTo(new[] { new SimulatedTopic("a", 1, 5, 3), new SimulatedTopic("b", 2, 1, 1) }));
        Assert.That((options.Brokers, options.FirstController), Is.EqualTo((5, 2)));
        Assert.That(
            (options.CatchUp, options.SessionTimeout, options.LagTime, options.Recovery),
            Is.EqualTo((TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(4), TimeSpan.Zero, TimeSpan.FromMinutes(1))));
    }

    private async Task BootAsync(string volume = "")
    {
        Make(Three);
        Start(volume, 0, 1, 2);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.That(Look().Partitions.Select(p => p.InSync.Length), Is.All.EqualTo(3));
    }

    private void Make(KafkaClusterOptions options) => _kafka = new KafkaCluster(options, _time) { Looked = _ => _looked.TrySetResult() };

    private void Start(params int[] ids) => Start("", ids);

    private void Start(string volume, params int[] ids)
    {
        foreach (var id in ids)
        {
            _members[id] = _kafka.Start(id, IPAddress.Loopback, 0, volume.Length == 0 ? "" : $"{volume}-{id}");
        }
    }

    private KafkaLook Look() => _kafka.Look();

    private int Behind(int broker) => Look().Partitions.Count(p => p.Replicas.Contains(broker) && !p.InSync.Contains(broker));

    /// <summary>Lets virtual time go by, step by step; each is awaited, so that none is skipped.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromMilliseconds(100))
        {
            _looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await _looked.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
    }
}
