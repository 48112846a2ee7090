using System.Reflection;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;

namespace Ordinal.Conformance;

/// <summary>
/// What a fixture of this suite derives from: its tests are written once and run on each cluster, each in a namespace of its own. A
/// test that can hold on only one of them is a bug in one of them.
/// </summary>
/// <param name="kind">The cluster of this fixture.</param>
[TestFixtureSource(typeof(ClusterKinds), nameof(ClusterKinds.Available))]
public abstract class ConformanceTests(ClusterKind kind)
{
    /// <summary>Gets which cluster the tests run on.</summary>
    public ClusterKind Kind { get; } = kind;

    /// <summary>Gets the namespace of this test and what was seen in it.</summary>
    protected Space Space { get; private set; } = null!;

    /// <summary>Gets the cluster.</summary>
    protected ConformanceCluster Cluster => Space.Cluster;

    [SetUp]
    public async Task OpenSpaceAsync()
    {
        var method = GetType().GetMethod(TestContext.CurrentContext.Test.MethodName!)!;
        if (method.GetCustomAttributes<NotOnAttribute>().Concat(GetType().GetCustomAttributes<NotOnAttribute>()).FirstOrDefault(each => each.Kind == Kind) is { } not)
        {
            Assert.Ignore(not.Because);
        }

        Space = (await OpenAsync())!;
    }

    [TearDown]
    public async Task CloseSpaceAsync()
    {
        if (Space is null)
        {
            return;
        }

        if (TestContext.CurrentContext.Result.Outcome.Status is TestStatus.Failed)
        {
            TestContext.Out.WriteLine(Space.Describe());
        }

        await Space.DisposeAsync();
        await CloseAsync();
    }

    /// <summary>Opens a namespace: on the shared cluster, unless a fixture needs another one.</summary>
    protected virtual async Task<Space?> OpenAsync() => await Space.CreateAsync(await SharedClusters.GetAsync(Kind));

    /// <summary>Ends what <see cref="OpenAsync"/> started beside the namespace.</summary>
    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;
}
