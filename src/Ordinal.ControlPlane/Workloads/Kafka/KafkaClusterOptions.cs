using System.Collections.Immutable;
using System.Globalization;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>A topic of a simulated cluster.</summary>
/// <param name="MinIsr">Its <c>min.insync.replicas</c>.</param>
public sealed record SimulatedTopic(string Name, int Partitions, int Replicas, int MinIsr);

/// <summary>
/// How a simulated Kafka behaves, from the annotations of its pods' template, <c>sim.ordinal.dev/</c> and one of these names. Times are
/// Kafka's own where it has them.
/// <code>
/// ensemble: kafka
/// ensemble-size: "5"                    brokers; the first three of them are the quorum of controllers too
/// kafka-topics: orders=12/3/2 logs=3/1/1   partitions / replicas / min.insync.replicas
/// kafka-catch-up: 250ms                 how long a broker that is back takes for each partition that it missed
/// kafka-session-timeout: 9s             after which a broker that says nothing is fenced
/// kafka-lag-time: 30s                   after which a replica that does not keep up is out of sync
/// kafka-recovery: 2s                    what a broker that was killed needs for its logs before it starts
/// kafka-controller: "2"                 the node that leads the quorum first
/// kafka-lags: "true"                    on a pod: its broker does not keep up as long as this stands
/// </code>
/// </summary>
public sealed record KafkaClusterOptions
{
    /// <summary>Gets how many brokers there are, 1 to 100.</summary>
    public int Brokers { get; init; } = 3;

    public ImmutableArray<SimulatedTopic> Topics { get; init; } = [new("orders", 12, 3, 2)];

    public TimeSpan CatchUp { get; init; } = TimeSpan.FromMilliseconds(250);

    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(9);

    public TimeSpan LagTime { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets how long the controllers need to elect a leader.</summary>
    public TimeSpan Election { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Gets the node that leads the quorum first, if it runs by then.</summary>
    public int FirstController { get; init; }

    /// <summary>Reads the annotations.</summary>
    /// <param name="annotation">Answers an annotation by its name behind <c>sim.ordinal.dev/</c>, or null.</param>
    /// <exception cref="FormatException">One of them cannot be read; the message says what to write.</exception>
    public static KafkaClusterOptions Read(Func<string, string?> annotation)
    {
        ArgumentNullException.ThrowIfNull(annotation);
        var defaults = new KafkaClusterOptions();
        var read = new EnsembleAnnotations(annotation);
        var brokers = read.Number("ensemble-size", defaults.Brokers, 1, 100);
        return new KafkaClusterOptions
        {
            Brokers = brokers,
            Topics = annotation("kafka-topics") is { } topics ? [.. topics.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => Topic(text, brokers))] : defaults.Topics,
            CatchUp = read.Time("kafka-catch-up", defaults.CatchUp),
            SessionTimeout = read.Time("kafka-session-timeout", defaults.SessionTimeout),
            LagTime = read.Time("kafka-lag-time", defaults.LagTime),
            Recovery = read.Time("kafka-recovery", defaults.Recovery),
            FirstController = read.Number("kafka-controller", 0, 0, brokers - 1),
        };
    }

    private static SimulatedTopic Topic(string text, int brokers)
    {
        int[] numbers = text.Split('=') is [{ Length: > 0 }, var rest]
            ? [.. rest.Split('/').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)]
            : [];
        return numbers is [> 0 and <= 10_000, > 0, > 0] && numbers[1] <= brokers
            ? new SimulatedTopic(text[..text.IndexOf('=', StringComparison.Ordinal)], numbers[0], numbers[1], numbers[2])
            : throw new FormatException($"annotation {SimulatedScript.Prefix}kafka-topics has \"{text}\"; give name=partitions/replicas/min.insync.replicas with at most {brokers} replicas, such as orders=12/3/2");
    }
}
