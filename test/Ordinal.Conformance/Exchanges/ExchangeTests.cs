using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Exchanges;

/// <summary>
/// Asks a cluster what a real API server 1.36.2 was asked, and holds each answer against the recorded one: code, message, reason, details,
/// warnings, and what of a good answer the rule is about. <c>ORDINAL_UPDATE_GOLDEN=1</c> on a real cluster records anew.
/// </summary>
public sealed class ExchangeTests(ClusterKind kind) : ConformanceTests(kind)
{
    // The node of the pods that no kubelet shall touch; without it they would be collected as orphans. The tests of a
    // cluster run side by side and share it, so none of them removes it.
    private const string Node = "n1";
    private readonly Dictionary<string, string> captured = new(StringComparer.Ordinal);

    [SetUp]
    public async Task MakeNodeAsync()
    {
        var node = new JsonObject { ["metadata"] = new JsonObject { ["name"] = Node }, ["spec"] = new JsonObject { ["unschedulable"] = true } };
        var made = await Space.SendAsync("POST", "/api/v1/nodes", "", node);
        Assert.That(made.Code, Is.EqualTo(201).Or.EqualTo(409), made.Text);

        // A real node controller says of the pods of a node that is not ready that they are not ready.
        var ready = new JsonObject { ["type"] = "Ready", ["status"] = "True", ["lastHeartbeatTime"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) };
        var status = new JsonObject { ["status"] = new JsonObject { ["conditions"] = new JsonArray(ready) } };
        var told = await Space.SendAsync("PATCH", $"/api/v1/nodes/{Node}/status", "", status, "application/strategic-merge-patch+json");
        Assert.That(told.Code, Is.EqualTo(200), told.Text);
    }

    [TestCaseSource(typeof(Exchange), nameof(Exchange.Rules)), ExchangeRule]
    public async Task A_cluster_answers_as_recorded(string rule)
    {
        var exchange = Exchange.Read(rule);
        var differences = new List<string>();
        var recorded = new List<JsonObject>();
        captured.Clear();
        captured["ns"] = Space.Name;
        foreach (var step in exchange.Steps)
        {
            var answer = await Space.Cluster.Door.SendAsync(CallOf(step.Do), CancellationToken.None);
            Capture(step.Do, answer);
            var actual = ExchangeAnswer.Of(answer, step.Look, Space.Name);
            recorded.Add(actual);
            var expected = Kind is ClusterKind.Real ? step.Answer : step.Ours ?? step.Answer;
            if (!JsonNode.DeepEquals(actual, expected))
            {
                differences.Add($"{step.What}: {step.Do.Text("method")} {step.Do.Text("path")}\n  expected {expected.ToJsonString()}\n  answered {actual.ToJsonString()}");
            }
        }

        if (Kind is ClusterKind.Real && Environment.GetEnvironmentVariable("ORDINAL_UPDATE_GOLDEN") == "1")
        {
            Record(exchange, recorded);
            return;
        }

        Assert.That(differences, Is.Empty, $"{exchange.About}\n{string.Join('\n', differences)}");
    }

    private static void Record(Exchange exchange, List<JsonObject> answers)
    {
        var text = new StringBuilder();
        var plain = new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        text.Append(new JsonObject { ["about"] = exchange.About, ["kubernetes"] = "v1.36.2" }.ToJsonString(plain)).Append('\n');
        foreach (var (step, answer) in exchange.Steps.Zip(answers))
        {
            var line = new JsonObject { ["do"] = step.Do.DeepClone() };
            if (step.Look.Count > 0)
            {
                line["look"] = step.Look.DeepClone();
            }

            line["answer"] = answer;
            if (step.Ours is not null)
            {
                line["ours"] = step.Ours.DeepClone();
                line["because"] = step.Because;
            }

            text.Append(line.ToJsonString(plain)).Append('\n');
        }

        File.WriteAllText(Path.Combine(RepositoryFolder(), "test", "Ordinal.Conformance", "Exchanges", exchange.Rule + ".jsonl"), text.ToString());
    }

    private static string RepositoryFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Operator.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    private ApiCall CallOf(JsonObject request)
    {
        var target = Filled(request.Text("path")!);
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var body = request["body"] is { } document ? Filled(document.ToJsonString())
            : request.Text("text") is { } text ? Filled(text).Replace("{3MiB}", new string('x', 3 * 1024 * 1024), StringComparison.Ordinal) : "";
        return new ApiCall(request.Text("method")!, question < 0 ? target : target[..question], question < 0 ? "" : target[(question + 1)..])
        {
            ContentType = request.Text("contentType"),
            Accept = request.Text("accept"),
            UserAgent = request.Text("agent") ?? "conformance",
            Body = request.Text("base64") is { } bytes ? Convert.FromBase64String(bytes) : Encoding.UTF8.GetBytes(body),
        };
    }

    private string Filled(string text)
    {
        foreach (var (name, value) in captured)
        {
            text = text.Replace($"{{{name}}}", value, StringComparison.Ordinal);
        }

        return text;
    }

    private void Capture(JsonObject request, ApiAnswer answer)
    {
        if (request.Text("as") is not { } name || !answer.IsSuccess)
        {
            return;
        }

        var metadata = JsonNode.Parse(answer.Body.Span)!.AsObject().Child("metadata");
        captured[name + ".rv"] = metadata.Text("resourceVersion") ?? "";
        captured[name + ".uid"] = metadata.Text("uid") ?? "";
        captured[name + ".continue"] = metadata.Text("continue") ?? "";
    }

    private sealed class ExchangeRuleAttribute() : RuleAttribute("API-*")
    {
        protected override string IdOf(ITest test) => $"API-{test.Arguments[0]}";
    }
}
