using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Ordinal.Integration.Clusters;
using Ordinal.Integration.Demo;

namespace Ordinal.Integration.Scenarios;

/// <summary>
/// Which test is about which acceptance scenario (U, Z), trap (T) and row of the gates' failure catalogue (K, ZK, E, G), read from the sources of the test modules: a test carries the ids in its name, a
/// conformance test in its rules. The page is <c>docs/reference/scenarios.md</c>; <c>ORDINAL_UPDATE_GOLDEN=1</c> writes it anew.
/// </summary>
public sealed partial class ScenarioTable
{
    private static readonly string[] Modules = ["Ordinal.Integration", "Ordinal.Conformance", "Ordinal.Tests"];

    private static IEnumerable<string> Ids =>
        [.. Enumerable.Range(1, 45).Select(number => $"U{number:00}"), .. Enumerable.Range(1, 9).Select(number => $"Z{number:00}"), .. Enumerable.Range(1, 26).Select(number => $"T{number}")];

    /// <summary>The failure catalogue's rows, by how many there are of each kind.</summary>
    private static IEnumerable<string> Rows => new[] { ("K", 34), ("ZK", 23), ("E", 28), ("G", 8) }.SelectMany(kind => Enumerable.Range(1, kind.Item2).Select(number => $"{kind.Item1}{number}"));

    /// <summary>Rows about adding and removing members, which Ordinal does not do through gates yet.</summary>
    private static readonly string[] Scaling =
    [
        "K25", "K26", "K27", "K28", "ZK10", "ZK11", "ZK12", "ZK13", "ZK14", "ZK15", "ZK16", "ZK17", "ZK20", "E9", "E10", "E11", "E12", "E13", "E14", "E15", "E16",
    ];

    [Test]
    public void Every_scenario_has_a_test_on_a_cluster_and_the_page_says_which()
    {
        var found = Modules.ToDictionary(module => module, TestsOf);
        foreach (var id in Ids)
        {
            // What a trap is, is a rule of the cluster; what the operator makes of it is a scenario.
            Assert.That(found["Ordinal.Integration"].GetValueOrDefault(id, []).Keys, Is.Not.Empty, id);
            Assert.That(id[0] != 'T' || found["Ordinal.Conformance"].ContainsKey(id), Is.True, id);
            foreach (var type in found["Ordinal.Integration"][id].Keys)
            {
                Assert.That(IsOnEach(type), Is.True, $"{id}: {type} has no fixture of each control plane");
            }
        }

        var text = new StringBuilder("""
            # Scenarios and their tests

            Written by `ScenarioTable` of `test/Ordinal.Integration` (`ORDINAL_UPDATE_GOLDEN=1`). A test carries the ids of its scenarios in its name; `--filter "Name~U16"` runs those of
            one. What is in the second column runs with the whole operator on the embedded control plane, and on a real one too when `KUBEBUILDER_ASSETS` names its programs.
            The third column is about the cluster alone: in process, over HTTPS and real. The last is about the planner and its parts.

            U16: there is no threshold of failed pods; a pod that does not come back uses a place of `maxUnavailable`. U30: the operator has no mark for one pod; a person's eviction is counted in
            the budget. Z10 (a budget across zones at the eviction API) is not offered.

            | Id | With the operator, on each control plane | The cluster alone | Parts |
            | --- | --- | --- | --- |

            """);
        foreach (var id in Ids)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {id} | {string.Join(" | ", Modules.Select(module => Cell(found[module].GetValueOrDefault(id, []))))} |");
        }

        text.Append("""

            ## The gates' failure catalogue

            K: Kafka, ZK: ZooKeeper, E: etcd, G: any gate. The second column is over sockets or with a whole operator, against real servers where there are any; the third is the rule alone.
            Rows about adding and removing members (SCALING) have no tests yet: that is not the gates' work so far.

            | Id | Over sockets | The rule |
            | --- | --- | --- |

            """.Replace("SCALING", string.Join(", ", Scaling), StringComparison.Ordinal));
        foreach (var id in Rows.Except(Scaling))
        {
            var (sockets, rule) = (found["Ordinal.Integration"].GetValueOrDefault(id, []), found["Ordinal.Tests"].GetValueOrDefault(id, []));
            Assert.That(sockets.Count + rule.Count, Is.Positive, id);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {id} | {Cell(sockets)} | {Cell(rule)} |");
        }

        var page = Path.Combine(Programs.Repository, "docs", "reference", "scenarios.md");
        if (Environment.GetEnvironmentVariable("ORDINAL_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(page, text.ToString());
        }

        Assert.That(File.ReadAllText(page), Is.EqualTo(text.ToString()), "write it anew with ORDINAL_UPDATE_GOLDEN=1, and look at the difference");
    }

    /// <summary>Whether the tests of a class of this module run on each control plane. NUnit finds the source at a base class too, where .NET's look at the class itself ends.</summary>
    private static bool IsOnEach(string name)
    {
        for (var type = typeof(ScenarioTable).Assembly.GetTypes().Single(each => each.Name == name); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttributes<TestFixtureSourceAttribute>().Any(source => source.SourceType == typeof(ClusterKinds) && source.SourceName == nameof(ClusterKinds.Available)))
            {
                return true;
            }
        }

        return false;
    }

    private static string Cell(SortedDictionary<string, int> classes) =>
        classes.Count == 0 ? "–" : string.Join(", ", classes.Keys);

    /// <summary>The tests of a module by id: how many in which class.</summary>
    private static Dictionary<string, SortedDictionary<string, int>> TestsOf(string module)
    {
        var found = new Dictionary<string, SortedDictionary<string, int>>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Programs.Repository, "test", module), "*.cs", SearchOption.AllDirectories))
        {
            foreach (Match match in NamedTest().Matches(File.ReadAllText(file)))
            {
                var name = match.Groups["name"].Value + match.Groups["rule"].Value;
                foreach (var id in name.Split('_').Where(part => Id().IsMatch(part)))
                {
                    var classes = found.TryGetValue(id, out var known) ? known : found[id] = new SortedDictionary<string, int>(StringComparer.Ordinal);
                    var type = Path.GetFileNameWithoutExtension(file);
                    classes[type] = classes.GetValueOrDefault(type) + 1;
                }
            }
        }

        return found;
    }

    /// <summary>A method's name, a case's name, or a rule.</summary>
    [GeneratedRegex("""(public (async Task|void) (?<name>([UZTKEG]|ZK)[0-9]\w*)\()|(TestName = "(?<name>([UZTKEG]|ZK)[0-9]\w*)")|(Rule\("(?<rule>T[0-9]+)"\))""")]
    private static partial Regex NamedTest();

    [GeneratedRegex("^([UZ][0-9]{2}|(T|K|ZK|E|G)[0-9]{1,2})$")]
    private static partial Regex Id();
}
