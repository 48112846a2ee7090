using NUnit.Framework;
using Ordinal.Operator.Cli;

namespace Ordinal.Tests.Operating;

/// <summary>What is made from the code is in the repository as it is made. After a change: <c>make generate</c>, and review the diff.</summary>
public sealed class GeneratedFilesTests
{
    [Test]
    public void Generated_files_are_those_in_the_repository()
    {
        var root = RepositoryRoot();
        Assert.Multiple(() =>
        {
            foreach (var (path, content) in GeneratedFiles.All())
            {
                Assert.That(File.ReadAllText(Path.Combine(root, path)), Is.EqualTo(content), $"{path}: run `make generate` and review the diff");
            }
        });
    }

    [Test]
    public void Every_list_and_text_of_a_spec_has_a_maximum()
    {
        // Without one the API server's estimate of a CEL rule's cost is unbounded, and it refuses the whole definition.
        foreach (var kind in GeneratedFiles.Kinds)
        {
            var schema = Ordinal.Runtime.Crds.CrdGenerator.Generate(kind)["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;
            Assert.That(SchemaWalk.Unbounded(schema.AsObject(), kind.Name + ".spec"), Is.Empty);
        }
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Operator.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("Operator.sln is in no folder above the tests.");
    }
}
