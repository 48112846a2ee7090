using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Ordinal.Core.Model;

namespace Ordinal.Gates;

/// <summary>Stands between planner and gates. Safe for calls from several threads; never blocks one.</summary>
public sealed class GateKeeper(TimeProvider time, ILogger<GateKeeper> logger)
{
    /// <summary>Answers all questions, in their order, in parallel, each within its gate's deadline.</summary>
    /// <exception cref="OperationCanceledException">The operator is stopping. No other exception escapes.</exception>
    public Task<ImmutableArray<GateReport>> AskAsync(GateContext context, ImmutableArray<GateQuestion> questions, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{time}{logger}");

    /// <summary>Carries out a <see cref="PrepareGate"/> action: one try to move leadership away from a pod.</summary>
    /// <exception cref="OperationCanceledException">The operator is stopping. No other exception escapes.</exception>
    public Task<GatePrepareResult> PrepareAsync(GateContext context, PrepareGate action, string targetRevision, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{time}{logger}");

    /// <summary>Forgets all about a workload: it is gone, or no policy is about it any more.</summary>
    public void Forget(string workloadUid) => throw new NotImplementedException($"{time}{logger}");
}
