using System.Collections.Immutable;

namespace Ordinal.Gates.Probing;

/// <summary>What those who were asked answered. Serialisable, and free of secrets: a verdict can be replayed from it.</summary>
/// <typeparam name="T">The answer of one kind of probe.</typeparam>
/// <param name="Samples">One entry an asked pod, by ascending ordinal; one for the whole workload under scope Once.</param>
public sealed record ProbeObservation<T>(ImmutableArray<ProbeSample<T>> Samples) : GateObservation
    where T : class;

/// <summary>One answer, or why there is none; exactly one of the two.</summary>
/// <typeparam name="T">The answer of one kind of probe.</typeparam>
/// <param name="Pod">The pod that was asked; empty under scope Once.</param>
/// <param name="Uid">The pod's UID; empty under scope Once.</param>
/// <param name="Where">The address that was asked, for messages.</param>
/// <param name="Answer">The answer; null with a failure.</param>
/// <param name="Failure">Why there is none; null with an answer.</param>
public sealed record ProbeSample<T>(string Pod, string Uid, string Where, T? Answer, NetFailure? Failure)
    where T : class;
