namespace Ordinal.Gates;

/// <summary>What a gate saw at one moment. Each gate has its own, serialisable and free of secrets, so that a verdict can be replayed.</summary>
public abstract record GateObservation;
