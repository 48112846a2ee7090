namespace Ordinal.Core.Reasons;

/// <content>What the ZooKeeper gate may say.</content>
public static partial class ReasonCodes
{
    // ---- cannot tell, or cannot work as configured ----
    public static ReasonCode ZkUnreachable { get; } = Add("ZkUnreachable", ReasonArea.Gate, false, "No server of the ZooKeeper ensemble answered, so its state is unknown.", "Check that the pods run, the gate's adminServer.port and clientPort, and the network policies between the operator and the pods.");

    public static ReasonCode ZkMemberSilent { get; } = Add("ZkMemberSilent", ReasonArea.Gate, false, "A server gives no answer although its pod is Ready, or has yet to answer after its restart.", "Look at the pod that the message names: its process may hang (kubectl logs, kubectl exec), or a network policy may keep the operator out.");

    public static ReasonCode ZkLeaderUnreachable { get; } = Add("ZkLeaderUnreachable", ReasonArea.Gate, false, "The servers follow a leader that does not answer the operator.", "Wait for an election; if it stays, look at the leader's pod and at the network path from the operator to it.");

    public static ReasonCode ZkBaselineUnreadable { get; } = Add("ZkBaselineUnreadable", ReasonArea.Gate, true, "What the rollout remembers of the server before its restart cannot be read.", "Undo the edit of the rollout's status, or end this rollout and start another one.");

    public static ReasonCode ZkTlsFailed { get; } = Add("ZkTlsFailed", ReasonArea.Gate, true, "The TLS handshake with a server failed, or TLS is wanted where the gate does not speak it.", "Check the gate's tls, adminServer.scheme and ports against the servers' own (secureClientPort, admin.forceHttps), the certificate authority, the server name and the client certificate; leave tls out for plain ports.");

    public static ReasonCode ZkAccessDenied { get; } = Add("ZkAccessDenied", ReasonArea.Gate, true, "A server refused the gate's credentials, or its ACLs keep the gate out.", "Put valid credentials into the Secret that the gate names, and give its user the rights on the canary's path.");

    public static ReasonCode ZkNotZooKeeper { get; } = Add("ZkNotZooKeeper", ReasonArea.Gate, true, "What answers at the server's address is not ZooKeeper's AdminServer, or not ZooKeeper.", "Check the gate's adminServer.port (8080 unless admin.serverPort says otherwise) and clientPort (2181).");

    public static ReasonCode ZkCommandNotWhitelisted { get; } = Add("ZkCommandNotWhitelisted", ReasonArea.Gate, true, "A server does not answer a four-letter word that the gate needs, and its AdminServer does not answer in its place.", "Add 4lw.commands.whitelist=srvr,mntr,conf to every server's configuration, or switch its AdminServer on (admin.enableServer=true).");

    public static ReasonCode ZkHierarchicalQuorum { get; } = Add("ZkHierarchicalQuorum", ReasonArea.Gate, true, "The ensemble has groups or weights: its quorum is not a majority of its servers, and this gate does not count such quorums.", "Take the group and weight lines out of the configuration, or do not use this gate.");

    // ---- the ensemble as a whole ----
    public static ReasonCode ZkNotServing { get; } = Add("ZkNotServing", ReasonArea.Gate, false, "A server's process runs (it answers ruok) but it serves nobody: it has no quorum, or has not synchronized yet.", "Bring back enough servers for a quorum; if it is only one, look at its log. Never delete a volume for it.");

    public static ReasonCode ZkNoLeader { get; } = Add("ZkNoLeader", ReasonArea.Gate, false, "No server leads: an election is in progress, or there is no quorum.", "Wait for the election; if it stays, bring back enough servers for a quorum.");

    public static ReasonCode ZkTwoLeaders { get; } = Add("ZkTwoLeaders", ReasonArea.Gate, true, "Two servers say that they lead.", "Stop. If it does not pass within seconds, servers are cut off from each other or have different configurations: compare their server lines and check the network.");

    public static ReasonCode ZkLeaderDisagreement { get; } = Add("ZkLeaderDisagreement", ReasonArea.Gate, false, "Servers name different leaders.", "Wait for the election to settle; if it stays, a server is cut off from the others: check the network between them.");

    public static ReasonCode ZkStandaloneMember { get; } = Add("ZkStandaloneMember", ReasonArea.Gate, true, "A server of an ensemble runs in standalone mode: it takes writes that the others never see.", "Stop. Correct its configuration (every server needs all server lines); what clients wrote to it is not in the ensemble.");

    public static ReasonCode ZkConfigDisagreement { get; } = Add("ZkConfigDisagreement", ReasonArea.Gate, true, "Servers have different lists of voters.", "Wait if a reconfiguration is in progress; else make the server lines of all servers the same.");

    public static ReasonCode ZkMemberWithoutPod { get; } = Add("ZkMemberWithoutPod", ReasonArea.Gate, true, "The ensemble has a voter that belongs to no pod of the StatefulSet.", "Remove it with reconfig -remove if it is a leftover, or make its server line carry the pod's name.");

    public static ReasonCode ZkPodWithoutMember { get; } = Add("ZkPodWithoutMember", ReasonArea.Gate, true, "A pod of the StatefulSet belongs to no server of the ensemble.", "Add it to the ensemble (one server at a time), or scale it away. Observers are seen only where conf is in 4lw.commands.whitelist.");

    public static ReasonCode ZkQuorumLost { get; } = Add("ZkQuorumLost", ReasonArea.Gate, false, "Fewer voters take part than the quorum needs: no pod may stop.", "Bring the servers that the message names back; never delete their volumes.");

    public static ReasonCode ZkQuorumWouldBreak { get; } = Add("ZkQuorumWouldBreak", ReasonArea.Gate, false, "Stopping the pod would leave fewer voters than the quorum needs.", "Wait until the servers that the message names take part again, or repair them.");

    public static ReasonCode ZkTwoMembers { get; } = Add("ZkTwoMembers", ReasonArea.Gate, true, "An ensemble of two voters stops serving when either stops.", "Grow the ensemble to three servers, set allowTwoMembers, or force the pod if an outage is acceptable.");

    public static ReasonCode ZkLeaderNotSynced { get; } = Add("ZkLeaderNotSynced", ReasonArea.Gate, false, "The leader counts fewer voters in sync than say that they follow it.", "Wait: one of them is still joining, or has lost its leader without knowing. If it stays, look at the network between them.");

    public static ReasonCode ZkPendingSyncs { get; } = Add("ZkPendingSyncs", ReasonArea.Gate, false, "The leader has had sync requests pending for several checks.", "Wait; if it stays, look at the leader's disk and at the followers' network.");

    public static ReasonCode ZkOutstanding { get; } = Add("ZkOutstanding", ReasonArea.Gate, false, "A server has more requests queued than maxOutstandingRequests: a restart now would hurt its clients.", "Wait until the load falls, find out what is slow, or raise maxOutstandingRequests.");

    // ---- one server ----
    public static ReasonCode ZkSnapshotInFlight { get; } = Add("ZkSnapshotInFlight", ReasonArea.Gate, false, "A server is being synchronized with the leader (DIFF, SNAP or TRUNC) and does not count yet.", "Wait until it has caught up; a big snapshot takes its time.");

    public static ReasonCode ZkNotFollowing { get; } = Add("ZkNotFollowing", ReasonArea.Gate, false, "A server answers but does not take part in the leader's quorum.", "Look at the log of the pod that the message names, and at the network between it and the leader.");

    public static ReasonCode ZkReadOnly { get; } = Add("ZkReadOnly", ReasonArea.Gate, false, "A server is in read-only mode: it is cut off from the quorum and serves old data.", "Look at the network between the pod that the message names and the others.");

    public static ReasonCode ZkNotVoting { get; } = Add("ZkNotVoting", ReasonArea.Gate, false, "A server follows the leader but does not vote: it has not been added to the ensemble's configuration.", "Add it with reconfig -add, or take it away.");

    public static ReasonCode ZkLagging { get; } = Add("ZkLagging", ReasonArea.Gate, false, "A server is further behind the leader than maxZxidLag allows.", "Wait until it has caught up; if it does not, look at its disk and network.");

    public static ReasonCode ZkIdentityMismatch { get; } = Add("ZkIdentityMismatch", ReasonArea.Gate, true, "What answers at a pod's address is another server than the one that belongs to the pod.", "Check the gate's hostTemplate, the pod's myid and its server line; no load-balanced Service may stand between.");

    public static ReasonCode ZkIdentityChanged { get; } = Add("ZkIdentityChanged", ReasonArea.Gate, true, "After the restart the pod is another server than before, or the list of voters has changed.", "Stop. Compare myid and the server lines with what they were; never let a second pod restart before.");

    public static ReasonCode ZkCatchingUp { get; } = Add("ZkCatchingUp", ReasonArea.Gate, false, "The server has yet to apply what the leader had committed when the check began.", "Wait; if the number does not grow, look at the server's log, disk and network.");

    public static ReasonCode ZkInitLimitTooSmall { get; } = Add("ZkInitLimitTooSmall", ReasonArea.Gate, true, "The server began again and again to take the leader's snapshot: initLimit is too short for its size.", "Raise initLimit (ticks) on all servers so that a whole snapshot fits into initLimit x tickTime.");

    public static ReasonCode ZkCanaryFailed { get; } = Add("ZkCanaryFailed", ReasonArea.Gate, false, "The write through the restarted server did not succeed.", "Read the message; create the canary's path (writeCanary.path) if it does not exist, and look at the server's log.");

    // ---- warnings ----
    public static ReasonCode ZkSingleServer { get; } = Add("ZkSingleServer", ReasonArea.Gate, false, "The ensemble has one voter: it is down while its pod restarts.", "Grow the ensemble to three servers to roll without an outage.");

    public static ReasonCode ZkNoHeadroom { get; } = Add("ZkNoHeadroom", ReasonArea.Gate, false, "While the pod is away, every other voter is needed for the quorum.", "Nothing, or grow the ensemble to five servers.");

    public static ReasonCode ZkNoBaseline { get; } = Add("ZkNoBaseline", ReasonArea.Gate, false, "Nothing is remembered of the server before its restart, so a change of identity cannot be seen.", "Nothing, if the pod was not replaced by a rollout; else compare its myid with its server line.");

    public static ReasonCode ZkAdminServerUnusable { get; } = Add("ZkAdminServerUnusable", ReasonArea.Gate, false, "A server's AdminServer could not be used; the four-letter words answered in its place.", "Switch the AdminServer on (it is off by default from ZooKeeper 3.10), correct adminServer, or set transport to FourLetterWords.");
}
