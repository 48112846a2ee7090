using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>What a scenario has at hand: a cluster that runs, an operator beside it, the objects, and a screen.</summary>
internal sealed record DemoRun(DemoCluster Cluster, OperatorProcess Operator, Manifest Manifest, DemoOptions Options, Screen Screen, TimeProvider Time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public Pictures Pictures { get; } = new(Cluster.Api, Manifest);

    public string SetPath => $"/apis/apps/v1/namespaces/default/statefulsets/{Manifest.SetName}";

    /// <summary>Applies the objects, as kubectl apply --server-side would.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        foreach (var document in Manifest.Documents)
        {
            try
            {
                await Cluster.Api.ApplyAsync(Manifest.CollectionPath(document, "default"), document, cancellationToken);
            }
            catch (HttpRequestException e) when (e.StatusCode is not null)
            {
                // Not only 400 and 422: a field of the wrong type is answered with 500, as a real server does.
                throw new DemoFailedException($"{document.Text("kind")} {document.Name()}: the API server refuses it: {e.Message}; correct the manifest.", DemoFailedException.Usage);
            }
        }
    }

    /// <summary>Takes a picture each 200 ms, shows it, and hands it on until that says that it has seen enough.</summary>
    /// <param name="step">Returns true to end.</param>
    /// <returns>The last picture, and whether <paramref name="step"/> ended it rather than the limit.</returns>
    /// <exception cref="DemoFailedException">The operator has ended.</exception>
    public async Task<(ClusterPicture Picture, bool IsDone)> WatchAsync(
        string footer, TimeSpan limit, Func<string?> leader, Func<ClusterPicture, ValueTask<bool>> step, CancellationToken cancellationToken)
    {
        var start = Time.GetTimestamp();
        while (true)
        {
            var picture = await Pictures.TakeAsync(leader(), cancellationToken);
            var isDone = await step(picture);
            Screen.Show(picture, footer, isDone);
            if (isDone || Time.GetElapsedTime(start) > limit)
            {
                return (picture, isDone);
            }

            if (Operator.HasExited)
            {
                throw new DemoFailedException($"the operator ended: {string.Join(" | ", Operator.LastLines(5))}", DemoFailedException.Failed);
            }

            await Task.Delay(Look, Time, cancellationToken);
        }
    }

    /// <summary>Waits until all pods are ready and the policy says that everything is as it should be.</summary>
    /// <exception cref="DemoFailedException">That did not come about within a minute.</exception>
    public async Task UntilAtRestAsync(CancellationToken cancellationToken)
    {
        var (picture, isDone) = await WatchAsync(
            "starting",
            TimeSpan.FromSeconds(60),
            () => null,
            p => ValueTask.FromResult(RolloutWords.IsWhole(p, Manifest.Replicas) && p.Policy.Condition("Ready").Text("status") == "True"),
            cancellationToken);
        if (!isDone)
        {
            var ready = picture.Policy.Condition("Ready");
            throw new DemoFailedException(
                $"after a minute {picture.Pods.Count(RolloutWords.IsReady)} of {Manifest.Replicas} pods are ready, and policy {Manifest.PolicyName} says {ready.Text("reason")} {ready.Text("message")}; "
                + $"the operator's last words: {string.Join(" | ", Operator.LastLines(3))}",
                DemoFailedException.Failed);
        }
    }
}
