namespace Ordinal.Benchmarks;

/// <summary>One measured figure beside its target.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Measured">The number with its unit.</param>
/// <param name="Target">The target with its unit.</param>
/// <param name="IsReached">Whether the target is reached.</param>
internal sealed record Figure(string Name, string Measured, string Target, bool IsReached);

/// <summary>Measures some figures. One class a topic; <c>Program</c> lists them.</summary>
internal interface IBenchmark
{
    /// <summary>Gets the name by which one is chosen: <c>make bench ARGS=demo</c>.</summary>
    string Name { get; }

    Task<IReadOnlyList<Figure>> MeasureAsync(CancellationToken cancellationToken);
}

/// <summary>A control plane on which figures are measured.</summary>
internal enum BenchPlane
{
    /// <summary>The project's own.</summary>
    Embedded,

    /// <summary>A real etcd, kube-apiserver and kube-controller-manager, with the project's scheduler and kubelets as clients.</summary>
    Real,
}

/// <summary>Measures the same figures, by the same names, on each control plane that is there.</summary>
internal interface IPlaneBenchmark : IBenchmark
{
    Task<IReadOnlyList<Figure>> MeasureAsync(BenchPlane plane, CancellationToken cancellationToken);

    Task<IReadOnlyList<Figure>> IBenchmark.MeasureAsync(CancellationToken cancellationToken) => MeasureAsync(BenchPlane.Embedded, cancellationToken);
}
