using System.CommandLine;
using NUnit.Framework;
using Ordinal.Operator.Cli;

namespace Ordinal.Tests.Cli;

/// <summary>A value that a verb does not take is refused before anything is done: by the option's name, the value, and what may be written.</summary>
public sealed class BadArgumentTests
{
    [TestCase("cluster fault api --code 200", "--code 200: write a whole number from 400 to 599.")]
    [TestCase("cluster fault api --code x", "--code x: write a whole number from 400 to 599.")]
    [TestCase("cluster fault api --code 500 --rate 2", "--rate 2: write a number above 0, at most 1.")]
    [TestCase("cluster fault api --code 500 --rate often", "--rate often: write a number above 0, at most 1.")]
    [TestCase("cluster fault api --code 500 --count 0", "--count 0: write a whole number of at least 1.")]
    [TestCase("cluster fault api --latency soon", "--latency soon: write a duration, such as 500ms or 30s.")]
    [TestCase("cluster fault api --code 500 --for 5", "--for 5: write a duration, such as 500ms or 30s.")]
    [TestCase("cluster fault api --code 429 --retry-after later", "--retry-after later: write a duration, such as 500ms or 30s.")]
    [TestCase("cluster fault api --code 500 --verb fetch", "--verb fetch: there is no such choice; write one of get, list, watch, create, update, patch, delete, deletecollection.")]
    [TestCase("cluster fault api", "What is to go wrong? Give --code, --latency or --drop.")]
    [TestCase("cluster fault pod web-0 explode", "what explode: there is no such choice; write one of crash, kill, hang, unready, recover.")]
    [TestCase("cluster fault node node-0 sideways", "what sideways: there is no such choice; write one of down, up.")]
    [TestCase("cluster fault clear first", "id first: write a whole number of at least 1.")]
    [TestCase("cluster up --nodes 9", "--nodes 9: write a whole number from 1 to 8.")]
    [TestCase("cluster up --nodes many", "--nodes many: write a whole number from 1 to 8.")]
    [TestCase("cluster up --node-monitor-grace-period 0", "--node-monitor-grace-period 0: write a duration above 0, such as 50s.")]
    [TestCase("cluster up --kubelet docker", "--kubelet docker: there is no such choice; write one of simulated, process.")]
    [TestCase("cluster kubelet --kubeconfig k --node n --runtime docker", "--runtime docker: there is no such choice; write one of simulated, process.")]
    [TestCase("demo --scenario mysql", "--scenario mysql: there is no such choice; write one of etcd, zookeeper, kafka, generic.")]
    [TestCase("demo --gates maybe", "--gates maybe: there is no such choice; write one of on, off.")]
    [TestCase("run --log-format xml", "--log-format xml: there is no such choice; write one of text, json.")]
    [TestCase("run --log-level loud", "--log-level loud: there is no such choice; write one of debug, info, warning, error.")]
    [TestCase("run --lease-duration 0s", "--lease-duration 0s: write a duration above 0, as 15s or 1m30s.")]
    [TestCase("run --request-timeout 4", "--request-timeout 4: write a duration above 0, as 15s or 1m30s.")]
    [TestCase("run --max-active-rollouts 0", "--max-active-rollouts 0: write a whole number of at least 1.")]
    [TestCase("run --metrics-bind-address nowhere", "--metrics-bind-address nowhere: ")]
    [TestCase("get web -o xml", "--output xml: there is no such choice; write one of tree, wide, json, yaml, name.")]
    [TestCase("list -o xml", "--output xml: there is no such choice; write one of table, wide, json, yaml, name.")]
    [TestCase("history web -o xml", "--output xml: there is no such choice; write one of table, json.")]
    [TestCase("gates web -o xml", "--output xml: there is no such choice; write one of table, json.")]
    [TestCase("status web --timeout soon", "--timeout soon: write a duration as 90s or 1h30m, or 0.")]
    [TestCase("status web --request-timeout 5", "--request-timeout 5: write a duration as 90s or 1h30m, or 0.")]
    [TestCase("retry web --timeout -5s", "--timeout -5s: write a duration as 90s or 1h30m, or 0.")]
    [TestCase("start update web --dry-run maybe", "--dry-run maybe: there is no such choice; write one of client, server.")]
    [TestCase("start restart web --timeout 1.5h", "--timeout 1.5h: write a duration as 90s or 1h30m, or 0.")]
    [TestCase("uninstall --timeout never", "--timeout never: write a duration as 90s or 1h30m, or 0.")]
    [TestCase("approve web --step 0", "--step 0: write a whole number of at least 1.")]
    [TestCase("approve web --step last", "--step last: write a whole number of at least 1.")]
    public async Task A_value_that_is_not_taken_is_named_with_what_is(string line, string words)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        var code = await CommandRoot.RunAsync(line.Split(' '), new InvocationConfiguration { Output = output, Error = error }, CancellationToken.None);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.ToString(), Does.StartWith(words));
            Assert.That(error.ToString().Trim().Split('\n'), Has.Length.EqualTo(1), "one sentence, not two about the same");
            Assert.That(code, Is.EqualTo(ExitCodes.Usage));
        }
    }

    [TestCase("cluster fault api --code 500 --rate 0.1 --count 3 --for 30s --latency 200ms")]
    [TestCase("cluster fault clear 7")]
    [TestCase("cluster fault clear")]
    [TestCase("cluster fault pod web-0 hang")]
    [TestCase("cluster up --nodes 8 --node-monitor-grace-period 1m30s")]
    [TestCase("run --leader-elect false --max-active-rollouts 1 --lease-duration 15s")]
    [TestCase("run --leader-elect --namespaces a,b")]
    [TestCase("status web --wait --timeout 0")]
    [TestCase("approve web --step 2")]
    public void What_is_taken_is_taken(string line) => Assert.That(CommandRoot.Create().Parse(line.Split(' ')).Errors, Is.Empty);

    [Test]
    public void What_an_option_is_without_being_given_stays_what_it_is()
    {
        var up = CommandRoot.Create().Parse(["cluster", "up"]);
        var run = CommandRoot.Create().Parse(["run"]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(up.Errors, Is.Empty);
            Assert.That(up.GetValue<int>("--nodes"), Is.EqualTo(3));
            Assert.That(run.GetValue<bool>("--leader-elect"), Is.True);
            Assert.That(run.GetValue<int>("--max-active-rollouts"), Is.EqualTo(50));
            Assert.That(CommandRoot.Create().Parse(["run", "--leader-elect", "false"]).GetValue<bool>("--leader-elect"), Is.False);
            Assert.That(CommandRoot.Create().Parse(["run", "--leader-elect"]).GetValue<bool>("--leader-elect"), Is.True);
        }
    }
}
