using System.Text.RegularExpressions;
using NUnit.Framework;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Nodes.Simulated;

namespace Ordinal.Integration.ControlPlane;

/// <summary>
/// Stock kubectls against the whole embedded cluster, as a black box: exit codes, and the words of the recordings
/// (<c>kubectl-words</c>) and of the same commands against a real 1.36.2. Where kubectls of different age say different things, both are here.
/// </summary>
[TestFixtureSource(typeof(StockKubectl), nameof(StockKubectl.All))]
public sealed partial class StockKubectlTests(StockKubectl kubectl)
{
    private const string Manifest = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: web, labels: {app: web}}
        spec:
          serviceName: web
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - {name: c, image: 'app:v1'}
        """;

    private static int spaces;
    private LocalCluster cluster = null!;
    private string folder = null!;
    private string space = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        folder = Directory.CreateTempSubdirectory("ordinal-stock-").FullName;
        cluster = await LocalCluster.StartAsync(
            new LocalClusterOptions { Scenario = Scenario.Parse("rules: [{behave: {start-delay: 50ms, stop-delay: 20ms}}]") }, TimeProvider.System, CancellationToken.None);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await cluster.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [SetUp]
    public async Task SetUpAsync()
    {
        space = $"t{Interlocked.Increment(ref spaces)}";
        await SayWithInputAsync(null, "create", "namespace", space);
    }

    [Test]
    public async Task Get_prints_tables_names_fields_and_documents()
    {
        await RollOutAsync();
        Assert.Multiple(async () =>
        {
            Assert.That(Squeezed(await SayAsync("get", "sts,pods")), Is.EqualTo(
                "NAME READY AGE\nstatefulset.apps/web 3/3 AGE\n\nNAME READY STATUS RESTARTS AGE\npod/web-0 1/1 Running 0 AGE\npod/web-1 1/1 Running 0 AGE\npod/web-2 1/1 Running 0 AGE\n"));
            Assert.That(Squeezed(await SayAsync("get", "sts", "web", "-o", "wide")), Is.EqualTo("NAME READY AGE CONTAINERS IMAGES\nweb 3/3 AGE c app:v1\n"));
            Assert.That(await SayAsync("get", "pods", "-o", "name"), Is.EqualTo("pod/web-0\npod/web-1\npod/web-2\n"));
            Assert.That(Squeezed(await SayAsync("get", "pods", "-o", "custom-columns=N:.metadata.name,I:.spec.containers[0].image")), Is.EqualTo("N I\nweb-0 app:v1\nweb-1 app:v1\nweb-2 app:v1\n"));
            Assert.That(await SayAsync("get", "sts", "web", "-o", "jsonpath={.spec.replicas} {.status.readyReplicas}"), Is.EqualTo("3 3"));
            Assert.That(await SayAsync("get", "sts", "web", "-o", "yaml"), Does.StartWith("apiVersion: apps/v1\nkind: StatefulSet\n").And.Contain("podManagementPolicy: OrderedReady").And.Contain("partition: 0"));
            Assert.That(await SayAsync("get", "pods", "-l", "app=web", "--field-selector=status.phase=Running", "-o", "name"), Is.EqualTo("pod/web-0\npod/web-1\npod/web-2\n"));
            Assert.That(Squeezed(await SayAsync("get", "pods", "web-0", "-o", "wide")), Does.Match(@"^NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES\nweb-0 1/1 Running 0 AGE 10\.244\.\d+\.\d+ node-\d <none> <none>\n$"));
            Assert.That(Squeezed(await SayAsync("get", "controllerrevisions")), Does.Match(@"^NAME CONTROLLER REVISION AGE\nweb-[0-9a-z]+ statefulset\.apps/web 1 AGE\n$"));
        });
    }

    [Test]
    public async Task Get_refuses_what_is_not_there()
    {
        Assert.That(await FailAsync("get", "sts", "nope"), Is.EqualTo("Error from server (NotFound): statefulsets.apps \"nope\" not found\n"));
        Assert.That(await FailAsync("get", "foos"), Is.EqualTo("error: the server doesn't have a resource type \"foos\"\n"));
        Assert.That(await FailAsync("get", "pods", "--field-selector=foo=bar"), Does.Contain("field label not supported: foo"));
    }

    [Test]
    public async Task A_watching_get_prints_each_state_of_a_pod()
    {
        using var watch = kubectl.Start(folder, cluster.Kubeconfig, ["-n", space, "get", "pods", "-w"]);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await SayAsync("run", "lone", "--image=app:v1");
        List<string> states = [];
        while (!states.Contains("Running"))
        {
            var line = await watch.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException("kubectl has ended");
            if (line.StartsWith("lone", StringComparison.Ordinal))
            {
                states.Add(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]);
            }
        }

        watch.Kill();
        await watch.WaitForExitAsync(deadline.Token);
        Assert.That(states.Distinct(), Is.SubsetOf(new[] { "Pending", "ContainerCreating", "Running" }));
    }

    [Test]
    public async Task Describe_shows_sets_pods_nodes_budgets_and_services_with_their_events()
    {
        await RollOutAsync();
        await SayWithInputAsync(Budget(2), "apply", "-f", "-");

        // Events come when they can, some time after what they tell of.
        await UntilSaysAsync("Pod web-2 in StatefulSet web successful", "describe", "sts", "web");
        await UntilSaysAsync("Container started", "describe", "pod", "web-0");
        Assert.That(Squeezed(await SayAsync("describe", "sts", "web")), Does.Contain("Replicas: 3 desired | 3 total").And.Contain("Pods Status: 3 Running / 0 Waiting / 0 Succeeded / 0 Failed")
            .And.Contain("statefulset-controller").And.Contain("Pod web-0 in StatefulSet web successful"));
        Assert.That(Squeezed(await SayAsync("describe", "pod", "web-0")), Does.Contain("Status: Running").And.Contain("Controlled By: StatefulSet/web").And.Contain("Ready: True")
            .And.Contain("node.kubernetes.io/unreachable:NoExecute op=Exists for AGE").And.Contain($"Successfully assigned {space}/web-0 to node-").And.Contain("Container started"));
        Assert.That(Squeezed(await SayAsync("describe", "node", "node-0")), Does.Contain("topology.kubernetes.io/zone=zone-a").And.Contain("kubelet is posting ready status").And.Contain("HolderIdentity: node-0"));
        Assert.That(Squeezed(await SayAsync("describe", "svc", "web")), Does.Contain("Selector: app=web").And.Contain("Port: http 80/TCP"));
        if (kubectl.Minor < 21)
        {
            // It asks for policy/v1beta1, which a real 1.36 does not serve either.
            Assert.That(await FailAsync("describe", "pdb", "web"), Is.EqualTo("Error from server (NotFound): the server could not find the requested resource\n"));
            return;
        }

        await UntilSaysAsync("1", "get", "pdb", "web", "-o", "jsonpath={.status.disruptionsAllowed}");
        Assert.That(Squeezed(await SayAsync("describe", "pdb", "web")), Does.Contain("Min available: 2").And.Contain("Allowed disruptions: 1").And.Contain("Current: 3").And.Contain("Desired: 2").And.Contain("Total: 3"));
    }

    [Test]
    public async Task Apply_says_created_unchanged_and_configured()
    {
        Assert.That(await SayWithInputAsync(Manifest, "apply", "-f", "-"), Is.EqualTo("service/web created\nstatefulset.apps/web created\n"));
        Assert.That(await SayWithInputAsync(Manifest, "apply", "-f", "-"), Is.EqualTo("service/web unchanged\nstatefulset.apps/web unchanged\n"));
        Assert.That(await SayWithInputAsync(Manifest.Replace("replicas: 3", "replicas: 2", StringComparison.Ordinal), "apply", "-f", "-"), Is.EqualTo("service/web unchanged\nstatefulset.apps/web configured\n"));
    }

    [Test]
    public async Task Server_side_apply_names_the_field_of_a_conflict_and_can_be_forced()
    {
        var set = Manifest[Manifest.IndexOf("apiVersion: apps/v1", StringComparison.Ordinal)..];
        Assert.That(await SayWithInputAsync(set, "apply", "--server-side", "-f", "-"), Is.EqualTo("statefulset.apps/web serverside-applied\n"));
        var other = set.Replace("replicas: 3", "replicas: 2", StringComparison.Ordinal);
        var refused = await FailWithInputAsync(other, "apply", "--server-side", "--field-manager=other", "-f", "-");
        Assert.That(refused, Does.Contain("Apply failed with 1 conflict: conflict with \"kubectl\"").And.Contain(".spec.replicas"));
        Assert.That(await SayWithInputAsync(other, "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"), Is.EqualTo("statefulset.apps/web serverside-applied\n"));
    }

    [Test]
    public async Task Diff_shows_what_would_change_and_ends_with_1_and_with_0_when_nothing_would()
    {
        await RollOutAsync();
        var same = await RunAsync(Manifest, "diff", "-f", "-");
        Assert.That(same.Code, Is.Zero, same.Error + same.Output);
        var changed = await RunAsync(Manifest.Replace("replicas: 3", "replicas: 4", StringComparison.Ordinal), "diff", "-f", "-");
        Assert.That(changed.Code, Is.EqualTo(1), changed.Error);
        Assert.That(changed.Output, Does.Contain("-  replicas: 3").And.Contain("+  replicas: 4"));
        Assert.That(await SayAsync("get", "sts", "web", "-o", "jsonpath={.spec.replicas}"), Is.EqualTo("3"));
    }

    [Test]
    public async Task Create_replace_and_delete_say_what_they_did_and_what_they_cannot()
    {
        const string Map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: '1'}\n";
        Assert.That(await SayWithInputAsync(Map, "create", "-f", "-"), Is.EqualTo("configmap/m created\n"));
        Assert.That(await FailWithInputAsync(Map, "create", "-f", "-"), Is.EqualTo("Error from server (AlreadyExists): error when creating \"STDIN\": configmaps \"m\" already exists\n"));
        Assert.That(await SayWithInputAsync(Map.Replace("'1'", "'2'", StringComparison.Ordinal), "replace", "-f", "-"), Is.EqualTo("configmap/m replaced\n"));
        Assert.That(await SayAsync("get", "cm", "m", "-o", "jsonpath={.data.a}"), Is.EqualTo("2"));
        Assert.That(await SayAsync("delete", "cm", "m"), Is.EqualTo(Deleted("configmap \"m\"")));
        Assert.That(await FailAsync("delete", "cm", "m"), Is.EqualTo("Error from server (NotFound): configmaps \"m\" not found\n"));
        Assert.That(await SayAsync("delete", "cm", "m", "--ignore-not-found"), Is.Empty);
        Assert.That(await FailWithInputAsync(Map, "replace", "-f", "-"), Does.Contain("Error from server (NotFound)").And.Contain("configmaps \"m\" not found"));
        Assert.That(await SayAsync("create", "secret", "generic", "s", "--from-literal=p=w"), Is.EqualTo("secret/s created\n"));
    }

    [Test]
    public async Task Every_kind_of_patch_works_and_a_failed_test_is_refused()
    {
        await RollOutAsync();
        Assert.That(await SayAsync("patch", "sts", "web", "-p", """{"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"B","value":"2"}]}]}}}}"""), Is.EqualTo("statefulset.apps/web patched\n"));
        Assert.That(await SayAsync("patch", "sts", "web", "--type=merge", "-p", """{"spec":{"minReadySeconds":1}}"""), Is.EqualTo("statefulset.apps/web patched\n"));
        Assert.That(await SayAsync("patch", "sts", "web", "--type=json", "-p", """[{"op":"test","path":"/spec/replicas","value":3},{"op":"replace","path":"/spec/replicas","value":2}]"""), Is.EqualTo("statefulset.apps/web patched\n"));
        Assert.That(await SayAsync("get", "sts", "web", "-o", "jsonpath={.spec.replicas} {.spec.minReadySeconds} {.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[0].name}"), Is.EqualTo("2 1 app:v1 B"));

        // kubectl compares the object before with the one after, and the controllers write the set's status while it does: a service is nobody else's.
        Assert.That(await SayAsync("patch", "service", "web", "--type=merge", "-p", """{"spec":{"clusterIP":"None"}}"""), Is.EqualTo("service/web patched (no change)\n"));
        Assert.That(await FailAsync("patch", "sts", "web", "--type=json", "-p", """[{"op":"test","path":"/spec/replicas","value":9}]"""), Does.Contain("the server rejected our request due to an error in our request").Or.EqualTo("The request is invalid\n"));
        Assert.That(await FailAsync("patch", "sts", "web", "--type=merge", "-p", """{"spec":{"serviceName":"x"}}"""), Does.Contain("updates to statefulset spec for fields other than"));
    }

    [Test]
    public async Task A_set_is_deleted_with_its_pods_in_the_background_or_foreground_or_without_them()
    {
        await RollOutAsync();
        Assert.That(await SayAsync("delete", "sts", "web", "--cascade=orphan"), Is.EqualTo(Deleted("statefulset.apps \"web\"")));
        Assert.That(await SayAsync("get", "pods", "-o", "name"), Is.EqualTo("pod/web-0\npod/web-1\npod/web-2\n"));
        await RollOutAsync();
        Assert.That(await SayAsync("delete", "sts", "web", "--cascade=foreground"), Is.EqualTo(Deleted("statefulset.apps \"web\"")));
        Assert.That(await SayAsync("get", "pods", "-o", "name"), Is.Empty, "foreground: the pods have gone first");
        await RollOutAsync();
        Assert.That(await SayAsync("delete", "sts", "web", "--cascade=background"), Is.EqualTo(Deleted("statefulset.apps \"web\"")));
        var waited = await RunAsync(null, "wait", "pods", "-l", "app=web", "--for=delete", "--timeout=170s");
        Assert.That(waited.Code is 0 || waited.Error.Contains("no matching resources found", StringComparison.Ordinal), waited.Error);
    }

    [Test]
    public async Task A_pod_that_never_stops_goes_by_force()
    {
        await SayWithInputAsync("apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {sim.ordinal.dev/fail: NeverStops}}\nspec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: x}]}\n", "apply", "-f", "-");
        await SayAsync("wait", "pod/p", "--for=condition=Ready", "--timeout=170s");
        await SayAsync("delete", "pod", "p", "--wait=false");
        Assert.That(await FailAsync("wait", "pod/p", "--for=delete", "--timeout=3s"), Does.Contain("timed out waiting for the condition on pods/p"));
        var forced = await RunAsync(null, "delete", "pod", "p", "--force", "--grace-period=0");
        Assert.That(forced.Code, Is.Zero, forced.Error);
        Assert.That(forced.Output, Does.StartWith("pod \"p\" force deleted"));
        Assert.That(forced.Error, Does.Contain("mmediate deletion does not wait for confirmation that the running resource has been terminated"));
        Assert.That(await FailAsync("get", "pod", "p"), Is.EqualTo("Error from server (NotFound): pods \"p\" not found\n"));
    }

    [Test]
    public async Task Scale_and_set_image_say_what_they_did_and_keep_to_a_precondition()
    {
        await RollOutAsync();
        Assert.That(await SayAsync("scale", "sts/web", "--replicas=4"), Is.EqualTo("statefulset.apps/web scaled\n"));
        Assert.That(await FailAsync("scale", "sts/web", "--current-replicas=9", "--replicas=2"), Does.Contain("Expected replicas to be 9, was 4").IgnoreCase);
        Assert.That(await SayAsync("set", "image", "sts/web", "c=app:v2"), Is.EqualTo("statefulset.apps/web image updated\n"));
        await SayAsync("rollout", "status", "sts/web", "--timeout=170s");
        Assert.That(await SayAsync("get", "pods", "-o", "jsonpath={.items[*].spec.containers[0].image}"), Is.EqualTo("app:v2 app:v2 app:v2 app:v2"));
    }

    [Test]
    public async Task Rollout_status_history_undo_restart_and_pause_have_their_words()
    {
        await RollOutAsync();
        Assert.That(await SayAsync("rollout", "status", "sts/web"), Is.EqualTo("partitioned roll out complete: 3 new pods have been updated...\n"));
        await SayAsync("set", "image", "sts/web", "c=app:v2");
        var lines = (await SayAsync("rollout", "status", "sts/web", "--timeout=170s")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines[^1], Is.EqualTo("partitioned roll out complete: 3 new pods have been updated..."));
        Assert.That(lines, Has.All.Match("^(Waiting for statefulset spec update to be observed|Waiting for [123] pods to be ready|Waiting for partitioned roll out to finish: [012] out of 3 new pods have been updated|partitioned roll out complete: 3 new pods have been updated)\\.\\.\\.$"));
        Assert.That(await SayAsync("rollout", "history", "sts/web"), Is.EqualTo("statefulset.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n"));
        Assert.That(await SayAsync("rollout", "history", "sts/web", "--revision=2"), Does.StartWith("statefulset.apps/web with revision #2\nPod Template:\n").And.Contain("Image:\tapp:v2"));
        Assert.That(await SayAsync("rollout", "undo", "sts/web"), Is.EqualTo("statefulset.apps/web rolled back\n"));
        await SayAsync("rollout", "status", "sts/web", "--timeout=170s");
        Assert.That(await SayAsync("rollout", "history", "sts/web"), Is.EqualTo("statefulset.apps/web \nREVISION  CHANGE-CAUSE\n2         <none>\n3         <none>\n\n"));
        Assert.That(await FailAsync("rollout", "undo", "sts/web", "--to-revision=99"), Does.EndWith("error: unable to find specified revision 99 in history\n"));
        Assert.That(await FailAsync("rollout", "pause", "sts/web"), Is.EqualTo("error: statefulsets.apps \"web\" pausing is not supported\n"));
        Assert.That(await SayAsync("rollout", "restart", "sts/web"), Is.EqualTo("statefulset.apps/web restarted\n"));
        await SayAsync("rollout", "status", "sts/web", "--timeout=170s");
        await SayAsync("patch", "sts", "web", "--type=merge", "-p", """{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}""");
        Assert.That(await FailAsync("rollout", "status", "sts/web"), Is.EqualTo("error: rollout status is only available for RollingUpdate strategy type\n"));
    }

    [Test]
    public async Task A_held_set_reads_as_rolled_out()
    {
        await RollOutAsync();
        await SayAsync("patch", "sts", "web", "--type=merge", "-p", """{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1000000000}}}}""");
        await SayAsync("set", "image", "sts/web", "c=app:v7");
        Assert.That(await SayAsync("rollout", "status", "sts/web", "--timeout=170s"), Does.EndWith("partitioned roll out complete: 0 new pods have been updated...\n"), "T25");
    }

    [Test]
    public async Task Wait_waits_for_conditions_and_says_when_they_do_not_come()
    {
        await RollOutAsync();
        Assert.That(await SayAsync("wait", "pod/web-0", "--for=condition=Ready", "--timeout=170s"), Is.EqualTo("pod/web-0 condition met\n"));
        Assert.That(await FailAsync("wait", "pod/web-0", "--for=delete", "--timeout=1s"), Is.EqualTo("error: timed out waiting for the condition on pods/web-0\n"));
        Assert.That(await FailAsync("wait", "pod/nope", "--for=condition=Ready", "--timeout=1s"), Is.EqualTo("Error from server (NotFound): pods \"nope\" not found\n"));
    }

    [Test]
    public async Task Wait_waits_for_a_field()
    {
        kubectl.Needs(23);
        await RollOutAsync();
        Assert.That(await SayAsync("wait", "sts/web", "--for=jsonpath={.status.readyReplicas}=3", "--timeout=170s"), Is.EqualTo("statefulset.apps/web condition met\n"));
    }

    [Test]
    public async Task Subresources_are_read_and_patched()
    {
        kubectl.Needs(24);
        await RollOutAsync();
        Assert.That(await SayAsync("get", "sts", "web", "--subresource=status", "-o", "jsonpath={.status.replicas}"), Is.EqualTo("3"));
        Assert.That(await SayAsync("patch", "sts", "web", "--subresource=scale", "--type=merge", "-p", """{"spec":{"replicas":2}}"""), Does.Contain("web patched"));
    }

    [Test]
    public async Task Labels_and_annotations_are_set_kept_and_taken_away()
    {
        await RollOutAsync();
        Assert.That(await SayAsync("label", "sts", "web", "tier=front"), Is.EqualTo("statefulset.apps/web labeled\n"));
        Assert.That(await FailAsync("label", "sts", "web", "tier=back"), Does.Contain("'tier' already has a value (front), and --overwrite is false"));
        Assert.That(await SayAsync("label", "sts", "web", "tier=back", "--overwrite"), Is.EqualTo("statefulset.apps/web labeled\n"));
        Assert.That(await SayAsync("label", "sts", "web", "tier-"), Does.Match("^statefulset.apps/web (un)?labeled\n$"));
        Assert.That(await SayAsync("annotate", "sts", "web", "note=x"), Is.EqualTo("statefulset.apps/web annotated\n"));
        Assert.That(await SayAsync("annotate", "sts", "web", "note-"), Is.EqualTo("statefulset.apps/web annotated\n"));
        Assert.That(await SayAsync("get", "sts", "web", "-o", "jsonpath={.metadata.labels}"), Is.EqualTo("""{"app":"web"}""").Or.EqualTo("map[app:web]"));
    }

    [Test]
    public async Task A_node_is_cordoned_and_uncordoned()
    {
        Assert.That(await SayAsync("cordon", "node-2"), Is.EqualTo("node/node-2 cordoned\n"));
        try
        {
            Assert.That(await SayAsync("cordon", "node-2"), Is.EqualTo("node/node-2 already cordoned\n"));
            Assert.That(Squeezed(await SayAsync("get", "node", "node-2")), Does.Contain("node-2 Ready,SchedulingDisabled <none>"));
        }
        finally
        {
            Assert.That(await SayAsync("uncordon", "node-2"), Is.EqualTo("node/node-2 uncordoned\n"));
        }

        Assert.That(await SayAsync("uncordon", "node-2"), Is.EqualTo("node/node-2 already uncordoned\n"));
    }

    [Test]
    public async Task A_drain_waits_for_the_budget_and_then_empties_the_node()
    {
        await RollOutAsync();
        await SayWithInputAsync(Budget(3), "apply", "-f", "-");
        var node = await SayAsync("get", "pod", "web-1", "-o", "jsonpath={.spec.nodeName}");
        try
        {
            // A pod of this set alone, whatever other tests have left on the node.
            var held = await RunAsync(null, "drain", node, "--pod-selector=app=web", "--ignore-daemonsets", "--timeout=3s");
            Assert.That(held.Code, Is.EqualTo(1), held.Output);
            Assert.That(held.Error, Does.Contain("Cannot evict pod as it would violate the pod's disruption budget."));
            await SayWithInputAsync(Budget(2), "apply", "-f", "-");
            var drained = await RunAsync(null, "drain", node, "--pod-selector=app=web", "--ignore-daemonsets", "--timeout=170s");
            Assert.That(drained.Code, Is.Zero, drained.Error);
            Assert.That(drained.Output, Does.Contain($"evicting pod {space}/web-1").Or.Contain("pod/web-1 evicted"));
            Assert.That(drained.Output, Does.Match($"node/{node} (drained|evicted)"));
            await UntilSaysAsync("node-", "get", "pod", "web-1", "--ignore-not-found", "-o", "jsonpath={.spec.nodeName}");
            await SayAsync("rollout", "status", "sts/web", "--timeout=170s");
            Assert.That(await SayAsync("get", "pod", "web-1", "-o", "jsonpath={.spec.nodeName}"), Is.Not.EqualTo(node));
        }
        finally
        {
            await SayAsync("uncordon", node);
        }
    }

    [Test]
    public async Task A_taint_is_put_on_and_taken_off()
    {
        Assert.That(await SayAsync("taint", "node", "node-2", "k=v:PreferNoSchedule"), Is.EqualTo("node/node-2 tainted\n"));
        Assert.That(await FailAsync("taint", "node", "node-2", "k=v:PreferNoSchedule"), Does.Contain("already has k taint(s) with same effect(s) and --overwrite is false"));
        Assert.That(await SayAsync("taint", "node", "node-2", "k-"), Is.EqualTo("node/node-2 untainted\n"));
    }

    [Test]
    public async Task Logs_are_read_and_what_has_none_is_refused()
    {
        await RollOutAsync();
        Assert.That(await SayAsync("logs", "web-0"), Does.StartWith("container c runs app:v1 (simulated)\n"));
        Assert.That(await SayAsync("logs", "web-0", "--tail=1"), Is.EqualTo("ready\n"));
        Assert.That(await FailAsync("logs", "nope"), Does.Contain("rror from server (NotFound): pods \"nope\" not found"));
        Assert.That(await FailAsync("logs", "web-0", "-c", "nope"), Does.Contain("container nope is not valid for pod web-0"));
    }

    [Test]
    public async Task What_needs_a_way_into_a_container_is_refused_in_clear_words()
    {
        await RollOutAsync();
        Assert.That(await FailAsync("exec", "web-0", "--", "ls"), Does.Contain("pods/exec is served only for pods that are processes"));
        Assert.That(await FailAsync("port-forward", "web-0", "8080:80"), Does.Contain("pods/portforward is not served by an embedded cluster"));
        Assert.That(await FailAsync("top", "pods"), Does.Contain("Metrics API not available").IgnoreCase);
    }

    [Test]
    public async Task Explain_knows_the_fields_of_a_kind()
    {
        var said = Squeezed(await SayAsync("explain", "statefulset.spec.updateStrategy.rollingUpdate"));
        Assert.That(said, Does.Contain("FIELDS:\n").And.Contain("partition\t<integer>").And.Contain("maxUnavailable\t<"));
        Assert.That(Squeezed(await SayAsync("explain", "pod.spec.containers.resources")), Does.Contain("limits\t<map[string]"));
        Assert.That(await FailAsync("explain", "statefulset.spec.nothing"), Does.Contain("field \"nothing\" does not exist"));
    }

    [Test]
    public async Task What_a_manifest_says_wrong_is_told_before_anything_is_written()
    {
        // Older kubectls look into the document themselves, newer ones ask the server for strict validation.
        var words = kubectl.Minor < 25
            ? "error validating data: [ValidationError(StatefulSet.spec): unknown field \"replicaz\" in io.k8s.api.apps.v1.StatefulSetSpec, ValidationError(StatefulSet.spec): missing required field \"selector\" in io.k8s.api.apps.v1.StatefulSetSpec]"
            : "strict decoding error: unknown field \"spec.replicaz\"";
        var wrong = Manifest.Split("---")[1].Replace("replicas: 3", "replicaz: 3", StringComparison.Ordinal).Replace("  selector: {matchLabels: {app: web}}\n", "", StringComparison.Ordinal);
        Assert.That(await FailWithInputAsync(wrong, "apply", "-f", "-"), Does.Contain(words));
        Assert.That(await SayAsync("get", "sts", "web", "--ignore-not-found"), Is.Empty);
    }

    [Test]
    public async Task Discovery_and_reviews_answer()
    {
        Assert.That((await SayAsync("api-versions")).Split('\n'), Does.Contain("apps/v1").And.Contain("v1").And.Contain("policy/v1"));
        Assert.That(Squeezed(await SayAsync("api-resources", "--api-group=apps")), Does.Contain("statefulsets sts apps/v1 true StatefulSet").Or.Contain("statefulsets sts apps true StatefulSet"));
        Assert.That(await SayAsync("auth", "can-i", "delete", "pods"), Is.EqualTo("yes\n"));
        Assert.That(await SayAsync("cluster-info"), Does.Contain("running at").And.Contain("https://127."));
        Assert.That(await SayAsync("get", "--raw", "/readyz"), Is.EqualTo("ok"));
    }

    private static string Budget(int least) =>
        $"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: web}}\nspec: {{minAvailable: {least}, selector: {{matchLabels: {{app: web}}}}}}\n";

    private static string Squeezed(string text) => Ages().Replace(Blanks().Replace(text, " "), "AGE").Replace(" \n", "\n", StringComparison.Ordinal);

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"\b\d+m\d+s\b|\b\d+s\b|\b\d+m\b")]
    private static partial Regex Ages();

    private string Deleted(string what) => kubectl.Minor >= 34 ? $"{what} deleted from {space} namespace\n" : $"{what} deleted\n";

    private async Task RollOutAsync()
    {
        await SayWithInputAsync(Manifest, "apply", "-f", "-");
        await SayAsync("rollout", "status", "sts/web", "--timeout=170s");
    }

    /// <summary>Asks until the answer has these words, or a deadline far beyond what it needs is over.</summary>
    private async Task UntilSaysAsync(string words, params string[] arguments)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3), TimeProvider.System);
        while (await SayAsync(arguments) is var said && !said.Contains(words, StringComparison.Ordinal))
        {
            Assert.That(deadline.IsCancellationRequested, Is.False, said);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    private Task<string> SayAsync(params string[] arguments) => SayWithInputAsync(null, arguments);

    private async Task<string> SayWithInputAsync(string? input, params string[] arguments)
    {
        var said = await RunAsync(input, arguments);
        Assert.That(said.Code, Is.Zero, $"kubectl {string.Join(' ', arguments)}: {said.Error}");
        return said.Output;
    }

    private Task<string> FailAsync(params string[] arguments) => FailWithInputAsync(null, arguments);

    private async Task<string> FailWithInputAsync(string? input, params string[] arguments)
    {
        var said = await RunAsync(input, arguments);
        Assert.That(said.Code, Is.EqualTo(1), $"kubectl {string.Join(' ', arguments)}: {said.Output}{said.Error}");
        return said.Error;
    }

    private Task<Said> RunAsync(string? input, params string[] arguments) =>
        kubectl.RunAsync(folder, cluster.Kubeconfig, space is null || arguments is ["create", "namespace", ..] ? arguments : ["-n", space, .. arguments], input);
}
