using System.Collections.Immutable;

namespace Ordinal.Gates;

/// <summary>One container of the workload's template: what tells the member's own from a sidecar, and the version that it brings.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image as the template names it; empty when it names none.</param>
/// <param name="Ports">The ports that it declares.</param>
public sealed record GateContainer(string Name, string Image, ImmutableArray<int> Ports);
