using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Events;

/// <summary>The object an event is about.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Key">Namespace and name.</param>
/// <param name="Uid">Its incarnation.</param>
public sealed record EventTarget(ResourceKind Kind, NamespacedName Key, string Uid)
{
    /// <summary>Makes the target of an item of a store.</summary>
    public static EventTarget Of(ResourceKind kind, IStoreItem item) => new(kind, item.Key, item.Uid);
}

/// <summary>The two types of events.</summary>
public enum EventType
{
    /// <summary>For information.</summary>
    Normal,

    /// <summary>Somebody may need to act.</summary>
    Warning,
}

/// <summary>Tells the world what happened, without ever holding up whoever tells it.</summary>
public interface IEventPublisher
{
    /// <summary>Queues an event. Best effort: repeated ones are counted together, and too many for one object are dropped.</summary>
    /// <param name="regarding">What it is about.</param>
    /// <param name="type">Normal or Warning.</param>
    /// <param name="reason">Upper camel case, at most 128 characters.</param>
    /// <param name="action">What was done or attempted, upper camel case, at most 128 characters.</param>
    /// <param name="note">For people; cut at 1024 bytes. Must hold no secret.</param>
    /// <param name="related">A second object concerned; may be null.</param>
    void Publish(EventTarget regarding, EventType type, string reason, string action, string note, EventTarget? related = null);
}

/// <summary>How events are sent.</summary>
/// <param name="ReportingController">Name of the controller, such as <c>example.dev/operator</c>.</param>
/// <param name="ReportingInstance">Name of this process.</param>
public sealed record EventPublisherSettings(string ReportingController, string ReportingInstance)
{
    /// <summary>Gets the time within which equal events (same object, reason, action, note) are counted as one series.</summary>
    public TimeSpan SeriesWindow { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>Gets how often at most a series is written.</summary>
    public TimeSpan SeriesInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets how many events one object may cause at once.</summary>
    public int Burst { get; init; } = 25;

    /// <summary>Gets the time after which one more event is allowed to an object.</summary>
    public TimeSpan Refill { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets how many events may wait to be sent; more are dropped.</summary>
    public int Backlog { get; init; } = 1000;
}
