namespace Ordinal.Core.Reasons;

/// <content>What the Kafka gate may say.</content>
public static partial class ReasonCodes
{
    // ---- cannot tell, or cannot work as configured ----
    public static ReasonCode KafkaUnreachable { get; } = Add("KafkaUnreachable", ReasonArea.Gate, false, "A broker that the gate must ask does not answer, so the cluster's state is unknown. No pod is restarted for it.", "Check that the brokers run, that bootstrapServers is right, and the network policies between the operator and the listeners that brokers advertise.");

    public static ReasonCode KafkaTlsFailed { get; } = Add("KafkaTlsFailed", ReasonArea.Gate, true, "The TLS handshake with a broker failed.", "Check the gate's tls (certificate authority, server name, client certificate) and the port against the listener; leave tls out for a plain listener; renew an expired certificate.");

    public static ReasonCode KafkaAccessDenied { get; } = Add("KafkaAccessDenied", ReasonArea.Gate, true, "Kafka refused the gate's credentials, or its ACLs hide something from the gate.", "Check the gate's sasl mechanism and Secret; allow its principal Describe and DescribeConfigs on the cluster and on all topics (Alter too with leadership Preferred).");

    public static ReasonCode KafkaNotKafka { get; } = Add("KafkaNotKafka", ReasonArea.Gate, true, "What answers does not speak Kafka's protocol.", "Check bootstrapServers (the port is a client listener of a broker), and that tls is set where the listener wants it.");

    public static ReasonCode KafkaVersionUnsupported { get; } = Add("KafkaVersionUnsupported", ReasonArea.Gate, true, "The brokers do not speak a version of a request that the gate needs.", "Use Kafka 2.8 or newer (under KRaft 3.3 or newer).");

    public static ReasonCode KafkaRequestRefused { get; } = Add("KafkaRequestRefused", ReasonArea.Gate, false, "A broker answered one of the gate's requests with an error that may pass.", "Wait; if it stays, look the error up in the log of the broker that the message names.");

    public static ReasonCode KafkaClusterMismatch { get; } = Add("KafkaClusterMismatch", ReasonArea.Gate, true, "Brokers of different clusters answered, or the cluster is another one than before the restart.", "Check bootstrapServers, and that the brokers' volumes belong to this cluster.");

    public static ReasonCode KafkaSnapshotMissing { get; } = Add("KafkaSnapshotMissing", ReasonArea.Gate, false, "Fewer brokers than needed told what they know: one alone may be cut off and know an old state.", "Wait; if it stays, look at the brokers that the message names.");

    public static ReasonCode KafkaSnapshotsDiffer { get; } = Add("KafkaSnapshotsDiffer", ReasonArea.Gate, false, "Two brokers do not know the same of a topic.", "Wait a moment: a topic is being made, changed or deleted. If it stays, one of the two brokers is cut off from the controller.");

    public static ReasonCode KafkaVisibilityUnproven { get; } = Add("KafkaVisibilityUnproven", ReasonArea.Gate, false, "It is not certain that the gate sees every topic, and what it does not see it cannot protect.", "Allow the gate's principal Describe and DescribeConfigs on the cluster and on all topics; delete topics that are only left over on disks.");

    public static ReasonCode KafkaTopicUnreadable { get; } = Add("KafkaTopicUnreadable", ReasonArea.Gate, false, "A topic's partitions or configuration cannot be read.", "Wait; if it stays, describe the topic that the message names with Kafka's own tools.");

    public static ReasonCode KafkaControllerUnknown { get; } = Add("KafkaControllerUnknown", ReasonArea.Gate, false, "It is not certain which node is the active controller.", "Wait for the election to settle.");

    public static ReasonCode KafkaNodeMismatch { get; } = Add("KafkaNodeMismatch", ReasonArea.Gate, true, "A broker's advertised host belongs to another pod than its id says.", "Set nodeIdOffset so that ordinal plus offset is the node id, or correct advertised.listeners.");

    public static ReasonCode KafkaNodeUnknown { get; } = Add("KafkaNodeUnknown", ReasonArea.Gate, true, "A pod is Ready, but the cluster knows no node with its id.", "Set nodeIdOffset so that ordinal plus offset is the node id; else look at the pod's log for why it has not joined.");

    public static ReasonCode KafkaMetricsUnreadable { get; } = Add("KafkaMetricsUnreadable", ReasonArea.Gate, false, "The metrics endpoint that the policy names does not tell the broker's state.", "Check the gate's metrics port, scheme and path; kafka.server:type=KafkaServer,name=BrokerState must be exported. Leave metrics out to do without.");

    public static ReasonCode KafkaBaselineUnreadable { get; } = Add("KafkaBaselineUnreadable", ReasonArea.Gate, true, "What the rollout remembers of the broker before its restart cannot be read.", "Undo the edit of the rollout's status, or end this rollout and start another one.");

    // ---- partitions ----
    public static ReasonCode KafkaLastInSyncReplica { get; } = Add("KafkaLastInSyncReplica", ReasonArea.Gate, false, "The pod holds the only in-sync copy of a partition: stopping it takes the partition offline, and electing another replica would lose data.", "Bring the partition's other replicas back in sync.");

    public static ReasonCode KafkaSingleReplica { get; } = Add("KafkaSingleReplica", ReasonArea.Gate, true, "Partitions have one replica: they are down while their broker is.", "Raise their replication factor, or set singleReplicaTopics to Allow.");

    public static ReasonCode KafkaOfflinePartition { get; } = Add("KafkaOfflinePartition", ReasonArea.Gate, false, "A partition is offline: none of its replicas can lead.", "Bring back the brokers that were last in sync with it; never delete their volumes.");

    public static ReasonCode KafkaWouldGoUnderMinIsr { get; } = Add("KafkaWouldGoUnderMinIsr", ReasonArea.Gate, false, "Stopping the pod would leave a partition with fewer in-sync replicas than min.insync.replicas: writes with acks=all would fail.", "Wait until the other replicas are in sync again; if they do not get there, look at the brokers that are missing from the list.");

    public static ReasonCode KafkaAlreadyUnderMinIsr { get; } = Add("KafkaAlreadyUnderMinIsr", ReasonArea.Gate, false, "A partition is under min.insync.replicas already, and the pod holds one of the replicas that are left.", "Bring the partition's other replicas back.");

    public static ReasonCode KafkaFullIsrTopic { get; } = Add("KafkaFullIsrTopic", ReasonArea.Gate, true, "min.insync.replicas wants every replica of a partition: it takes no acknowledged writes while one is away.", "Lower min.insync.replicas or raise the replication factor; or set fullIsrTopics to Allow.");

    public static ReasonCode KafkaFullIsrTopicDegraded { get; } = Add("KafkaFullIsrTopicDegraded", ReasonArea.Gate, false, "min.insync.replicas wants every replica of a partition, and more than one would be away.", "Wait until all of its replicas are in sync.");

    public static ReasonCode KafkaNoHeadroom { get; } = Add("KafkaNoHeadroom", ReasonArea.Gate, false, "Stopping the pod would leave fewer spare in-sync replicas than minIsrHeadroom wants.", "Wait until all replicas are in sync, or lower minIsrHeadroom.");

    public static ReasonCode KafkaTargetCatchingUp { get; } = Add("KafkaTargetCatchingUp", ReasonArea.Gate, false, "Partitions that are under min.insync.replicas wait for the pod's replica to catch up.", "Wait; after stuckReplicaAfter without progress the pod may be restarted.");

    public static ReasonCode KafkaStuckReplica { get; } = Add("KafkaStuckReplica", ReasonArea.Gate, false, "The pod's replica has made no progress for stuckReplicaAfter, so its restart was allowed.", "Nothing; if it does not catch up afterwards either, look at its disk and network.");

    public static ReasonCode KafkaUnderReplicated { get; } = Add("KafkaUnderReplicated", ReasonArea.Gate, false, "Partitions are out of sync.", "Wait until their replicas are in sync; if they do not get there, look at the brokers that are missing from the list.");

    public static ReasonCode KafkaReassignmentInProgress { get; } = Add("KafkaReassignmentInProgress", ReasonArea.Gate, false, "Partitions are being moved.", "Wait for the reassignment to end, or set guarantee to HealthyPartitionsStayHealthy.");

    // ---- one node ----
    public static ReasonCode KafkaBrokerNotBack { get; } = Add("KafkaBrokerNotBack", ReasonArea.Gate, false, "The broker has not registered with the cluster again, or not every broker knows of it.", "Wait; if it stays, look at the pod's log.");

    public static ReasonCode KafkaBrokerNotRunning { get; } = Add("KafkaBrokerNotRunning", ReasonArea.Gate, false, "The broker's own state is not running: it starts, or it shuts down, although its port may be open.", "Wait; if it stays, look at the pod's log.");

    public static ReasonCode KafkaLogRecovery { get; } = Add("KafkaLogRecovery", ReasonArea.Gate, false, "The broker recovers its logs after an unclean stop. Restarting it would begin that again.", "Wait; raise terminationGracePeriodSeconds so that the next stop is a clean one.");

    public static ReasonCode KafkaCatchingUp { get; } = Add("KafkaCatchingUp", ReasonArea.Gate, false, "The broker is back, but not yet in sync with partitions that it was in sync with before.", "Wait; if the number does not fall, look at the broker's log, disk and network.");

    public static ReasonCode KafkaLogDirFailed { get; } = Add("KafkaLogDirFailed", ReasonArea.Gate, true, "One of the broker's log directories failed.", "Look at the disk behind the directory that the message names; replace it and restart the broker.");

    public static ReasonCode KafkaLeadersAway { get; } = Add("KafkaLeadersAway", ReasonArea.Gate, false, "Partitions that prefer the restarted broker as leader are still led by others.", "Wait; the gate asks for an election after leadershipWait.");

    public static ReasonCode KafkaElectionFailed { get; } = Add("KafkaElectionFailed", ReasonArea.Gate, false, "The election of preferred leaders was refused.", "Allow the gate's principal Alter on the cluster; else look at the error in the message.");

    public static ReasonCode KafkaNoBaseline { get; } = Add("KafkaNoBaseline", ReasonArea.Gate, false, "Nothing is remembered of the broker before its restart, so every partition must be in sync.", "Nothing to do.");

    public static ReasonCode KafkaGracePeriodTooShort { get; } = Add("KafkaGracePeriodTooShort", ReasonArea.Gate, false, "The pods' terminationGracePeriodSeconds is shorter than a broker's controlled shutdown usually takes: it is killed in the middle, and recovers its logs when it is back.", "Raise terminationGracePeriodSeconds in the StatefulSet's template to at least 30, on brokers with many partitions to some minutes.");

    // ---- controllers ----
    public static ReasonCode KraftQuorumUnreadable { get; } = Add("KraftQuorumUnreadable", ReasonArea.Gate, false, "The brokers cannot tell about the quorum of controllers; as a rule it has lost its majority.", "Bring the controllers back, one by one; never delete their volumes.");

    public static ReasonCode KraftNoLeader { get; } = Add("KraftNoLeader", ReasonArea.Gate, false, "The controllers have no leader.", "Wait for an election; if it stays, bring back enough controllers for a majority.");

    public static ReasonCode KraftLeaderEpochMoved { get; } = Add("KraftLeaderEpochMoved", ReasonArea.Gate, false, "The controllers' leader changed while the gate looked.", "Wait for the election to settle.");

    public static ReasonCode KraftQuorumWouldBreak { get; } = Add("KraftQuorumWouldBreak", ReasonArea.Gate, false, "Stopping the pod would leave fewer controllers than a majority of the voters.", "Wait until the controllers that the message names have caught up, or repair them; remove voters that are gone for good with kafka-metadata-quorum remove-controller.");

    public static ReasonCode KraftVoterMissing { get; } = Add("KraftVoterMissing", ReasonArea.Gate, true, "A controller that the policy expects is not among the voters.", "Add it with kafka-metadata-quorum add-controller, or correct the gate's controllers.");

    public static ReasonCode KraftVoterReplaced { get; } = Add("KraftVoterReplaced", ReasonArea.Gate, true, "A controller came back with another log directory: what is a voter is the copy that is gone.", "Check what became of its volume. Then remove the voter that is gone (kafka-metadata-quorum remove-controller, with its directory id) and add the new one (add-controller).");

    public static ReasonCode KraftUnexpectedVoter { get; } = Add("KraftUnexpectedVoter", ReasonArea.Gate, false, "A voter is not among the controllers that the policy expects; dead or alive it counts for the majority.", "Remove it with kafka-metadata-quorum remove-controller, or correct the gate's controllers.");

    public static ReasonCode KraftControllerLagging { get; } = Add("KraftControllerLagging", ReasonArea.Gate, false, "The controller does not keep up with its leader; an open port says nothing of it.", "Wait; if it stays, look at the pod's log and disk.");

    public static ReasonCode KraftSingleController { get; } = Add("KraftSingleController", ReasonArea.Gate, false, "The cluster has too few controllers to restart one without an interruption.", "Run three controllers; or set allowSingleController.");
}
