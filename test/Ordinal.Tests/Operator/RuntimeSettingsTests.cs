using System.Text;
using System.Text.Json;
using NUnit.Framework;

namespace Ordinal.Tests.Operating;

/// <summary>What the program's <c>runtimeconfig.json</c> says. A runtime passes over a name that it does not know, without a word.</summary>
public sealed class RuntimeSettingsTests
{
    [Test]
    public void Each_setting_of_the_collector_and_the_compiler_is_one_that_the_runtime_reads()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "ordinal.runtimeconfig.json")));
        var names = document.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").EnumerateObject().Select(property => property.Name)
            .Where(name => name.StartsWith("System.GC.", StringComparison.Ordinal) || name.StartsWith("System.Runtime.Tiered", StringComparison.Ordinal))
            .ToList();
        var runtime = File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libcoreclr.so"));
        Assert.That(names, Is.SupersetOf(["System.GC.Gen0MaxBudget", "System.GC.RegionSize", "System.GC.Concurrent", "System.Runtime.TieredPGO"]));
        Assert.That(names.Where(name => !Reads(runtime, name)), Is.Empty);
        Assert.That(Reads(runtime, "System.GC.Gen0Size"), Is.False, "it did not, and the search can tell");
    }

    /// <summary>Tells whether a name stands in the runtime's program as a text of its own, in either of the forms that it keeps them in.</summary>
    private static bool Reads(byte[] runtime, string name) =>
        runtime.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name + "\0")) >= 0 || runtime.AsSpan().IndexOf(Encoding.Unicode.GetBytes(name + "\0")) >= 0;
}
