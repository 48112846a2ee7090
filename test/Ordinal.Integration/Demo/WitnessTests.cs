using NUnit.Framework;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Integration.Demo;

/// <summary>The demo's witnesses against three real etcd servers: they see what was done to the servers, and only that.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WitnessTests : IDisposable
{
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromMinutes(3), TimeProvider.System);
    private readonly CancellationTokenSource _end = new();
    private RealEtcd _etcd = null!;
    private WriteClient _client = null!;
    private IndependentObserver _observer = null!;
    private Task _running = null!;

    [SetUp]
    public async Task Start()
    {
        _etcd = await RealEtcd.StartAsync(_deadline.Token);
        // A stopped leader would be an election too; these tests are about followers.
        await _etcd.LeadByAsync(0, _deadline.Token);
        _client = new WriteClient(_etcd.Members, new WriteClientOptions { PageSize = 7 }, TimeProvider.System);
        _observer = new IndependentObserver(_etcd.Members, TimeProvider.System);
        _running = Task.WhenAll(_client.RunAsync(_end.Token), _observer.RunAsync(_end.Token));
        await UntilAsync(() => _client.Summarize().Acknowledged >= 20 && Judge().Looks > 3);
    }

    [TearDown]
    public async Task Stop()
    {
        await _end.CancelAsync();
        await _running;
        await _etcd.DisposeAsync();
    }

    public void Dispose()
    {
        _end.Dispose();
        _deadline.Dispose();
    }

    [Test]
    public async Task All_is_well_and_everything_is_read_back()
    {
        await FinishAsync();
        var back = await _client.ReadBackAsync(_deadline.Token);
        Assert.That(back.Checked, Is.EqualTo(_client.Summarize().Acknowledged).And.GreaterThanOrEqualTo(20));
        Assert.That(back.Lost, Is.Empty);
        Assert.That(Judge().MostDown, Is.Zero);
        Assert.That(Leadership.Judge(_observer.Record().Claims), Has.Length.EqualTo(1));
        Assert.That(_observer.Record().Processes, Has.Length.EqualTo(3));
    }

    [Test]
    public async Task A_write_that_somebody_deletes_or_changes_behind_the_clients_back_is_lost()
    {
        await FinishAsync();
        await _etcd.Members[0].PutAsync("/ordinal-demo/00000003", "another", _deadline.Token);
        var back = await _client.ReadBackAsync(_deadline.Token);
        Assert.That(back.Lost, Is.EqualTo(new[] { "/ordinal-demo/00000003" }));
    }

    [Test]
    public async Task A_stopped_member_is_down_though_its_process_runs()
    {
        _etcd.Stop(1);
        await UntilAsync(() => Judge().MostDown == 1 && _client.Summarize().Unknown > 0);
        _etcd.Continue(1);
        await _etcd.ServesAsync(1, _deadline.Token);
        await FinishAsync();

        var downs = Judge().Downs;
        Assert.That(downs.Select(d => d.Member).Distinct(), Is.EqualTo(new[] { 1 }));
        Assert.That(downs.Select(d => d.Cause), Does.Contain(DownCause.Stopped).And.Not.Contain(DownCause.NotRunning));
        Assert.That(_observer.Record().Processes, Has.All.Property(nameof(ProcessRun.Gone)).Null);
        Assert.That(_client.Summarize().Unknown, Is.Positive, "writes through the stopped member were sent and not answered");
    }

    [Test]
    public async Task A_stopped_member_and_a_killed_one_are_two_down_and_writes_stall()
    {
        _etcd.Stop(1);
        await _etcd.KillAsync(2);
        await UntilAsync(() => Judge().MostDown >= 2);
        _etcd.Continue(1);
        _etcd.Start(2, "--snapshot-count=9000");
        await _etcd.ServesAsync(2, _deadline.Token);
        await UntilAsync(() => _observer.ProcessOf(2) is not null);
        await FinishAsync();

        var record = _observer.Record();
        Assert.That(Judge().Downs.Select(d => (d.Member, d.Cause)), Does.Contain((1, DownCause.Stopped)).And.Contain((2, DownCause.NotRunning)));
        Assert.That(record.Processes.Where(p => p.Member == 2), Has.Exactly(2).Items);
        Assert.That(record.Processes.Last(p => p.Member == 2).CommandLine, Does.Contain("--snapshot-count=9000"));
        Assert.That((await _client.ReadBackAsync(_deadline.Token)).Lost, Is.Empty, "a majority kept what was acknowledged");
    }

    private Availability Judge() => Availability.Judge(_observer.Record(), _observer.Now);

    private async Task FinishAsync()
    {
        await _end.CancelAsync();
        await _running;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _deadline.Token);
        }
    }
}
