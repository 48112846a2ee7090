using System.Collections.Immutable;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Tests.Demo;

/// <summary>Builds what the observer would have recorded: looks and reads every 100 ms, three members, all well unless said otherwise.</summary>
internal sealed class Scene
{
    private readonly List<(int Member, TimeSpan From, TimeSpan To)> _noProcess = [];
    private readonly List<(int Member, TimeSpan From, TimeSpan To)> _noAnswer = [];
    private readonly List<(int Member, TimeSpan From, TimeSpan To)> _stopped = [];
    private readonly List<LeaderClaim> _claims = [];
    private readonly List<ProcessRun> _processes = [];

    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(20);

    public static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    public Scene WithoutProcess(int member, double from, double to)
    {
        _noProcess.Add((member, At(from), At(to)));
        return this;
    }

    public Scene WithoutAnswer(int member, double from, double to)
    {
        _noAnswer.Add((member, At(from), At(to)));
        return this;
    }

    public Scene Stopped(int member, double from, double to)
    {
        _stopped.Add((member, At(from), At(to)));
        return WithoutAnswer(member, from, to);
    }

    public Scene Led(int leader, double at, ulong term, int claimedBy = 0)
    {
        _claims.Add(new LeaderClaim(At(at), claimedBy, leader, term));
        return this;
    }

    public Scene Ran(int member, double from, double? gone, params string[] words)
    {
        _processes.Add(new ProcessRun(member, 100 + _processes.Count, At(from), gone is { } g ? At(g) : null, [.. words]));
        return this;
    }

    public Observations Build()
    {
        var looks = ImmutableArray.CreateBuilder<Look>();
        var reads = ImmutableArray.CreateBuilder<AnsweredRead>();
        for (var at = TimeSpan.Zero; at <= Length; at += TimeSpan.FromMilliseconds(100))
        {
            var now = at;
            looks.Add(new Look(at, [.. Enumerable.Range(0, 3).Select(m => !In(_noProcess, m, now))])
            {
                Stopped = [.. Enumerable.Range(0, 3).Where(m => In(_stopped, m, now))],
            });
            for (var member = 0; member < 3; member++)
            {
                if (!In(_noProcess, member, at) && !In(_noAnswer, member, at))
                {
                    reads.Add(new AnsweredRead(member, at, at + TimeSpan.FromMilliseconds(3)));
                }
            }
        }

        return new Observations
        {
            Members = ["etcd-0", "etcd-1", "etcd-2"],
            Looks = looks.ToImmutable(),
            Reads = reads.ToImmutable(),
            Claims = [.. _claims],
            Processes = [.. _processes],
        };
    }

    private static bool In(List<(int Member, TimeSpan From, TimeSpan To)> times, int member, TimeSpan at) =>
        times.Any(t => t.Member == member && t.From <= at && at < t.To);
}
