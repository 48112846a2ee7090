using Ordinal.Core.Model;

namespace Ordinal.Gates;

/// <summary>One gate of a policy: how it is asked, and who answers.</summary>
/// <param name="Policy">Name, interval and threshold.</param>
/// <param name="Gate">
/// The probe. Keep one instance as long as its options and Secrets are the same: with a new instance everything that the keeper
/// remembers of this gate starts again.
/// </param>
public sealed record GateBinding(GatePolicy Policy, IGate Gate);
