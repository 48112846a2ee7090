using System.Globalization;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation.Operating;

/// <summary>What happened in one simulated run, one line an event, with the virtual time in seconds.</summary>
internal sealed class Trace(VirtualTimeProvider time)
{
    private readonly List<string> lines = [];

    public IReadOnlyList<string> Lines => lines;

    public void Add(string who, string what) =>
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"{time.Elapsed.TotalSeconds,9:0.000} {who,-12} {what}"));

    /// <summary>Returns the last lines, for a failure's message.</summary>
    public string Tail(int count) => string.Join('\n', lines.Skip(Math.Max(0, lines.Count - count)));
}
