namespace Ordinal.Gates.Kafka.Wire;

/// <summary>Error codes of the protocol, as far as the gate tells them apart.</summary>
internal static class KafkaError
{
    internal const short None = 0;
    internal const short UnknownTopicOrPartition = 3;
    internal const short LeaderNotAvailable = 5;
    internal const short NotLeaderOrFollower = 6;
    internal const short RequestTimedOut = 7;
    internal const short ReplicaNotAvailable = 9;
    internal const short TopicAuthorizationFailed = 29;
    internal const short ClusterAuthorizationFailed = 31;
    internal const short UnsupportedSaslMechanism = 33;
    internal const short IllegalSaslState = 34;
    internal const short UnsupportedVersion = 35;
    internal const short NotController = 41;
    internal const short StorageError = 56;
    internal const short SaslAuthenticationFailed = 58;
    internal const short PreferredLeaderNotAvailable = 80;
    internal const short ElectionNotNeeded = 84;
    internal const short MismatchedEndpointType = 114;
    internal const short UnsupportedEndpointType = 115;

    internal static bool IsAccess(short code) => code is TopicAuthorizationFailed or ClusterAuthorizationFailed or SaslAuthenticationFailed;

    /// <summary>Names a code as Kafka's documentation does.</summary>
    internal static string Name(short code) => code switch
    {
        -1 => "UNKNOWN_SERVER_ERROR",
        UnknownTopicOrPartition => "UNKNOWN_TOPIC_OR_PARTITION",
        LeaderNotAvailable => "LEADER_NOT_AVAILABLE",
        NotLeaderOrFollower => "NOT_LEADER_OR_FOLLOWER",
        RequestTimedOut => "REQUEST_TIMED_OUT",
        8 => "BROKER_NOT_AVAILABLE",
        ReplicaNotAvailable => "REPLICA_NOT_AVAILABLE",
        14 => "COORDINATOR_LOAD_IN_PROGRESS",
        15 => "COORDINATOR_NOT_AVAILABLE",
        TopicAuthorizationFailed => "TOPIC_AUTHORIZATION_FAILED",
        ClusterAuthorizationFailed => "CLUSTER_AUTHORIZATION_FAILED",
        UnsupportedSaslMechanism => "UNSUPPORTED_SASL_MECHANISM",
        IllegalSaslState => "ILLEGAL_SASL_STATE",
        UnsupportedVersion => "UNSUPPORTED_VERSION",
        NotController => "NOT_CONTROLLER",
        42 => "INVALID_REQUEST",
        StorageError => "KAFKA_STORAGE_ERROR",
        57 => "LOG_DIR_NOT_FOUND",
        SaslAuthenticationFailed => "SASL_AUTHENTICATION_FAILED",
        PreferredLeaderNotAvailable => "PREFERRED_LEADER_NOT_AVAILABLE",
        ElectionNotNeeded => "ELECTION_NOT_NEEDED",
        MismatchedEndpointType => "MISMATCHED_ENDPOINT_TYPE",
        UnsupportedEndpointType => "UNSUPPORTED_ENDPOINT_TYPE",
        _ => $"error {code}",
    };
}
