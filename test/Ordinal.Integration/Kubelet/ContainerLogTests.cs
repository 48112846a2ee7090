using System.Text;
using NUnit.Framework;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Integration.Kubelet;

public sealed class ContainerLogTests
{
    private static readonly ContainerLogOptions All = new(false, false, null, null, null);
    private readonly Clock _clock = new();
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("ordinal-log-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Lines_come_back_as_printed_and_the_last_one_needs_no_line_end()
    {
        using var log = Log();
        await PrintAsync(log, "one\n\nthree\nfour");
        Assert.That(await ReadAsync(log, All), Is.EqualTo("one\n\nthree\nfour\n"));
    }

    [Test]
    public async Task A_line_longer_than_a_piece_comes_back_whole()
    {
        using var log = Log();
        var text = new string('x', (ContainerLog.LongestPiece * 3) + 17) + "\nshort\n";
        await PrintAsync(log, text);
        Assert.That(await ReadAsync(log, All), Is.EqualTo(text));
        var stamped = await ReadAsync(log, All with { Timestamps = true });
        Assert.That(stamped.Split("2026-01-01T00:00:00.000000000Z ").Length - 1, Is.EqualTo(2), "one time a line, not a piece");
    }

    [Test]
    public async Task Tail_since_and_limit_choose_the_part()
    {
        using var log = Log();
        await PrintAsync(log, "a\nb\n");
        _clock.Now += TimeSpan.FromMinutes(1);
        await PrintAsync(log, "c\nd\n");
        Assert.That(await ReadAsync(log, All with { TailLines = 3 }), Is.EqualTo("b\nc\nd\n"));
        Assert.That(await ReadAsync(log, All with { TailLines = 0 }), Is.Empty);
        Assert.That(await ReadAsync(log, All with { TailLines = 99 }), Is.EqualTo("a\nb\nc\nd\n"));
        Assert.That(await ReadAsync(log, All with { Since = _clock.Now }), Is.EqualTo("c\nd\n"));
        Assert.That(await ReadAsync(log, All with { LimitBytes = 3 }), Is.EqualTo("a\nb"));
        Assert.That(await ReadAsync(log, All with { Timestamps = true, TailLines = 1 }), Is.EqualTo("2026-01-01T00:01:00.000000000Z d\n"));
    }

    [Test]
    public async Task A_chatty_process_keeps_only_the_newest_segments()
    {
        using var log = Log(segmentBytes: 1000, segments: 3);
        var lines = Enumerable.Range(0, 500).Select(i => $"line {i}\n").ToList();
        await PrintAsync(log, string.Concat(lines));
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(3));
        Assert.That(Directory.GetFiles(_folder).Sum(f => new FileInfo(f).Length), Is.LessThanOrEqualTo(3000));
        var read = await ReadAsync(log, All);
        Assert.That(string.Concat(lines), Does.EndWith(read));
        Assert.That(read.Split('\n'), Has.Length.GreaterThan(40));
        Assert.That(await ReadAsync(log, All with { TailLines = 30 }), Is.EqualTo(string.Concat(lines[^30..])), "across segments");
    }

    [Test]
    public async Task A_follower_gets_each_new_line_also_across_segments_and_ends_with_the_run()
    {
        using var log = Log(segmentBytes: 500, segments: 100);
        var following = ReadAsync(log, All with { Follow = true });
        var expected = new StringBuilder();
        for (var i = 0; i < 200; i++)
        {
            expected.Append("line ").Append(i).Append('\n');
            await PrintAsync(log, $"line {i}\n");
        }

        Assert.That(following.IsCompleted, Is.False);
        log.Dispose();
        Assert.That(await following, Is.EqualTo(expected.ToString()));
    }

    [Test]
    public async Task A_follower_that_goes_away_leaves_the_log_alone()
    {
        using var log = Log();
        using var gone = new CancellationTokenSource();
        using var reader = new ContainerLogReader(log, All with { Follow = true });
        var reading = reader.ReadAsync(gone.Token).AsTask();
        await gone.CancelAsync();
        Assert.That(async () => await reading, Throws.InstanceOf<OperationCanceledException>());
        await PrintAsync(log, "still\n");
        Assert.That(await ReadAsync(log, All), Is.EqualTo("still\n"));
    }

    private static async Task<string> ReadAsync(ContainerLog log, ContainerLogOptions options)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var reader = new ContainerLogReader(log, options);
        var all = new StringBuilder();
        while (await reader.ReadAsync(limit.Token) is { } chunk)
        {
            all.Append(Encoding.UTF8.GetString(chunk.Span));
        }

        return all.ToString();
    }

    private static async Task PrintAsync(ContainerLog log, string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await log.PumpAsync(stream, "stdout");
    }

    private ContainerLog Log(long segmentBytes = 1 << 20, int segments = 2) => new(Path.Combine(_folder, "0"), segmentBytes, segments, _clock);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
