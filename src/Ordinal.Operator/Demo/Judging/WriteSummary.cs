namespace Ordinal.Operator.Demo.Judging;

/// <summary>What a <see cref="WriteClient"/> has seen so far.</summary>
public sealed record WriteSummary
{
    /// <summary>Gets how many writes a member acknowledged.</summary>
    public int Acknowledged { get; init; }

    /// <summary>Gets how many writes cannot have happened: nobody took the connection.</summary>
    public int Refused { get; init; }

    /// <summary>Gets how many writes may or may not be there: no answer in time, a broken connection, an error answer.</summary>
    public int Unknown { get; init; }

    /// <summary>Gets how many writes were not acknowledged.</summary>
    public int Failed => Refused + Unknown;

    /// <summary>Gets the longest time without an acknowledged write, from the first write sent to the end.</summary>
    public TimeSpan LongestStall { get; init; }

    /// <summary>Gets when that stall began, since the client's start.</summary>
    public TimeSpan LongestStallAt { get; init; }

    /// <summary>Gets one message of a failed write, for whoever wonders; null when none failed.</summary>
    public string? LastFailure { get; init; }
}

/// <summary>What came of reading every acknowledged write back.</summary>
/// <param name="Checked">Acknowledged writes that were looked for.</param>
/// <param name="Lost">Keys that were acknowledged and are not there, or hold another value; ascending.</param>
public sealed record ReadBack(int Checked, IReadOnlyList<string> Lost);
