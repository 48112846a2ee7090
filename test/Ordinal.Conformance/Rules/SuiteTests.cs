using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NUnit.Framework;
using Ordinal.Conformance.Exchanges;
using Ordinal.Conformance.Replay;

namespace Ordinal.Conformance.Rules;

/// <summary>What holds for the suite itself.</summary>
public sealed partial class SuiteTests
{
    private static IEnumerable<MethodInfo> Tests =>
        typeof(SuiteTests).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ConformanceTests)))
            .SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(TestAttribute)) || method.IsDefined(typeof(TestCaseAttribute)) || method.IsDefined(typeof(TestCaseSourceAttribute)));

    [Test]
    public void Every_test_names_its_rule()
    {
        Assert.That(Tests, Is.Not.Empty);
        foreach (var test in Tests)
        {
            var ids = test.GetCustomAttributes<RuleAttribute>().Select(rule => rule.Id).ToList();
            Assert.That(ids, Is.Not.Empty, test.Name);
            Assert.That(ids, Is.All.Match(RuleId()), test.Name);
        }
    }

    [Test]
    public void Every_scenario_of_the_controller_and_every_trap_of_the_cluster_has_a_test()
    {
        var ids = Tests.SelectMany(test => test.GetCustomAttributes<RuleAttribute>()).Select(rule => rule.Id).ToHashSet(StringComparer.Ordinal);
        Assert.That(Enumerable.Range(1, 29).Select(number => $"S{number:00}").Except(ids), Is.Empty);
        Assert.That(Enumerable.Range(1, 26).Select(number => $"T{number}").Except(ids), Is.Empty);
    }

    [Test]
    public void Every_meant_difference_is_about_a_recording_and_has_a_reason()
    {
        foreach (var each in MeantDifferences.All)
        {
            Assert.That(each.Scenario is "*" || Trace.Names.Contains(each.Scenario), Is.True, each.Scenario);
            Assert.That(each.Reason, Is.Not.Empty);
        }
    }

    [Test]
    public void Every_answer_that_is_meant_to_differ_does_and_says_why()
    {
        var meant = Exchange.Rules.SelectMany(rule => Exchange.Read(rule).Steps).Where(step => step.Ours is not null || step.Because is not null).ToList();
        Assert.That(meant, Is.Not.Empty);
        foreach (var step in meant)
        {
            Assert.That(step.Because, Is.Not.Null.And.Length.GreaterThan(20), step.What);
            Assert.That(step.Ours, Is.Not.Null, step.What);
            Assert.That(JsonNode.DeepEquals(step.Ours, step.Answer), Is.False, $"{step.What} does not differ any more");
        }
    }

    [GeneratedRegex("^(S[0-9]{2}|T[0-9]+|(ADM|API|CRD|CEL|RBAC|KUBELET|KUBECTL|TRACE)-[a-z0-9-]+|(API|TRACE)-[*])$")]
    private static partial Regex RuleId();
}
