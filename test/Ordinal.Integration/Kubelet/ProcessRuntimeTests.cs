using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Nodes;

namespace Ordinal.Integration.Kubelet;

/// <summary>Real processes: shells and sleeps of this machine.</summary>
public sealed class ProcessRuntimeTests
{
    private const string Forever = "exec sleep 1000";

    [Test]
    public async Task A_container_sees_its_own_environment_and_the_downward_api_and_nothing_of_ours()
    {
        Environment.SetEnvironmentVariable("ORDINAL_TEST_SECRET", "hunter2");
        await using var bench = await ProcessBench.CreateAsync();
        bench.Put(ResourceKind.ConfigMaps, "settings", new JsonObject { ["data"] = new JsonObject { ["level"] = "debug", ["other"] = "x" } });
        bench.Put(ResourceKind.Secrets, "login", new JsonObject { ["data"] = new JsonObject { ["password"] = "cMOkc3M=" } });
        var pod = await bench.ScriptAsync(
            "env; echo done",
            """
            {"env":[
              {"name":"FIRST","value":"one"},
              {"name":"SECOND","value":"$(FIRST)-$(THIRD)-$$(FIRST)"},
              {"name":"THIRD","value":"three"},
              {"name":"POD","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
              {"name":"NS","valueFrom":{"fieldRef":{"fieldPath":"metadata.namespace"}}},
              {"name":"UID_","valueFrom":{"fieldRef":{"fieldPath":"metadata.uid"}}},
              {"name":"APP","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}},
              {"name":"NOTE","valueFrom":{"fieldRef":{"fieldPath":"metadata.annotations['a.b/c']"}}},
              {"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}},
              {"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
              {"name":"HOST","valueFrom":{"fieldRef":{"fieldPath":"status.hostIP"}}},
              {"name":"LEVEL","valueFrom":{"configMapKeyRef":{"name":"settings","key":"level"}}},
              {"name":"PASSWORD","valueFrom":{"secretKeyRef":{"name":"login","key":"password"}}},
              {"name":"NONE","valueFrom":{"secretKeyRef":{"name":"gone","key":"x","optional":true}}},
              {"name":"MEMBER","value":"http://$(ORDINAL_CLUSTER_NET).10:2379"},
              {"name":"dotted.name","value":"kept"}],
             "envFrom":[{"configMapRef":{"name":"settings"},"prefix":"CFG_"}]}
            """,
            """{"restartPolicy":"Never"}""",
            """{"labels":{"app":"shop"},"annotations":{"a.b/c":"note","ordinal.dev/host":"21"}}""");
        var ended = await pod.UntilEndedAsync();
        Assert.That(ended.ExitCode, Is.Zero);
        var lines = (await pod.LogAsync()).Split('\n');
        Assert.That(lines, Is.SupersetOf((string[])
        [
            "FIRST=one", "SECOND=one-$(THIRD)-$(FIRST)", "POD=web-0", "NS=default", "APP=shop", "NOTE=note", "NODE=node-1",
            $"IP={bench.Net.Address(21)}", $"HOST={bench.Net.Address(1)}", "LEVEL=debug", "PASSWORD=päss", "CFG_level=debug", "CFG_other=x",
            $"MEMBER=http://{bench.Net.Prefix}.10:2379", "HOSTNAME=web-0",
        ]));
        Assert.That(lines.Where(l => l.StartsWith("ORDINAL_TEST_SECRET", StringComparison.Ordinal) || l.StartsWith("DOTNET", StringComparison.Ordinal) || l.StartsWith("NONE", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public async Task A_variable_whose_name_no_shell_knows_reaches_a_program()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync("", """{"command":["env"],"env":[{"name":"dotted.name","value":"kept"}]}""", """{"restartPolicy":"Never"}""");
        await pod.UntilEndedAsync();
        Assert.That(await pod.LogAsync(), Does.Contain("dotted.name=kept"));
    }

    [Test]
    public async Task A_missing_config_map_keeps_the_container_waiting_until_it_is_there()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync(Forever, """{"env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"late","key":"a"}}}]}""");
        await pod.UntilAsync(o => o.Containers[0].State is ContainerState.Waiting { Reason: "CreateContainerConfigError", Message: "configmap \"late\" not found" }, "waiting for the map");
        bench.Put(ResourceKind.ConfigMaps, "late", new JsonObject { ["data"] = new JsonObject { ["a"] = "1" } });
        await pod.UntilRunningAsync();
    }

    [Test]
    public async Task The_volume_of_a_claim_survives_the_pod_and_an_empty_dir_does_not()
    {
        await using var bench = await ProcessBench.CreateAsync();
        bench.Put(ResourceKind.Claims, "data-web-0", []);
        const string Container = """{"volumeMounts":[{"name":"data","mountPath":"/var/lib/web"},{"name":"scratch","mountPath":"/scratch"}],"args":["--dir=/var/lib/web","/scratch/x"],"command":["sh","-c","cat ${1#--dir=}/kept $2 2>&1; echo first > ${1#--dir=}/kept; echo first > $2; test \"${1#--dir=}\" = \"$ORDINAL_MOUNT_DATA\" && echo same","sh"]}""";
        const string Spec = """{"restartPolicy":"Never","volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data-web-0"}},{"name":"scratch","emptyDir":{}}]}""";
        var pod = await bench.ScriptAsync("", Container, Spec);
        await pod.UntilEndedAsync();
        Assert.That(await pod.LogAsync(), Does.EndWith("same\n"));
        await pod.StopAsync(0);
        await pod.Running.DisposeAsync();
        var again = await bench.ScriptAsync("", Container, Spec);
        await again.UntilEndedAsync();
        Assert.That(await again.LogAsync(), Does.StartWith("first\ncat: ").And.Contain("No such file"));
    }

    [Test]
    public async Task A_claim_that_was_made_again_has_an_empty_volume()
    {
        await using var bench = await ProcessBench.CreateAsync();
        const string Container = """{"volumeMounts":[{"name":"data","mountPath":"/data"}]}""";
        const string Spec = """{"restartPolicy":"Never","volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"c"}}]}""";
        for (var i = 0; i < 2; i++)
        {
            bench.Put(ResourceKind.Claims, "c", []);
            var pod = await bench.ScriptAsync("ls -A $ORDINAL_MOUNT_DATA; touch $ORDINAL_MOUNT_DATA/mine; echo end", Container, Spec);
            await pod.UntilEndedAsync();
            Assert.That(await pod.LogAsync(), Is.EqualTo("end\n"));
            await pod.Running.DisposeAsync();
        }
    }

    [Test]
    public async Task Config_maps_secrets_and_the_downward_api_become_files()
    {
        await using var bench = await ProcessBench.CreateAsync();
        bench.Put(ResourceKind.ConfigMaps, "m", new JsonObject { ["data"] = new JsonObject { ["a.conf"] = "alpha\n", ["b.conf"] = "beta\n" } });
        bench.Put(ResourceKind.Secrets, "s", new JsonObject { ["data"] = new JsonObject { ["key"] = "c2VjcmV0Cg==" } });
        var pod = await bench.ScriptAsync(
            "cd $ORDINAL_MOUNT_ALL; cat $ORDINAL_MOUNT_CONF/a.conf $ORDINAL_MOUNT_CONF/b.conf secret/key; cat labels; ls $ORDINAL_MOUNT_CONF",
            """{"volumeMounts":[{"name":"conf","mountPath":"/conf"},{"name":"all","mountPath":"/all"}]}""",
            """
            {"restartPolicy":"Never","volumes":[{"name":"conf","configMap":{"name":"m"}},
             {"name":"all","projected":{"sources":[{"secret":{"name":"s","items":[{"key":"key","path":"secret/key"}]}},
              {"serviceAccountToken":{"path":"token"}},{"downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}}]}}]}}]}
            """,
            """{"labels":{"app":"shop"}}""");
        await pod.UntilEndedAsync();
        Assert.That(await pod.LogAsync(), Is.EqualTo("alpha\nbeta\nsecret\napp=\"shop\"a.conf\nb.conf\n"));
    }

    [Test]
    public async Task The_files_of_a_volume_have_their_modes_and_follow_their_source_all_at_once()
    {
        await using var bench = await ProcessBench.CreateAsync(options => options with { VolumeSync = TimeSpan.FromMilliseconds(100) });
        bench.Put(ResourceKind.ConfigMaps, "m", new JsonObject { ["data"] = new JsonObject { ["a"] = "1", ["b"] = "1", ["gone"] = "x" } });
        bench.Put(ResourceKind.Secrets, "s", new JsonObject { ["data"] = new JsonObject { ["key"] = "c2VjcmV0" } });
        var pod = await bench.ScriptAsync(
            "cd $ORDINAL_MOUNT_V; stat -Lc '%a %n' a b gone $ORDINAL_MOUNT_S/key; while :; do d=$(readlink ..data); a=$(cat $d/a 2>&-) && b=$(cat $d/b 2>&-) || continue; echo $a $b $(ls); test $b = 2 && break; sleep 0.05; done; echo end",
            """{"volumeMounts":[{"name":"v","mountPath":"/v"},{"name":"s","mountPath":"/s"}]}""",
            """
            {"restartPolicy":"Never","volumes":[{"name":"v","configMap":{"name":"m","defaultMode":288}},
             {"name":"s","secret":{"secretName":"s","items":[{"key":"key","path":"key","mode":256}]}}]}
            """);
        await pod.UntilPrintedAsync("1 1 a b gone");
        bench.Put(ResourceKind.ConfigMaps, "m", new JsonObject { ["data"] = new JsonObject { ["a"] = "2", ["b"] = "2", ["new"] = "y" } });
        await pod.UntilEndedAsync();
        var lines = (await pod.LogAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines[..4].Select(line => line.Split(' ')[0]), Is.EqualTo(new[] { "440", "440", "440", "400" }));
        Assert.That(lines[4..^1].Distinct(), Is.SubsetOf(new[] { "1 1 a b gone", "2 2 a b new", "2 2 a b gone", "2 2 a b gone new", "1 1 a b new" }), "never 1 and 2 together");
        Assert.That(lines[^2], Does.StartWith("2 2"));
    }

    [TestCase("""{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}""", "{}", "hostPath")]
    [TestCase("""{"volumes":[{"name":"v","nfs":{"server":"x"}}]}""", "{}", "nfs")]
    [TestCase("""{"volumes":[{"name":"../v","emptyDir":{}}]}""", "{}", "../v")]
    [TestCase("{}", """{"volumeMounts":[{"name":"v","mountPath":"/v"}]}""", "volume v")]
    [TestCase("""{"volumes":[{"name":"v","emptyDir":{}}]}""", """{"volumeMounts":[{"name":"v","mountPath":"/v","subPath":"../../x"}]}""", "subPath")]
    [TestCase("{}", """{"command":[]}""", "has no command")]
    [TestCase("{}", """{"livenessProbe":{"grpc":{"port":1}}}""", "probe")]
    public async Task What_a_process_cannot_have_is_refused_by_name(string spec, string container, string named)
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync(Forever, container, spec);
        await pod.UntilAsync(o => o.Containers[0].State is ContainerState.Waiting { Reason: "CreateContainerConfigError" } w && w.Message.Contains(named, StringComparison.Ordinal), $"refused for {named}");
    }

    [Test]
    public async Task The_host_part_comes_from_the_annotation_and_is_free_again_when_the_pod_is_gone()
    {
        await using var bench = await ProcessBench.CreateAsync();
        const string Metadata = """{"annotations":{"ordinal.dev/host-base":"10"}}""";
        var two = await bench.ScriptAsync(Forever, metadata: Metadata, name: "web-2");
        await two.UntilRunningAsync();
        Assert.That(two.Running.Observation.PodIP, Is.EqualTo(bench.Net.Address(12)));

        var next = await bench.ScriptAsync(Forever, metadata: Metadata, name: "web-2");
        await next.UntilAsync(o => o.Containers[0].State is ContainerState.Waiting { Reason: "ContainerCreating" } w && w.Message.Contains(bench.Net.Address(12), StringComparison.Ordinal), "waiting for the address");
        await two.StopAsync(5);
        await next.UntilRunningAsync();
        Assert.That(next.Running.Observation.PodIP, Is.EqualTo(bench.Net.Address(12)));
    }

    [Test]
    public async Task A_start_delay_holds_the_first_process_back_as_the_pull_of_an_image_would()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync(Forever, metadata: """{"annotations":{"ordinal.dev/start-delay":"1h"}}""");
        await pod.UntilAsync(o => o.PodIP is not null, "an address");
        Assert.That(pod.Main.State, Is.EqualTo(new ContainerState.Waiting("ContainerCreating")));
        await pod.StopAsync(30);
        Assert.That(pod.Main.State, Is.InstanceOf<ContainerState.Waiting>());

        var soon = await bench.ScriptAsync(Forever, metadata: """{"annotations":{"ordinal.dev/start-delay":"50ms"}}""");
        await soon.UntilRunningAsync();
    }

    [Test]
    public async Task Init_containers_run_one_after_the_other_before_the_containers()
    {
        await using var bench = await ProcessBench.CreateAsync();
        const string Spec = """
            {"restartPolicy":"Never","volumes":[{"name":"v","emptyDir":{}}],
             "initContainers":[
              {"name":"a","command":["sh","-c","echo a >> $ORDINAL_MOUNT_V/f"],"volumeMounts":[{"name":"v","mountPath":"/v"}]},
              {"name":"b","command":["sh","-c","echo b >> $ORDINAL_MOUNT_V/f"],"volumeMounts":[{"name":"v","mountPath":"/v"}]}]}
            """;
        var pod = await bench.ScriptAsync("cat $ORDINAL_MOUNT_V/f", """{"volumeMounts":[{"name":"v","mountPath":"/v"}]}""", Spec);
        await pod.UntilEndedAsync();
        Assert.That(await pod.LogAsync(), Is.EqualTo("a\nb\n"));
        Assert.That(pod.Running.Observation.IsInitialized, Is.True);

        var failing = await bench.ScriptAsync("echo never", spec: """{"restartPolicy":"Never","initContainers":[{"name":"a","command":["false"]}]}""", name: "web-1");
        await failing.UntilAsync(o => o.InitContainers[0].State is ContainerState.Terminated { ExitCode: 1 }, "the init container's failure");
        Assert.That(failing.Main.State, Is.EqualTo(new ContainerState.Waiting("PodInitializing")));
    }

    [TestCase("Always", 0, true)]
    [TestCase("Always", 3, true)]
    [TestCase("OnFailure", 0, false)]
    [TestCase("OnFailure", 3, true)]
    [TestCase("Never", 3, false)]
    public async Task The_restart_policy_decides_whether_a_container_runs_again(string policy, int exitCode, bool restarts)
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync($"exit {exitCode}", spec: $$"""{"restartPolicy":"{{policy}}"}""");
        if (restarts)
        {
            await pod.UntilAsync(o => o.Containers[0] is { RestartCount: >= 2, LastState: { } last } && last.ExitCode == exitCode, "two restarts");
        }
        else
        {
            var ended = await pod.UntilEndedAsync();
            Assert.That((ended.ExitCode, ended.Reason, pod.Main.RestartCount), Is.EqualTo((exitCode, exitCode == 0 ? "Completed" : "Error", 0)));
        }
    }

    [Test]
    public async Task A_crashing_container_waits_in_back_off_and_its_previous_log_can_be_read()
    {
        await using var bench = await ProcessBench.CreateAsync(o => o with { FirstBackOff = TimeSpan.FromHours(1), LongestBackOff = TimeSpan.FromHours(5) });
        var pod = await bench.ScriptAsync("echo run; exit 7");
        await pod.UntilAsync(
            o => o.Containers[0] is { RestartCount: 1, IsReady: false, LastState.ExitCode: 7, State: ContainerState.Waiting { Reason: "CrashLoopBackOff" } w }
                && w.Message.StartsWith("back-off 3600s restarting failed container=main", StringComparison.Ordinal),
            "back-off after the second run");
        Assert.That(await pod.LogAsync(previous: true), Is.EqualTo("run\n"));
        await pod.StopAsync(30);
        Assert.That(pod.Main.State, Is.InstanceOf<ContainerState.Terminated>(), "a pod that stops in back-off does not wait it out");
    }

    [Test]
    public async Task A_program_that_is_not_there_is_a_start_error()
    {
        await using var bench = await ProcessBench.CreateAsync();
        var pod = await bench.ScriptAsync("", """{"command":["no-such-program"]}""", """{"restartPolicy":"Never"}""");
        var ended = await pod.UntilEndedAsync();
        Assert.That((ended.ExitCode, ended.Reason), Is.EqualTo((128, "StartError")));
        Assert.That(ended.Message, Does.Contain("no-such-program"));
    }
}
