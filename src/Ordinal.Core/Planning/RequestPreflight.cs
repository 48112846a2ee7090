using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// Judges a rollout before it has written anything. A request that brings its own template is judged by this first: a template that no rollout can
/// take to the pods must not be written either.
/// </summary>
public static class RequestPreflight
{
    /// <summary>Returns why the rollout cannot start; null when it can.</summary>
    public static (ReasonCode Reason, string Message)? Judge(RolloutInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var scratch = Scratch.Take();
        var pass = new Pass(input, scratch);
        Preflight.Choose(ref pass, out var refusal, out var message);
        scratch.GiveBack();
        return refusal is null ? null : (refusal, message.ToString());
    }
}
