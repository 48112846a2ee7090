namespace Ordinal.Gates.Kafka.Wire;

/// <summary>The requests that the gate can send, by their keys on the wire.</summary>
internal enum KafkaApi : short
{
    Metadata = 3,
    SaslHandshake = 17,
    ApiVersions = 18,
    DescribeConfigs = 32,
    DescribeLogDirs = 35,
    SaslAuthenticate = 36,
    ElectLeaders = 43,
    IncrementalAlterConfigs = 44,
    ListPartitionReassignments = 46,
    DescribeQuorum = 55,
    DescribeCluster = 60,
    UnregisterBroker = 64,
    DescribeTopicPartitions = 75,
}
