using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Exchanges;

/// <summary>One request and the answer that a real API server gave to it.</summary>
/// <param name="Do">The request.</param>
/// <param name="Look">What of a good answer counts; a refusal counts as a whole.</param>
/// <param name="Answer">The answer, canonical.</param>
public sealed record ExchangeStep(JsonObject Do, JsonObject Look, JsonObject Answer)
{
    /// <summary>Gets what the embedded control plane answers where it is meant to differ; null where it is not.</summary>
    public JsonObject? Ours { get; init; }

    /// <summary>Gets why it is meant to differ.</summary>
    public string? Because { get; init; }

    /// <summary>Gets what is done, in words.</summary>
    public string What => Do.Text("what")!;
}

/// <summary>A conversation with a real API server 1.36.2 about one rule. See <c>README.md</c> beside the recordings.</summary>
/// <param name="Rule">The rule's id without <c>API-</c>, the name of the file.</param>
/// <param name="About">What it is about.</param>
/// <param name="Steps">Requests in order, in a namespace of their own.</param>
public sealed record Exchange(string Rule, string About, ImmutableArray<ExchangeStep> Steps)
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Exchanges");

    /// <summary>Gets the rules of all recordings.</summary>
    public static IEnumerable<string> Rules =>
        Directory.GetFiles(Folder, "*.jsonl").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    /// <summary>Reads a recording.</summary>
    public static Exchange Read(string rule)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, rule + ".jsonl")).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        return new Exchange(rule, lines[0].Text("about")!, [.. lines.Skip(1).Select(line => new ExchangeStep(line.Child("do")!, line.Child("look") ?? [], line.Child("answer")!) { Ours = line.Child("ours"), Because = line.Text("because") })]);
    }
}
