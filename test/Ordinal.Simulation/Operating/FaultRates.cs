namespace Ordinal.Simulation.Operating;

/// <summary>How often the way between an operator and the API server fails; each a probability per request or per watch event.</summary>
internal sealed record FaultRates
{
    /// <summary>No faults: every request takes a few milliseconds.</summary>
    public static readonly FaultRates None = new();

    /// <summary>Gets how often a request is answered 500, 503 or 504, or its connection lost, and it was not carried out.</summary>
    public double Before { get; init; }

    /// <summary>Gets how often a write is carried out and its answer is a 504 or a lost connection.</summary>
    public double After { get; init; }

    /// <summary>Gets how often the server's own flow control answers 429.</summary>
    public double FlowControl { get; init; }

    /// <summary>Gets how often a write is refused with 409 although nothing stands against it.</summary>
    public double Conflict { get; init; }

    /// <summary>Gets how often a list or the opening of a watch is answered 410, and how often a watch event is replaced by one.</summary>
    public double Gone { get; init; }

    /// <summary>Gets how often a request takes so long that its sender may give up first; it is carried out all the same.</summary>
    public double Late { get; init; }

    /// <summary>Gets how often a watch breaks, or ends in good order, at an event.</summary>
    public double Drop { get; init; }

    /// <summary>Gets how often a watch stands still at an event, for at most <see cref="LongestStall"/>.</summary>
    public double Stall { get; init; }

    public TimeSpan LongestStall { get; init; }

    /// <summary>
    /// The longest that a late request is on its way: less than lease duration minus renew deadline, as DESIGN rule 4 asks of a
    /// request's time-out. A network that kept one for longer could beat any lease.
    /// </summary>
    public static readonly TimeSpan LongestLate = TimeSpan.FromSeconds(4.5);

    /// <summary>Draws rates: none, some, or many.</summary>
    public static FaultRates Draw(Random random)
    {
        double scale = random.Next(4) switch { 0 => 0, 1 => 0.2, 2 => 1, _ => 3 };
        return scale == 0 ? None : new FaultRates
        {
            Before = 0.02 * scale,
            After = 0.02 * scale,
            FlowControl = 0.01 * scale,
            Conflict = 0.01 * scale,
            Gone = 0.005 * scale,
            Late = 0.01 * scale,
            Drop = 0.01 * scale,
            Stall = 0.02 * scale,
            LongestStall = TimeSpan.FromSeconds(random.Next(1, 16)),
        };
    }
}
