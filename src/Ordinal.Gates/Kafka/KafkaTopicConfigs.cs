using System.Collections.Immutable;
using System.Globalization;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>The topics' configuration, kept for a minute: it rarely changes, and asking for thousands of topics is the dearest of the requests.</summary>
internal sealed class KafkaTopicConfigs(KafkaConnections connections, TimeProvider time)
{
    private const int Chunk = 500;
    private const string MinIsr = "min.insync.replicas";
    private const string Unclean = "unclean.leader.election.enable";

    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(60);

    private readonly Lock guard = new();
    private ImmutableDictionary<string, (KafkaTopicConfig Config, long At)> known = ImmutableDictionary<string, (KafkaTopicConfig, long)>.Empty;

    /// <summary>Reads the configuration of these topics.</summary>
    /// <returns>What is known, and the first failure.</returns>
    internal async Task<(ImmutableDictionary<string, KafkaTopicConfig> Configs, KafkaFailure? Failure)> ReadAsync(
        IReadOnlyCollection<string> topics, ImmutableArray<KafkaEndpoint> brokers, CancellationToken cancellationToken)
    {
        ImmutableDictionary<string, (KafkaTopicConfig Config, long At)> old;
        lock (guard)
        {
            old = known;
        }

        var now = time.GetTimestamp();
        var found = ImmutableDictionary.CreateBuilder<string, (KafkaTopicConfig Config, long At)>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var topic in topics)
        {
            if (old.TryGetValue(topic, out var entry) && time.GetElapsedTime(entry.At, now) < Keep)
            {
                found[topic] = entry;
            }
            else
            {
                missing.Add(topic);
            }
        }

        KafkaFailure? failure = null;
        var answers = await Task.WhenAll(missing.Order(StringComparer.Ordinal).Chunk(Chunk).Select((chunk, i) =>
            connections.AskAsync(brokers[i % brokers.Length], DescribeConfigs.Topics(chunk, MinIsr, Unclean), cancellationToken)));
        foreach (var answer in answers)
        {
            failure ??= answer.Failure;
            foreach (var resource in answer.Value?.Resources ?? [])
            {
                found[resource.Name] = (Config(resource), now);
            }
        }

        lock (guard)
        {
            // A refusal is asked about again at once.
            known = found.Where(e => e.Value.Config.ErrorCode == KafkaError.None).ToImmutableDictionary(StringComparer.Ordinal);
        }

        return (found.ToImmutableDictionary(e => e.Key, e => e.Value.Config, StringComparer.Ordinal), failure);
    }

    private static KafkaTopicConfig Config(ConfigResource resource) => new()
    {
        ErrorCode = resource.ErrorCode,
        MinIsr = resource.Values.TryGetValue(MinIsr, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
        AllowsUnclean = resource.Values.TryGetValue(Unclean, out var unclean) && unclean == "true",
    };
}
