namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Which versions of each request are spoken here: those that Kafka 2.8 to 4.x have in common with us.</summary>
internal static class KafkaApis
{
    /// <summary>Gets the oldest and the newest version spoken here, and the first one with compact lengths and tagged fields.</summary>
    internal static (short Oldest, short Newest, short FirstFlexible) Of(KafkaApi api) => api switch
    {
        KafkaApi.Metadata => (4, 12, 9),
        KafkaApi.SaslHandshake => (1, 1, short.MaxValue),
        KafkaApi.ApiVersions => (0, 3, 3),
        KafkaApi.DescribeConfigs => (1, 4, 4),
        KafkaApi.DescribeLogDirs => (1, 4, 2),
        KafkaApi.SaslAuthenticate => (0, 2, 2),
        KafkaApi.ElectLeaders => (1, 2, 2),
        KafkaApi.IncrementalAlterConfigs => (0, 1, 1),
        KafkaApi.ListPartitionReassignments => (0, 0, 0),
        KafkaApi.DescribeQuorum => (0, 2, 0),
        KafkaApi.DescribeCluster => (0, 2, 0),
        KafkaApi.UnregisterBroker => (0, 0, 0),
        KafkaApi.DescribeTopicPartitions => (0, 0, 0),
    };

    internal static bool IsFlexible(KafkaApi api, short version) => version >= Of(api).FirstFlexible;

    /// <summary>Tells whether the answer's header has tagged fields. ApiVersions never has: who asks does not know yet what is spoken.</summary>
    internal static bool HasFlexibleResponseHeader(KafkaApi api, short version) => api is not KafkaApi.ApiVersions && IsFlexible(api, version);
}
