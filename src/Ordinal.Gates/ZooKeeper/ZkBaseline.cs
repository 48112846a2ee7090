using System.Collections.Immutable;
using System.Globalization;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>
/// What is remembered of servers before their pods stop: their ids and the list of voters. As text, for the rollout's status:
/// <c>v1 voters=1,2,3 zk-1=2</c>.
/// </summary>
internal sealed record ZkBaseline(string Voters, ImmutableSortedDictionary<string, long> Servers)
{
    private const string Version = "v1";
    private const string VotersWord = "voters=";

    internal static ZkBaseline Of(ZkEnsembleView view, IEnumerable<ZkSeat> stopping) => new(
        view.Members.Voters,
        stopping.Where(s => s.Server.Id >= 0).ToImmutableSortedDictionary(s => s.Pod!.Pod, s => s.Server.Id, StringComparer.Ordinal));

    internal static ZkBaseline? Parse(string text)
    {
        var words = text.Split(' ');
        if (words.Length < 2 || words[0] != Version || !words[1].StartsWith(VotersWord, StringComparison.Ordinal))
        {
            return null;
        }

        var servers = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var word in words.Skip(2))
        {
            if (word.Split('=', 2) is not [{ Length: > 0 } pod, var number] || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                return null;
            }

            servers[pod] = id;
        }

        return new ZkBaseline(words[1][VotersWord.Length..], servers.ToImmutable());
    }

    public override string ToString() =>
        $"{Version} {VotersWord}{Voters}{string.Concat(Servers.Select(s => string.Create(CultureInfo.InvariantCulture, $" {s.Key}={s.Value}")))}";
}
