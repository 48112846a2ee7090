using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;
using Ordinal.Operator.Cli;
using Ordinal.Runtime.Crds;

namespace Ordinal.Conformance.CustomResources;

/// <summary>What holds for the examples themselves.</summary>
public sealed class CoverageTests
{
    [Test]
    public void Each_rule_of_the_operators_kinds_has_an_example_that_it_refuses()
    {
        var examples = string.Concat(Directory.EnumerateFiles(Folder(), "*RuleTests.cs").Select(File.ReadAllText));
        var messages = GeneratedFiles.Kinds.SelectMany(kind => Messages(CrdGenerator.Generate(kind))).Distinct().ToList();
        Assert.That(messages, Has.Count.GreaterThan(25));
        Assert.That(messages.Where(message => !examples.Contains(message, StringComparison.Ordinal)), Is.Empty);
    }

    private static IEnumerable<string> Messages(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => field.Key == "x-kubernetes-validations"
            ? ((JsonArray)field.Value!).Select(rule => (rule as JsonObject).Text("message") ?? "")
            : Messages(field.Value)),
        JsonArray items => items.SelectMany(Messages),
        _ => [],
    };

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
