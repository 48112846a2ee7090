using System.Collections.Immutable;
using Ordinal.Core.Reasons;
using Ordinal.Operator.Demo.Judging;

namespace Ordinal.Operator.Demo;

/// <summary>Joins what the rollout says at each look into stretches: the same reason for the same pod is one hold.</summary>
public sealed class HoldTracker
{
    private readonly List<Hold> _holds = [];
    private string _key = "";

    /// <summary>Gets the holds so far, in order.</summary>
    public ImmutableArray<Hold> Holds => [.. _holds];

    /// <summary>Takes what one look saw.</summary>
    /// <param name="reason">The reason's code; empty when the rollout does not wait.</param>
    /// <param name="pod">The pod that waits.</param>
    /// <param name="message">What it waits for.</param>
    /// <param name="at">When it was seen.</param>
    public void See(string reason, string pod, string message, TimeSpan at)
    {
        var key = reason.Length == 0 ? "" : $"{reason}/{pod}";
        if (key == _key && key.Length > 0)
        {
            var last = _holds[^1];
            // A message says more as time goes on, and less right after an answer: the longest is the one worth keeping.
            _holds[^1] = last with { To = at, Message = message.Length > last.Message.Length ? message : last.Message };
            return;
        }

        if (_key.Length > 0)
        {
            _holds[^1] = _holds[^1] with { To = at };
        }

        if (key.Length > 0)
        {
            _holds.Add(new Hold(reason, message, at, at) { IsByGate = ReasonCodes.Find(reason)?.Area is ReasonArea.Gate });
        }

        _key = key;
    }
}
