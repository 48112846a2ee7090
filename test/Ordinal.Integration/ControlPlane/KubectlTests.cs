using System.Net;
using NUnit.Framework;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Hosting;
using Ordinal.TestSupport;

namespace Ordinal.Integration.ControlPlane;

/// <summary>Stock kubectl against the API server over HTTPS, as a black box.</summary>
public sealed class KubectlTests
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
              containers:
              - {name: c, image: 'app:v1', env: [{name: A, value: '1'}], ports: [{containerPort: 80}]}
        """;

    private const string Crd = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: gadgets.test.dev}
        spec:
          group: test.dev
          scope: Namespaced
          names: {plural: gadgets, kind: Gadget, shortNames: [gd]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.ready}}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.size}
            - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec: {type: object, properties: {size: {type: integer, minimum: 1, default: 2}}}
                  status: {type: object, x-kubernetes-preserve-unknown-fields: true}
        """;

    private ControlPlaneHost _host = null!;
    private Kubectl _kubectl = null!;

    [SetUp]
    public async Task SetUpAsync()
    {
        _host = await ControlPlaneHost.StartAsync(
            new ApiServer(TimeProvider.System, new ApiServerOptions()),
            new ControlPlaneHostOptions(IPAddress.Parse("127.85.1.1")),
            TimeProvider.System,
            CancellationToken.None);
        _kubectl = new Kubectl(Directory.CreateTempSubdirectory("ordinal-kubectl-").FullName);
        await _host.WriteKubeconfigAsync(_kubectl.Kubeconfig, "test", CancellationToken.None);
        await _kubectl.RunAsync("apply -f -", Manifest);
    }

    [TearDown]
    public async Task TearDownAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_kubectl.Folder, recursive: true);
    }

    [Test]
    public async Task Apply_creates_configures_and_leaves_alone()
    {
        string again = await _kubectl.RunAsync("apply -f -", Manifest);
        string changed = await _kubectl.RunAsync("apply -f -", Manifest.Replace("app:v1", "app:v2", StringComparison.Ordinal));
        string image = await _kubectl.RunAsync("get sts web -o jsonpath={.spec.template.spec.containers[0].image}");
        Assert.Multiple(() =>
        {
            Assert.That(again, Is.EqualTo("service/web unchanged\nstatefulset.apps/web unchanged\n"));
            Assert.That(changed, Does.Contain("statefulset.apps/web configured"));
            Assert.That(image, Is.EqualTo("app:v2"));
        });
    }

    [Test]
    public async Task Apply_removes_what_the_manifest_no_longer_names()
    {
        await _kubectl.RunAsync("apply -f -", Manifest.Replace("env: [{name: A, value: '1'}], ", "", StringComparison.Ordinal));
        Assert.That(await _kubectl.RunAsync("get sts web -o jsonpath={.spec.template.spec.containers[0].env}"), Is.Empty);
    }

    [Test]
    public async Task Get_shows_the_real_columns()
    {
        string[] lines = (await _kubectl.RunAsync("get sts web -o wide")).Split('\n');
        Assert.Multiple(() =>
        {
            Assert.That(lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(new[] { "NAME", "READY", "AGE", "CONTAINERS", "IMAGES" }));
            Assert.That(lines[1], Does.StartWith("web    0/3     ").And.EndsWith("c            app:v1"));
        });
    }

    [Test]
    public async Task Scale_set_image_patch_label_and_annotate_say_what_they_did()
    {
        string[] said =
        [
            await _kubectl.RunAsync("scale sts/web --replicas=5"),
            await _kubectl.RunAsync("set image sts/web c=app:v3"),
            await _kubectl.RunAsync("label sts web tier=front"),
            await _kubectl.RunAsync("annotate sts web note=x"),
            await _kubectl.RunAsync("""patch sts web -p {"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"B","value":"2"}]}]}}}}"""),
            await _kubectl.RunAsync("""patch sts web --type=json -p [{"op":"replace","path":"/spec/replicas","value":4}]"""),
        ];
        string state = await _kubectl.RunAsync(
            "get sts web -o jsonpath={.spec.replicas},{.spec.template.spec.containers[0].image},{.spec.template.spec.containers[0].env[*].name},{.metadata.labels.tier}");
        Assert.Multiple(() =>
        {
            Assert.That(said, Is.EqualTo(new[]
            {
                "statefulset.apps/web scaled\n", "statefulset.apps/web image updated\n", "statefulset.apps/web labeled\n",
                "statefulset.apps/web annotated\n", "statefulset.apps/web patched\n", "statefulset.apps/web patched\n",
            }));
            Assert.That(state.Split(',')[..2], Is.EqualTo(new[] { "4", "app:v3" }));
            Assert.That(state.Split(',')[2].Split(' '), Is.EquivalentTo(new[] { "A", "B" }));
            Assert.That(state.Split(',')[3], Is.EqualTo("front"));
        });
    }

    [Test]
    public async Task Describe_shows_the_set_and_its_events()
    {
        string uid = await _kubectl.RunAsync("get sts web -o jsonpath={.metadata.uid}");
        await _kubectl.RunAsync("apply -f -", $$"""
            apiVersion: v1
            kind: Event
            metadata: {name: web.1, namespace: default}
            involvedObject: {kind: StatefulSet, name: web, namespace: default, uid: {{uid}} }
            type: Normal
            reason: Held
            message: waits for quorum
            source: {component: tests}
            """);
        string shown = await _kubectl.RunAsync("describe sts web");
        Assert.That(shown, Does.Contain("Update Strategy:    RollingUpdate").And.Contain("3 desired | 0 total").And.Contain("waits for quorum"));
    }

    [Test]
    public async Task Custom_resources_are_waited_for_listed_scaled_and_refused()
    {
        await _kubectl.RunAsync("apply -f -", Crd);
        string waited = await _kubectl.RunAsync("wait --for=condition=established crd/gadgets.test.dev --timeout=170s");
        await _kubectl.RunAsync("apply -f -", "apiVersion: test.dev/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {}");
        string scaled = await _kubectl.RunAsync("scale gd/g --replicas=7");
        string listed = await _kubectl.RunAsync("get gd");
        string refused = await _kubectl.FailAsync("""patch gd g --type=merge -p {"spec":{"size":0}}""");
        Assert.Multiple(() =>
        {
            Assert.That(waited, Does.Contain("condition met"));
            Assert.That(scaled, Is.EqualTo("gadget.test.dev/g scaled\n"));
            Assert.That(
                listed.Split('\n').Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))), Is.EqualTo(new[] { "NAME SIZE READY", "g 7", "" }));
            Assert.That(refused, Does.Contain("spec.size in body should be greater than or equal to 1"));
        });
    }

    [Test]
    public async Task Server_side_apply_conflicts_and_forces()
    {
        string refused = await _kubectl.FailAsync("apply --server-side --field-manager=other -f -", Manifest.Replace("replicas: 3", "replicas: 6", StringComparison.Ordinal));
        string forced = await _kubectl.RunAsync(
            "apply --server-side --field-manager=other --force-conflicts -f -", Manifest.Replace("replicas: 3", "replicas: 6", StringComparison.Ordinal));
        Assert.Multiple(() =>
        {
            Assert.That(refused, Does.Contain(".spec.replicas"));
            Assert.That(forced, Does.Contain("statefulset.apps/web serverside-applied"));
        });
    }

    [Test]
    public async Task A_watching_get_prints_each_change_as_a_row()
    {
        using RunningKubectl watch = _kubectl.Start("get sts web -w");
        Assert.That(await watch.ReadLineAsync(), Does.StartWith("NAME"));
        Assert.That(await watch.ReadLineAsync(), Does.Contain("0/3"));
        await _kubectl.RunAsync("scale sts/web --replicas=2");
        Assert.That(await watch.ReadLineAsync(), Does.Contain("0/2"));
    }

    [Test]
    public async Task Delete_deletes_and_what_is_gone_is_not_found()
    {
        string deleted = await _kubectl.RunAsync("delete sts web");
        string missing = await _kubectl.FailAsync("get sts web");
        Assert.Multiple(() =>
        {
            Assert.That(deleted, Does.StartWith("statefulset.apps \"web\" deleted"));
            Assert.That(missing, Is.EqualTo("Error from server (NotFound): statefulsets.apps \"web\" not found\n"));
        });
    }
}
