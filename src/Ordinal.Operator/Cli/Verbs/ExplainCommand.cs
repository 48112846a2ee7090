using System.CommandLine;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary><c>ordinal explain TARGET</c>: why it does not move, and what to do about it.</summary>
internal static class ExplainCommand
{
    private static readonly Argument<string> Target = new("target") { Description = "rop/NAME, stsr/NAME, sts/NAME or a bare name." };

    public static Command Create() => new Command("explain", "Say why a rollout, a policy or a StatefulSet does not move, and what to do about it.") { Target }.WithCluster(takesAll: false, async (session, parsed, cancellationToken) =>
    {
        var lookup = new Lookup(session);
        var subject = await lookup.FindAsync(TargetRef.Parse(parsed.GetRequiredValue(Target)), cancellationToken);
        if (subject is { Kind: TargetKind.StatefulSet, Policy: null })
        {
            await session.Output.WriteLineAsync($"StatefulSet {subject.Key} belongs to no RolloutPolicy: the built-in controller rolls it, without gates. Create a RolloutPolicy that names it in spec.targets.");
            return ExitCodes.Success;
        }

        foreach (var line in Explanation.Of(await lookup.PictureAsync(subject, cancellationToken), session.Now, CommandName.Text))
        {
            await session.Output.WriteLineAsync(line);
        }

        return ExitCodes.Success;
    });
}
