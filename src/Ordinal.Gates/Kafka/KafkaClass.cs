namespace Ordinal.Gates.Kafka;

/// <summary>What stopping the targets does to one partition; the first that applies counts.</summary>
internal enum KafkaClass
{
    /// <summary>Nothing that matters.</summary>
    Untouched,

    /// <summary>The last copy that is in sync, or where none is, the last that may lead without loss.</summary>
    LastInSync,

    /// <summary>The only replica.</summary>
    SingleReplica,

    /// <summary>Already offline, and a target is alive and might bring it back.</summary>
    Offline,

    /// <summary>Already offline, and the targets that it needs are down: a restart may be the cure.</summary>
    OfflineTargetDown,

    /// <summary>Every replica is needed and every one is in sync: writes stop while one is away, and nothing is lost.</summary>
    FullIsr,

    /// <summary>Every replica is needed, and one is missing already, or two would go.</summary>
    FullIsrDegraded,

    /// <summary>Takes no acknowledged writes already, and an in-sync replica would go.</summary>
    AlreadyUnderMinIsr,

    /// <summary>Would stop taking acknowledged writes.</summary>
    WouldGoUnderMinIsr,

    /// <summary>Would be left with fewer in-sync replicas than the policy wants in reserve.</summary>
    NoHeadroom,

    /// <summary>Takes no acknowledged writes already, and waits for a target that is out of sync.</summary>
    TargetCatchingUp,
}
