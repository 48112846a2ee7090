namespace Ordinal.Core.Reasons;

/// <content>What the etcd gate may say.</content>
public static partial class ReasonCodes
{
    // ---- cannot tell, or cannot work as configured ----
    public static ReasonCode EtcdUnreachable { get; } = Add("EtcdUnreachable", ReasonArea.Gate, false, "No member of the etcd cluster answered, so its state is unknown.", "Check that the pods run, that the gate's port is etcd's client port, and the network policies between the operator and the pods.");

    public static ReasonCode EtcdMemberSilent { get; } = Add("EtcdMemberSilent", ReasonArea.Gate, false, "A member gives no answer although its pod is Ready, or has yet to answer after its restart.", "Look at the pod that the message names: its process may hang (kubectl logs, kubectl exec), or a network policy may keep the operator out.");

    public static ReasonCode EtcdVersionUnknown { get; } = Add("EtcdVersionUnknown", ReasonArea.Gate, false, "A member does not tell its version, so nobody can say whether the rollout's version may run beside it.", "Bring the member that the message names up at the version that it ran, e.g. by going back to the template before. If it runs no older version than the others, force the pod that waits, by its UID and the reason EtcdVersionUnknown.");

    public static ReasonCode EtcdLeaderUnreachable { get; } = Add("EtcdLeaderUnreachable", ReasonArea.Gate, false, "The members follow a leader that does not answer the operator.", "Wait one election timeout; if it stays, look at the leader's pod and at the network path from the operator to it.");

    public static ReasonCode EtcdBaselineUnreadable { get; } = Add("EtcdBaselineUnreadable", ReasonArea.Gate, true, "What the rollout remembers of the member before its restart cannot be read.", "Undo the edit of the rollout's status, or end this rollout and start another one.");

    public static ReasonCode EtcdTlsFailed { get; } = Add("EtcdTlsFailed", ReasonArea.Gate, true, "The TLS handshake with a member failed.", "Check the gate's scheme, port, certificate authority, server name and client certificate against the members' own.");

    public static ReasonCode EtcdAccessDenied { get; } = Add("EtcdAccessDenied", ReasonArea.Gate, true, "A member refused the gate's credentials.", "Put a valid user name and password (or client certificate) into the gate's Secret; the user needs the root role to move leadership.");

    public static ReasonCode EtcdNotEtcd { get; } = Add("EtcdNotEtcd", ReasonArea.Gate, true, "What answers at the member's address is not etcd's JSON gateway.", "Check the gate's scheme and port; etcd 3.4 or newer with --enable-grpc-gateway is needed.");

    // ---- the cluster as a whole ----
    public static ReasonCode EtcdNoLeader { get; } = Add("EtcdNoLeader", ReasonArea.Gate, false, "The members that answer know no leader.", "Wait for an election; if it stays, bring back enough members for a quorum.");

    public static ReasonCode EtcdQuorumLost { get; } = Add("EtcdQuorumLost", ReasonArea.Gate, false, "Fewer members take part than the quorum needs: no pod may stop.", "Bring the members that the message names back; never delete their volumes. If they are lost for good, restore the cluster from a snapshot.");

    public static ReasonCode EtcdQuorumWouldBreak { get; } = Add("EtcdQuorumWouldBreak", ReasonArea.Gate, false, "Stopping the pod would leave fewer members than the quorum needs.", "Wait until the members that the message names take part again, or repair them.");

    public static ReasonCode EtcdTwoMembers { get; } = Add("EtcdTwoMembers", ReasonArea.Gate, true, "A cluster of two voters stops serving when either stops.", "Grow the cluster to three members, or force the pod if an outage is acceptable.");

    public static ReasonCode EtcdLeaderDisagreement { get; } = Add("EtcdLeaderDisagreement", ReasonArea.Gate, false, "Members name different leaders or terms.", "Wait for the election to settle (usually under 5 s); if it stays, a member is cut off from the others: check the network between them.");

    public static ReasonCode EtcdMembershipUnsettled { get; } = Add("EtcdMembershipUnsettled", ReasonArea.Gate, false, "Members list different memberships.", "Wait until the change of membership has reached all members; if it stays, compare their member lists.");

    public static ReasonCode EtcdLearnerPending { get; } = Add("EtcdLearnerPending", ReasonArea.Gate, false, "A learner exists: a change of membership is in progress.", "Promote or remove the learner.");

    public static ReasonCode EtcdUnstartedMember { get; } = Add("EtcdUnstartedMember", ReasonArea.Gate, true, "A member was added but never started; it counts for the quorum.", "Start it, or remove it with etcdctl member remove.");

    public static ReasonCode EtcdMemberWithoutPod { get; } = Add("EtcdMemberWithoutPod", ReasonArea.Gate, true, "The cluster has a member that belongs to no pod of the StatefulSet.", "Remove the member if it is a leftover, or make its peer URL carry the pod's name.");

    public static ReasonCode EtcdPodWithoutMember { get; } = Add("EtcdPodWithoutMember", ReasonArea.Gate, true, "A pod of the StatefulSet belongs to no member of the cluster.", "Add the pod as a member, or scale it away.");

    public static ReasonCode EtcdAlarmCorrupt { get; } = Add("EtcdAlarmCorrupt", ReasonArea.Gate, true, "etcd raised the CORRUPT alarm: restarting members can spread the damage.", "Stop. Compare the members' hashes, replace the corrupt member, then disarm the alarm. See etcd's data corruption guide.");

    public static ReasonCode EtcdAlarmNoSpace { get; } = Add("EtcdAlarmNoSpace", ReasonArea.Gate, true, "etcd raised the NOSPACE alarm: the database has reached its quota and takes no writes.", "Compact and defragment, raise --quota-backend-bytes if needed, then etcdctl alarm disarm; allowNoSpace lets a restart that raises the quota through.");

    public static ReasonCode EtcdAlarmUnknown { get; } = Add("EtcdAlarmUnknown", ReasonArea.Gate, true, "etcd raised an alarm that this gate does not know.", "Look it up in etcd's documentation, treat its cause, then disarm it.");

    public static ReasonCode EtcdNewAlarm { get; } = Add("EtcdNewAlarm", ReasonArea.Gate, true, "etcd raised an alarm after the pod was restarted.", "Treat the alarm that the message names, then disarm it.");

    public static ReasonCode EtcdVersionSkew { get; } = Add("EtcdVersionSkew", ReasonArea.Gate, true, "A member's version is more than one minor version from the leader's.", "Upgrade one minor version at a time.");

    public static ReasonCode EtcdVersionTooOld { get; } = Add("EtcdVersionTooOld", ReasonArea.Gate, true, "A member runs a 3.5 from which 3.6 must not be gone to: removed members or learners can come back.", "Upgrade every member to the newest 3.5 first (3.5.26 at least), then to 3.6.");

    public static ReasonCode EtcdDowngradeNotBegun { get; } = Add("EtcdDowngradeNotBegun", ReasonArea.Gate, true, "The target version is older than the whole cluster, and no downgrade to it was begun: the old program would refuse to start.", "From 3.6 on, begin it with etcdctl downgrade enable VERSION; before, restore a snapshot into a cluster of the old version. Or correct targetVersion.");

    public static ReasonCode EtcdDowngradeActive { get; } = Add("EtcdDowngradeActive", ReasonArea.Gate, true, "A downgrade was begun, and the target version is not the one that it goes to.", "Cancel it with etcdctl downgrade cancel, or set targetVersion to the version that it goes to.");

    public static ReasonCode EtcdHashMismatch { get; } = Add("EtcdHashMismatch", ReasonArea.Gate, true, "The members' keys are not the same at the same revision: one of them is corrupt.", "Stop. Find the member that differs from the majority, remove it, clear its volume, add it again as a learner, promote it. See etcd's data corruption guide.");

    public static ReasonCode EtcdHashUnknown { get; } = Add("EtcdHashUnknown", ReasonArea.Gate, false, "The members' keys could not be compared.", "Wait: it is tried again. If it stays, look at the member that the message names; a large database may need longer than the gate waits.");

    public static ReasonCode EtcdSnapshotMissing { get; } = Add("EtcdSnapshotMissing", ReasonArea.Gate, false, "The policy wants a verified snapshot before a pod is taken, and there is none yet.", "Wait: the operator takes one by itself, from a member that stays.");

    public static ReasonCode EtcdSnapshotFailed { get; } = Add("EtcdSnapshotFailed", ReasonArea.Gate, false, "The snapshot that the policy wants broke off, could not be written, or has a wrong checksum.", "Do what the message says; it is tried again every 30 s. The user needs the root role where etcd's authentication is on.");

    public static ReasonCode EtcdMembersAppeared { get; } = Add("EtcdMembersAppeared", ReasonArea.Gate, true, "The cluster has more members than before the restart: one that was removed has come back, or somebody added one.", "Compare etcdctl member list with the pods, and remove what is too many.");

    // ---- one member ----
    public static ReasonCode EtcdMemberNotParticipating { get; } = Add("EtcdMemberNotParticipating", ReasonArea.Gate, false, "A member answers but cannot serve a linearizable read.", "Look at the log of the pod that the message names; its disk may be slow or its peers out of reach.");

    public static ReasonCode EtcdMemberLagging { get; } = Add("EtcdMemberLagging", ReasonArea.Gate, false, "A member is further behind the leader than maxRaftLag allows.", "Wait until it has caught up; if it does not, look at its disk and network.");

    public static ReasonCode EtcdIdentityMismatch { get; } = Add("EtcdIdentityMismatch", ReasonArea.Gate, true, "What answers at a pod's address is another member, or belongs to another cluster.", "Check the gate's host template and the pod's addresses; no proxy or load-balanced Service may stand between.");

    public static ReasonCode EtcdIdentityChanged { get; } = Add("EtcdIdentityChanged", ReasonArea.Gate, true, "After the restart the pod is another member or in another cluster: its data was lost or replaced.", "Stop. Remove the old member, clear the pod's volume, add it again as a learner, promote it; never let a second pod restart before.");

    public static ReasonCode EtcdStillLearner { get; } = Add("EtcdStillLearner", ReasonArea.Gate, false, "The member came back as a learner: it does not count for the quorum.", "Promote it once it is in sync.");

    public static ReasonCode EtcdCatchingUp { get; } = Add("EtcdCatchingUp", ReasonArea.Gate, false, "The member has yet to apply what the leader had committed when the check began.", "Wait; if the number does not grow, look at the member's log, disk and network.");

    // ---- warnings ----
    public static ReasonCode EtcdMoveLeaderFailed { get; } = Add("EtcdMoveLeaderFailed", ReasonArea.Gate, false, "Leadership could not be moved away before the leader's pod stops; etcd tries itself when it is told to stop.", "Nothing, if writes may stall for an election; else look at the message for what refused.");

    public static ReasonCode EtcdSingleMember { get; } = Add("EtcdSingleMember", ReasonArea.Gate, false, "The cluster has one member: it is down while its pod restarts.", "Grow the cluster to three members to roll without an outage.");

    public static ReasonCode EtcdNoHeadroom { get; } = Add("EtcdNoHeadroom", ReasonArea.Gate, false, "While the pod is away, every other member is needed for the quorum.", "Nothing, or grow the cluster to five members.");

    public static ReasonCode EtcdFragmented { get; } = Add("EtcdFragmented", ReasonArea.Gate, false, "Less than half of a member's database file is in use.", "Defragment the members one by one, the leader last.");

    public static ReasonCode EtcdDbNearQuota { get; } = Add("EtcdDbNearQuota", ReasonArea.Gate, false, "A member's database has reached four fifths of its quota.", "Compact and defragment, or raise --quota-backend-bytes, before etcd stops taking writes.");

    public static ReasonCode EtcdVersionUnexpected { get; } = Add("EtcdVersionUnexpected", ReasonArea.Gate, false, "The member that came back runs another version than targetVersion says.", "Set targetVersion to the version in the pods' image, or leave it out.");

    public static ReasonCode EtcdNoBaseline { get; } = Add("EtcdNoBaseline", ReasonArea.Gate, false, "Nothing is remembered of the member before its restart, so a change of identity cannot be seen.", "Nothing, if the pod was not replaced by a rollout; else compare the member's id with etcdctl member list.");
}
