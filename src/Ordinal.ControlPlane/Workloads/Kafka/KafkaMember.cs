using System.Net;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>One broker's process in a <see cref="KafkaCluster"/>. What it is changes only while the cluster holds still.</summary>
internal sealed class KafkaMember(KafkaCluster cluster, int id, IPAddress address, int port, DateTimeOffset recoveredAt) : IEnsembleMember
{
    private BrokerServer? server;
    private TaskCompletionSource? resumed;

    public string? Fatal => null;

    internal int Id => id;

    internal bool IsListening => server is not null;

    internal bool IsLeaving { get; set; }

    internal bool IsHung => resumed is not null;

    internal DateTimeOffset? HungSince { get; private set; }

    internal DateTimeOffset? LagsSince { get; private set; }

    /// <summary>Gets or sets the time that it has spent on the partition that it fetches.</summary>
    internal TimeSpan Credit { get; set; }

    public void Leave() => cluster.Leave(this);

    public void Hang(bool isHung) => cluster.Do(() =>
    {
        if (isHung != IsHung)
        {
            resumed?.SetResult();
            resumed = isHung ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            HungSince = isHung ? cluster.Now : null;
        }
    });

    public void Update(Func<string, string?> annotation)
    {
        ArgumentNullException.ThrowIfNull(annotation);
        var lags = annotation("kafka-lags") == "true";
        cluster.Do(() => LagsSince = lags ? LagsSince ?? cluster.Now : null);
    }

    public Task EndAsync() => cluster.End(this);

    internal bool IsRecovering(DateTimeOffset now) => now < recoveredAt;

    internal void Listen(KafkaEnsemble ensemble, TimeProvider time) =>
        server = BrokerServer.Start(ensemble, id, address, port, new BrokerOptions { Before = token => resumed?.Task.WaitAsync(token) ?? Task.CompletedTask }, time);

    internal Task CloseAsync()
    {
        resumed?.TrySetResult();
        var closing = server?.DisposeAsync().AsTask() ?? Task.CompletedTask;
        server = null;
        return closing;
    }
}
