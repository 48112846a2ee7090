using System.CommandLine;
using Ordinal.Operator.Cli;
using Ordinal.Operator.Demo.Judging;
using Ordinal.Operator.View;
using YamlText = Ordinal.ControlPlane.Text.YamlText;

namespace Ordinal.Operator.Demo;

/// <summary><c>ordinal demo</c>: everything on this machine, in one terminal, with a proof at the end.</summary>
internal static class DemoCommand
{
    private static readonly Option<string> Scenario = new("--scenario")
    {
        Description = "etcd, zookeeper: three real servers, leader last. kafka: five simulated brokers that speak Kafka. generic: five simulated pods, driver Partition.",
        DefaultValueFactory = _ => "etcd",
    };

    private static readonly Option<string> Gates = new("--gates")
    {
        Description = "off runs the same without asking the members. The proof must fail then; exit code 1.",
        DefaultValueFactory = _ => "on",
    };

    private static readonly Option<bool> Keep = new("--keep") { Description = "Leave the cluster up at the end, until Ctrl-C, and print the kubectl line to look at it." };

    private static readonly Option<bool> NoHang = new("--no-hang") { Description = "Do not make a member hang, or a Kafka broker lag, in the middle." };

    private static readonly Option<bool> Ascii = new("--ascii") { Description = "Draw the tree in ASCII." };

    private static readonly Option<string?> ManifestFile = new("--manifest") { Description = "YAML file to apply instead of the scenario's own in config/samples." };

    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Scenario.AcceptOnly("etcd", "zookeeper", "kafka", "generic");
        Gates.AcceptOnly("on", "off");
        var command = new Command("demo", "Roll a StatefulSet on an embedded Kubernetes, without a cluster, and prove what happened.")
        {
            Scenario, Gates, Keep, NoHang, Ascii, ManifestFile,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var scenario = DemoScenario.Of(parsed.GetRequiredValue(Scenario));
            var options = new DemoOptions
            {
                ManifestFile = parsed.GetValue(ManifestFile),
                HasGates = parsed.GetRequiredValue(Gates) == "on",
                Keeps = parsed.GetValue(Keep),
                Hangs = !parsed.GetValue(NoHang),
                IsAscii = parsed.GetValue(Ascii),
            };
            return RunAsync(scenario, options, parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(DemoScenario scenario, DemoOptions options, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var abilities = ScreenAbilities.Decide(Console.IsOutputRedirected, Environment.GetEnvironmentVariable, options.IsAscii);
        var screen = new Screen(output, abilities, () => (Console.WindowWidth, Console.WindowHeight), TimeProvider.System);
        try
        {
            return await RunAsync(scenario, options, screen, cancellationToken);
        }
        catch (DemoFailedException e)
        {
            await error.WriteLineAsync($"ordinal demo: {e.Message}");
            return e.ExitCode;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            await error.WriteLineAsync($"ordinal demo: something took too long: {e.Message}");
            return ExitCodes.Failed;
        }
        catch (HttpRequestException e)
        {
            await error.WriteLineAsync($"ordinal demo: the cluster's API {(e.StatusCode is null ? "does not answer" : "refuses a request")}: {e.Message}");
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await error.WriteLineAsync("ordinal demo: interrupted; everything it started has ended");
            return ExitCodes.Interrupted;
        }
    }

    private static async Task<int> RunAsync(DemoScenario scenario, DemoOptions options, Screen screen, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        // What the user gave is looked at before anything is started.
        var manifest = Manifest.Read(options.ManifestFile ?? DemoPrograms.Sample(scenario.Sample));
        _ = scenario.Change(manifest);
        var path = scenario.RunsProcesses ? await DemoPrograms.PathWithAsync(scenario.Program, scenario.Package, screen.Say, cancellationToken) : "";

        await using var cluster = await DemoCluster.StartAsync(scenario.RunsProcesses, path, time, cancellationToken);
        await InstallAsync(cluster.Api, cancellationToken);
        await using var operatorProcess = await OperatorProcess.StartAsync(cluster.Launcher, cluster.Kubeconfig, options.HasGates, cluster.Folder, time);
        screen.Say($"an embedded Kubernetes runs, and ordinal run beside it, as a process of its own{(options.HasGates ? "" : ", with its gates switched OFF")}");
        screen.Say($"look at it from another terminal: kubectl --kubeconfig {cluster.Kubeconfig} get rop,stsr,sts,pods");

        var run = new DemoRun(cluster, operatorProcess, manifest, options, screen, time);
        var (text, isPassed) = await scenario.RunAsync(run, cancellationToken);
        screen.Keep();
        screen.Say("");
        foreach (var line in text)
        {
            screen.Say(line);
        }

        screen.Say($"the demo took {ProofText.Seconds(time.GetElapsedTime(start))}, from its start to this line");
        if (options.Keeps)
        {
            screen.Say($"the cluster stays up until Ctrl-C: kubectl --kubeconfig {cluster.Kubeconfig} get rop,stsr,sts,pods");
            await UntilInterruptedAsync(cancellationToken);
        }

        return isPassed ? ExitCodes.Success : ExitCodes.Failed;
    }

    private static async Task UntilInterruptedAsync(CancellationToken cancellationToken)
    {
        var interrupted = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(interrupted.SetResult);
        await interrupted.Task;
    }

    /// <summary>Installs the CRDs, as <c>make install</c> does, and waits until they are served.</summary>
    private static async Task InstallAsync(PlainApi api, CancellationToken cancellationToken)
    {
        const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        var start = TimeProvider.System.GetTimestamp();
        foreach (var kind in GeneratedFiles.Kinds)
        {
            var crd = YamlText.ParseAll(GeneratedFiles.Crd(kind))[0];
            await api.ApplyAsync(Crds, crd, cancellationToken);
            while ((await api.GetAsync($"{Crds}/{crd.Name()}", cancellationToken)).Condition("Established").Text("status") != "True")
            {
                if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(10))
                {
                    throw new DemoFailedException($"CustomResourceDefinition {crd.Name()} is not established after 10 s; this is a fault of the embedded control plane.", DemoFailedException.Failed);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
            }
        }
    }
}
