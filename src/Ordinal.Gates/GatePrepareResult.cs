using Ordinal.Core.Reasons;

namespace Ordinal.Gates;

/// <summary>How one try to prepare a disruption went.</summary>
/// <param name="IsDone">True when nothing is left to prepare.</param>
/// <param name="Reason">Why not; the code for the event.</param>
/// <param name="Message">Object, fact and remedy in one sentence.</param>
public sealed record GatePrepareResult(bool IsDone, ReasonCode Reason, string Message);
