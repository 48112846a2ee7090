using Ordinal.Gates.Probing;

namespace Ordinal.Gates.Exec;

/// <summary>Runs the command in one pod.</summary>
internal sealed class ExecProbe(ExecGateOptions options, IPodExec exec) : IProbe<ExecSample>
{
    /// <inheritdoc/>
    public string Type => ExecGateFactory.Type;

    /// <inheritdoc/>
    public string Where(GateContext context, GateTarget? pod) => options.Container.Length == 0 ? $"pod {pod!.Pod}" : $"container {options.Container} of pod {pod!.Pod}";

    /// <inheritdoc/>
    public async Task<ProbeOutcome<ExecSample>> AskAsync(GateContext context, GateTarget? pod, CancellationToken cancellationToken)
    {
        var words = options.Command.Select(word => GateTemplate.Fill(word, context, pod));
        return await exec.RunAsync(new(context.Namespace, pod!.Pod, options.Container, [.. words], ExecGateOptions.MaxOutput), cancellationToken);
    }

    /// <inheritdoc/>
    public ProbeFinding Judge(ExecSample answer, string where, DateTimeOffset now) => ExecRule.Judge(answer, where);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The way to the API server is the operator's, and stays.
    }
}
