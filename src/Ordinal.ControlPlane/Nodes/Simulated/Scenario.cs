using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Nodes.Simulated;

/// <summary>
/// How the pods of a cluster behave, from a file. The rules are looked at in their order, and a later one overrides what an earlier
/// one said; a pod's own annotations override them all.
/// <code>
/// rules:
/// - behave: {start-delay: 2s}                                  # every pod
/// - match: {image: "*bad*"}
///   behave: {fail: ImagePullBackOff}
/// - match: {namespace: prod, statefulset: kafka, ordinal: "2"}
///   first: 1                                                   # only the first such pod; its successor works
///   behave: {fail: CrashLoopBackOff, crash-after: 5s}
/// </code>
/// </summary>
public sealed class Scenario
{
    private readonly ImmutableArray<ScenarioRule> rules;
    private readonly Lock gate = new();
    private readonly Dictionary<int, HashSet<string>> taken = [];

    private Scenario(ImmutableArray<ScenarioRule> rules) => this.rules = rules;

    /// <summary>Gets the scenario without a rule.</summary>
    public static Scenario Empty { get; } = new([]);

    /// <summary>Reads a scenario.</summary>
    /// <param name="yaml">The text of the file.</param>
    /// <exception cref="FormatException">It is no scenario; the message names the place and the remedy.</exception>
    public static Scenario Parse(string yaml)
    {
        IReadOnlyList<JsonObject> documents = YamlText.ParseAll(yaml);
        if (documents.Count != 1 || documents[0]["rules"] is not JsonArray list)
        {
            throw new FormatException("a scenario is one YAML document with the list rules");
        }

        Refuse(documents[0], "the document", ["rules"]);
        return new Scenario([.. list.Select((rule, index) => Rule(rule, string.Create(CultureInfo.InvariantCulture, $"rules[{index}]")))]);
    }

    /// <summary>Gets the behaviour of a pod.</summary>
    /// <param name="defaults">Behaviour where neither a rule nor the pod says.</param>
    public SimulatedScript For(KubeObject pod, SimulatedScript defaults)
    {
        SimulatedScript script = defaults;
        for (int index = 0; index < rules.Length; index++)
        {
            if (rules[index].Fits(pod) && Takes(index, pod.Uid))
            {
                ImmutableSortedDictionary<string, string> behave = rules[index].Behave;
                script = SimulatedScript.Of(name => behave.GetValueOrDefault(name), script);
            }
        }

        return SimulatedScript.Of(pod, script);
    }

    private bool Takes(int index, string uid)
    {
        if (rules[index].First is not { } first)
        {
            return true;
        }

        lock (gate)
        {
            if (!taken.TryGetValue(index, out HashSet<string>? uids))
            {
                taken[index] = uids = new HashSet<string>(StringComparer.Ordinal);
            }

            return uids.Contains(uid) || (uids.Count < first && uids.Add(uid));
        }
    }

    private static ScenarioRule Rule(JsonNode? node, string at)
    {
        if (node is not JsonObject rule)
        {
            throw new FormatException($"{at} is not an object; give match and behave");
        }

        Refuse(rule, at, ["match", "behave", "first"]);
        ImmutableSortedDictionary<string, string> match = Texts(rule["match"], $"{at}.match");
        ImmutableSortedDictionary<string, string> behave = Texts(rule["behave"], $"{at}.behave");
        if (match.Keys.FirstOrDefault(key => !ScenarioRule.Questions.Contains(key)) is { } unknown)
        {
            throw new FormatException($"{at}.match: there is no \"{unknown}\"; known are {string.Join(", ", ScenarioRule.Questions)}");
        }

        if (behave.IsEmpty)
        {
            throw new FormatException($"{at}.behave is empty; give what these pods do, such as {{fail: NeverReady}}");
        }

        foreach ((string name, string value) in behave)
        {
            if (SimulatedScript.Complaint(name, value) is { } complaint)
            {
                throw new FormatException($"{at}.behave.{name}: {complaint}");
            }
        }

        int? first = rule["first"] switch
        {
            null => null,
            JsonValue number when number.TryGetValue(out long count) && count is > 0 and <= 100_000 => (int)count,
            _ => throw new FormatException($"{at}.first is no number from 1 to 100000"),
        };
        return new ScenarioRule(match, behave) { First = first };
    }

    private static void Refuse(JsonObject document, string at, string[] known)
    {
        if (document.Select(member => member.Key).FirstOrDefault(key => !known.Contains(key)) is { } unknown)
        {
            throw new FormatException($"{at} has no \"{unknown}\"; known are {string.Join(", ", known)}");
        }
    }

    private static ImmutableSortedDictionary<string, string> Texts(JsonNode? node, string at) => node switch
    {
        null => ImmutableSortedDictionary<string, string>.Empty,
        JsonObject map => map.ToImmutableSortedDictionary(
            entry => entry.Key,
            entry => entry.Value switch
            {
                JsonValue value when value.TryGetValue(out string? text) => text,
                JsonValue value when value.TryGetValue(out bool flag) => flag ? "true" : "false",
                JsonValue value when value.TryGetValue(out long number) => number.ToString(CultureInfo.InvariantCulture),
                _ => throw new FormatException($"{at}.{entry.Key} is not a text"),
            },
            StringComparer.Ordinal),
        _ => throw new FormatException($"{at} is not an object"),
    };
}
