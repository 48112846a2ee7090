using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Replay;

/// <summary>One line of a recording.</summary>
/// <param name="Time">Milliseconds since the start.</param>
public abstract record TraceEntry(long Time)
{
    /// <summary>A request, or a kubectl call when it has no method, and its answer.</summary>
    public sealed record Act(long Time, JsonObject Request, JsonObject Answer) : TraceEntry(Time)
    {
        public string What => Request.Text("what")!;

        public bool IsKubectl => Request.Text("method") is null;
    }

    /// <summary>What a watcher saw.</summary>
    public sealed record Sight(long Time, string Type, JsonObject Item) : TraceEntry(Time)
    {
        public string Kind => Item.Text("kind")!;
    }

    /// <summary>The recorder waited, and then looked.</summary>
    public sealed record Settled(long Time) : TraceEntry(Time);
}

/// <summary>The recording of one scenario on a real cluster. See <c>Traces/README.md</c>.</summary>
public sealed record Trace(string Scenario, string About, ImmutableArray<TraceEntry> Entries)
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Traces");

    /// <summary>Gets the names of all recordings.</summary>
    public static IEnumerable<string> Names => Directory.GetFiles(Folder, "*.jsonl").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    /// <summary>Gets the namespace that it was recorded in.</summary>
    public string Namespace => "t-" + Scenario;

    /// <summary>Reads a recording.</summary>
    public static Trace Read(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, name + ".jsonl")).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        return new Trace(lines[0].Text("scenario")!, lines[0].Text("about")!, [.. lines.Skip(1).Select(Entry)]);
    }

    private static TraceEntry Entry(JsonObject line)
    {
        var time = line.Number("t")!.Value;
        return line.Child("do") is { } request ? new TraceEntry.Act(time, request, line.Child("answer")!)
            : line.Text("event") is { } type ? new TraceEntry.Sight(time, type, line.Child("object")!)
            : line.Flag("settled") is true ? new TraceEntry.Settled(time)
            : throw new FormatException($"unknown line of a recording: {line.ToJsonString()}");
    }
}
