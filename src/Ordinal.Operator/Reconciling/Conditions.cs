using Ordinal.Core.Reasons;
using Ordinal.Operator.Api;

namespace Ordinal.Operator.Reconciling;

/// <summary>Sets conditions as Kubernetes means them: the transition time moves only when the status does.</summary>
internal sealed class Conditions(IReadOnlyList<ConditionStatus>? before, long observedGeneration, DateTimeOffset now)
{
    private readonly List<ConditionStatus> conditions = [.. before ?? []];

    public IReadOnlyList<ConditionStatus> All => [.. conditions.OrderBy(condition => condition.Type, StringComparer.Ordinal)];

    /// <summary>Finds a condition in a list; null when it is not there.</summary>
    public static ConditionStatus? Find(IReadOnlyList<ConditionStatus>? conditions, string type) => conditions?.FirstOrDefault(each => each.Type == type);

    /// <summary>Sets a condition.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="status">True, False, or null for Unknown.</param>
    /// <param name="reason">A code of the registry, or a word for "nothing of the kind".</param>
    /// <param name="message">For people.</param>
    public Conditions Set(string type, bool? status, string reason, string message)
    {
        var text = status switch { true => "True", false => "False", null => "Unknown" };
        var at = conditions.FindIndex(each => each.Type == type);
        var next = new ConditionStatus
        {
            Type = type,
            Status = text,
            Reason = reason,
            Message = Cut(message, 4096),
            ObservedGeneration = observedGeneration,
            LastTransitionTime = at >= 0 && conditions[at].Status == text ? conditions[at].LastTransitionTime : now,
        };
        if (at >= 0)
        {
            conditions[at] = next;
        }
        else
        {
            conditions.Add(next);
        }

        return this;
    }

    /// <inheritdoc cref="Set(string, bool?, string, string)"/>
    public Conditions Set(string type, bool? status, ReasonCode reason, string message) => Set(type, status, reason.Code, message);

    /// <summary>Shortens a text to what the schema takes.</summary>
    public static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1), "…");
}
