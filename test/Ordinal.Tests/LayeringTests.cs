using System.Reflection;
using NUnit.Framework;

namespace Ordinal.Tests;

/// <summary>Holds the arrows of the design: Core; Gates to Core; Runtime; ControlPlane; Operator to all; and no others.</summary>
public sealed class LayeringTests
{
    private static readonly string[] Platform = ["System.", "netstandard", "Microsoft.Win32."];

    [TestCase("Ordinal.Core", "Stateless")]
    [TestCase("Ordinal.Gates", "Ordinal.Core", "Microsoft.Extensions.Logging.Abstractions")]
    [TestCase("Ordinal.Runtime", "KubernetesClient", "KubernetesClient.Classic", "YamlDotNet", "Microsoft.Extensions.")]
    [TestCase("Ordinal.ControlPlane", "KubernetesClient", "YamlDotNet", "Microsoft.Extensions.", "Microsoft.AspNetCore", "Microsoft.Net.Http.Headers")]
    [TestCase("ordinal", "Ordinal.", "KubernetesClient", "YamlDotNet", "Microsoft.Extensions.", "Microsoft.AspNetCore", "Spectre.Console", "System.CommandLine")]
    public void A_project_refers_only_to_what_it_may(string project, params string[] allowed)
    {
        var assembly = Assembly.Load(project);
        string[] strangers = [.. assembly.GetReferencedAssemblies().Select(a => a.Name!)
            .Where(name => !Array.Exists(Platform, p => name.StartsWith(p, StringComparison.Ordinal)) && name != "System")
            .Where(name => !Array.Exists(allowed, a => a.EndsWith('.') || a is "Microsoft.AspNetCore" ? name.StartsWith(a, StringComparison.Ordinal) : name == a))];
        Assert.That(strangers, Is.Empty, $"{project} may refer to the platform and {string.Join(", ", allowed)}");
    }

    [TestCase("Ordinal.Core")]
    [TestCase("Ordinal.Gates")]
    [TestCase("Ordinal.Runtime")]
    [TestCase("Ordinal.ControlPlane")]
    [TestCase("ordinal", "Ordinal.Operator")]
    public void A_projects_namespaces_begin_with_its_name(string project, string? name = null)
    {
        var root = name ?? project;
        string[] strangers = [.. Assembly.Load(project).GetTypes()
            .Where(t => t is { IsNested: false, Namespace: { } space } && t.Name[0] != '<' && space != root && !space.StartsWith(root + ".", StringComparison.Ordinal)
                && !space.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) && !space.StartsWith("System.", StringComparison.Ordinal))
            .Select(t => t.FullName!)];
        Assert.That(strangers, Is.Empty);
    }

    [Test]
    public void The_judge_shares_no_code_with_the_judged()
    {
        var folder = Path.Combine(Golden.Repository, "src/Ordinal.Operator/Demo/Judging");
        string[] arrows = [.. Directory.GetFiles(folder, "*.cs")
            .SelectMany(file => File.ReadAllLines(file).Select(line => (File: Path.GetFileName(file), Line: line)))
            .Where(l => l.Line.Contains("Ordinal.", StringComparison.Ordinal) && !l.Line.Contains("Ordinal.Operator.Demo.Judging", StringComparison.Ordinal))
            .Select(l => $"{l.File}: {l.Line.Trim()}")];
        Assert.That(Directory.GetFiles(folder, "*.cs"), Is.Not.Empty);
        Assert.That(arrows, Is.Empty);
    }

    [Test]
    public void The_view_knows_only_json_and_itself()
    {
        var folder = Path.Combine(Golden.Repository, "src/Ordinal.Operator/View");
        string[] arrows = [.. Directory.GetFiles(folder, "*.cs").SelectMany(File.ReadAllLines)
            .Where(line => line.StartsWith("using Ordinal.", StringComparison.Ordinal))];
        Assert.That(arrows, Is.Empty);
    }
}
