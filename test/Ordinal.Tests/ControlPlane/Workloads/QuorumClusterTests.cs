using System.Net;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.ControlPlane.Workloads;
using Ordinal.ControlPlane.Workloads.Quorum;

namespace Ordinal.Tests.ControlPlane.Workloads;

/// <summary>How a simulated ensemble that agrees by majority fares: on virtual time, one step of 100 ms after the other, without a socket.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class QuorumClusterTests : IAsyncDisposable
{
    private static readonly QuorumOptions Three = new() { Election = TimeSpan.FromMilliseconds(500), Sync = TimeSpan.FromSeconds(1), FirstLeader = 1 };

    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<int, IEnsembleMember> _members = [];
    private QuorumCluster _cluster = null!;
    private volatile TaskCompletionSource _stepped = new();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Test]
    public async Task The_first_leader_is_the_one_that_is_wanted_and_everybody_serves()
    {
        Make();
        Start(0, 1);
        await PassAsync(2);
        Assert.That(Look().Leader, Is.EqualTo(-1), "the very first election waits for all");
        Start(2);
        await PassAsync(1);
        Assert.That((Look().Leader, Look().Elections), Is.EqualTo((1, 1)));
        Assert.That(Look().Serving, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public async Task A_member_that_is_back_synchronizes_before_it_serves_and_nothing_stops_for_it()
    {
        await BootAsync();
        _members[0].Leave();
        await _members[0].EndAsync();
        var before = Look().Commit;
        await PassAsync(1);
        Assert.That(Look().Commit, Is.GreaterThanOrEqualTo(before + 9));
        Start(0);
        await PassAsync(0.5);
        Assert.That(Look().Serving, Is.EqualTo(new[] { 1, 2 }));
        await PassAsync(1);
        Assert.That(Look().Serving, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That((Look().Elections, Look().Lost), Is.EqualTo((1, 0)));
    }

    [TestCase(false, 2)]
    [TestCase(true, 1)]
    public async Task A_leader_that_leaves_costs_an_election_unless_it_can_hand_over(bool handsOver, int elections)
    {
        await BootAsync(handsOver);
        _members[1].Leave();
        Assert.That(Look().Leader, Is.EqualTo(handsOver ? 2 : -1));
        Assert.That(Look().Serving, handsOver ? Is.EqualTo(new[] { 0, 2 }) : Is.Empty);
        await _members[1].EndAsync();
        await PassAsync(1);
        Assert.That((Look().Leader, Look().Elections, Look().Lost), Is.EqualTo((2, elections, 0)));
    }

    [Test]
    public async Task Without_a_majority_nobody_serves_and_nothing_is_committed_and_with_it_everything_is_still_there()
    {
        await BootAsync();
        await _members[0].EndAsync();
        await PassAsync(0.5);
        await _members[1].EndAsync();
        await PassAsync(2);
        Assert.That((Look().Leader, Look().Serving.Length), Is.EqualTo((-1, 0)));
        var commit = Look().Commit;
        await PassAsync(1);
        Assert.That(Look().Commit, Is.EqualTo(commit));

        // The one that has less is back first: the one that has everything must lead.
        Start(0);
        await PassAsync(3);
        Assert.That((Look().Leader, Look().Lost), Is.EqualTo((2, 0)));
        Assert.That(Look().Serving, Is.EqualTo(new[] { 0, 2 }));
        Assert.That(Look().Commit, Is.GreaterThan(commit));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public async Task Whatever_happens_to_members_nothing_that_was_committed_is_lost(int seed)
    {
        await BootAsync(handsOver: seed % 2 == 0);
        var random = new Random(seed);
        var commit = 0L;
        for (var i = 0; i < 60; i++)
        {
            var ordinal = random.Next(3);
            switch (random.Next(4))
            {
                case 0 when _members.TryGetValue(ordinal, out var leaving):
                    leaving.Leave();
                    await leaving.EndAsync();
                    _members.Remove(ordinal);
                    break;
                case 1 when _members.TryGetValue(ordinal, out var killed):
                    await killed.EndAsync();
                    _members.Remove(ordinal);
                    break;
                case 2 when _members.TryGetValue(ordinal, out var hanging):
                    hanging.Hang(random.Next(2) == 0);
                    break;
                default:
                    if (!_members.ContainsKey(ordinal))
                    {
                        Start(ordinal);
                    }

                    break;
            }

            await PassAsync(random.Next(1, 20) / 10.0);
            Assert.That((Look().Lost, Look().Commit), Is.EqualTo((0, Math.Max(commit, Look().Commit))), $"seed {seed}, step {i}");
            Assert.That(Look().Serving, Is.Empty.Or.Length.GreaterThanOrEqualTo(2), $"seed {seed}, step {i}");
            commit = Look().Commit;
        }

        foreach (var member in _members.Values)
        {
            member.Hang(false);
        }

        Start([.. Enumerable.Range(0, 3).Where(o => !_members.ContainsKey(o))]);
        await PassAsync(5);
        Assert.That((Look().Serving.Length, Look().Lost), Is.EqualTo((3, 0)), $"seed {seed}: in the end all is well");
        Assert.That(Look().Commit, Is.GreaterThan(commit));
    }

    [Test]
    public async Task A_leader_that_hangs_is_replaced_and_follows_when_it_goes_on()
    {
        await BootAsync();
        _members[1].Hang(true);
        await PassAsync(0.5);
        Assert.That((Look().Leader, Look().Serving.Length), Is.EqualTo((1, 0)), "nobody has noticed, and nobody is served");
        await PassAsync(2);
        Assert.That(Look().Leader, Is.EqualTo(2));
        _members[1].Hang(false);
        await PassAsync(2);
        Assert.That((Look().Leader, Look().Serving.Length, Look().Lost), Is.EqualTo((2, 3, 0)));
    }

    [Test]
    public async Task A_member_that_lags_does_not_count_until_it_keeps_up_again()
    {
        await BootAsync();
        _members[0].Update(name => name == "ensemble-lags" ? "true" : null);
        await PassAsync(2);
        Assert.That(Look().Serving, Is.EqualTo(new[] { 1, 2 }));
        _members[0].Update(_ => null);
        await PassAsync(2);
        Assert.That(Look().Serving, Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public async Task A_member_on_an_empty_volume_takes_everything_from_the_others_before_it_counts_and_nothing_is_lost()
    {
        Make();
        StartOn("first", 0, 1, 2);
        await PassAsync(1);
        await _members[0].EndAsync();
        StartOn("second", 0);
        await PassAsync(0.5);
        Assert.That(Look().Serving, Is.EqualTo(new[] { 1, 2 }));
        await PassAsync(1);
        Assert.That(Look().Serving, Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That((Look().Lost, Look().Elections), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task With_the_volumes_of_a_majority_go_the_data_of_all()
    {
        Make();
        StartOn("first", 0, 1, 2);
        await PassAsync(1);
        var before = Look().Commit;
        foreach (var member in _members.Values)
        {
            await member.EndAsync();
        }

        StartOn("second", 0, 1);
        await PassAsync(2);
        Assert.That(Look().Lost, Is.GreaterThanOrEqualTo(before), "two that know nothing are a majority");
    }

    [Test]
    public async Task A_member_that_cannot_live_without_its_data_ends_at_once_each_time_and_the_others_go_on()
    {
        Make(dies: "its log is gone");
        StartOn("first", 0, 1, 2);
        await PassAsync(1);
        Assert.That(_members.Values.Select(m => m.Fatal), Is.All.Null);
        await _members[0].EndAsync();
        StartOn("second", 0);
        Assert.That(_members[0].Fatal, Is.EqualTo("its log is gone"));
        await _members[0].EndAsync();
        StartOn("second", 0);
        Assert.That(_members[0].Fatal, Is.EqualTo("its log is gone"), "it is the same empty volume, and stays so");
        await PassAsync(2);
        Assert.That(Look().Serving, Is.EqualTo(new[] { 1, 2 }));
        Assert.That(Look().Lost, Is.Zero);
    }

    [Test]
    public void Annotations_are_taken_over_and_bad_ones_refused()
    {
        Make();
        var said = new Dictionary<string, string> { ["ensemble-size"] = "5", ["ensemble-election"] = "1s", ["ensemble-sync"] = "3s", ["ensemble-leader"] = "4" };
        Assert.That(
            QuorumOptions.Read("zk", "peers", said.GetValueOrDefault),
            Is.EqualTo(new QuorumOptions { Name = "zk", Service = "peers", Size = 5, Election = TimeSpan.FromSeconds(1), Sync = TimeSpan.FromSeconds(3), FirstLeader = 4 }));
        Assert.That(() => QuorumOptions.Read("zk", "", _ => "x"), Throws.TypeOf<FormatException>().With.Message.Contains("ensemble-size is \"x\"; give a number from 1 to 15"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Start(3));
    }

    private async Task BootAsync(bool handsOver = false)
    {
        Make(handsOver);
        Start(0, 1, 2);
        await PassAsync(1);
        Assert.That((Look().Leader, Look().Serving.Length), Is.EqualTo((1, 3)));
    }

    private void Make(bool handsOver = false, string? dies = null) => _cluster = new QuorumCluster(Three, new Silent(handsOver, dies), _time) { Stepped = () => _stepped.TrySetResult() };

    private void StartOn(string volume, params int[] ordinals)
    {
        foreach (var ordinal in ordinals)
        {
            _members[ordinal] = _cluster.Start(ordinal, IPAddress.Loopback, 0, $"{volume}-{ordinal}");
        }
    }

    private void Start(params int[] ordinals)
    {
        foreach (var ordinal in ordinals)
        {
            _members[ordinal] = _cluster.Start(ordinal, IPAddress.Loopback, 0);
        }
    }

    private QuorumLook Look() => _cluster.Look();

    private async Task PassAsync(double seconds)
    {
        for (var passed = 0; passed < seconds * 10; passed++)
        {
            _stepped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await _stepped.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
    }

    private sealed class Silent(bool handsOver, string? dies) : IQuorumProtocol
    {
        public string? DiesWithoutData => dies;

        public int DefaultPort => 1;

        public bool HandsOver => handsOver;

        public IReadOnlyList<IAsyncDisposable> Listen(QuorumCluster cluster, QuorumMember member, IPAddress address, int port) => [];
    }
}
