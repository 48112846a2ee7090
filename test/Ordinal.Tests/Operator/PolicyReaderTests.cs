using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Api;
using Ordinal.Operator.Reconciling;

namespace Ordinal.Tests.Operating;

public sealed class PolicyReaderTests
{
    [Test]
    public void An_empty_policy_has_the_planners_defaults()
    {
        var reading = PolicyReader.Read("web", Spec());
        Assert.That(reading.Problems, Is.Empty);
        Assert.That(reading.Policy with { Gates = [] }, Is.EqualTo(new UpdatePolicy { Gates = [] }).Using<UpdatePolicy>((one, other) => one.ToString() == other.ToString()));
    }

    [Test]
    public void The_schemas_defaults_are_the_planners()
    {
        // A server fills the schema's defaults in; an operator without them must come to the same policy.
        var defaulted = Spec(update: new UpdateSpec
        {
            Driver = "Auto", PodOrder = "OrdinalDescending", MaxUnavailable = 1, ZoneStrategy = "OneAtATime", MinReadyDuration = "10s", ZoneSoak = "0s",
            PodDeadline = "15m", RolloutDeadline = "6h", OnFailure = "Halt", StuckPods = "ReplaceStale", PodRemoval = "Evict",
        });
        Assert.That(PolicyReader.Read("web", defaulted).Policy.ToString(), Is.EqualTo(PolicyReader.Read("web", Spec()).Policy.ToString()));
    }

    [TestCase("0")]
    [TestCase("0%")]
    [TestCase("101%")]
    [TestCase("-1")]
    [TestCase("many")]
    public void A_budget_that_cannot_work_is_refused(string budget)
    {
        var problem = Only(Spec(update: new UpdateSpec { MaxUnavailable = budget }));
        Assert.That(problem.Reason.Code, Is.EqualTo("InvalidPolicy"));
        Assert.That(problem.Message, Does.Contain("spec.update.maxUnavailable").And.Contain(budget).And.Contain("at least 1"));
    }

    [Test]
    public void A_budget_of_zero_as_a_number_is_refused() =>
        Assert.That(Only(Spec(update: new UpdateSpec { MaxUnavailable = 0 })).Message, Does.Contain("spec.update.maxUnavailable is 0"));

    [Test]
    public void Zones_are_read()
    {
        var spec = Spec(update: new UpdateSpec { ZoneStrategy = "Parallel", ZoneSoak = "10m" });
        spec.Targets = new TargetsSpec { StatefulSets = [new TargetSpec { Name = "web-a", Zone = "a" }, new TargetSpec { Name = "web-b", Zone = "b" }] };
        var reading = PolicyReader.Read("web", spec);
        Assert.Multiple(() =>
        {
            Assert.That(reading.Problems, Is.Empty);
            Assert.That((reading.ZoneStrategy, reading.ZoneSoak), Is.EqualTo((ZoneStrategy.Parallel, TimeSpan.FromMinutes(10))));
        });
    }

    [Test]
    public void Steps_are_read_with_their_pauses()
    {
        var reading = PolicyReader.Read("web", Spec(update: new UpdateSpec
        {
            PodOrder = "OrdinalAscending",
            Steps = [new StepSpec { Name = "canary", Pods = 1, Pause = new PauseSpec() }, new StepSpec { Pods = "50%", Pause = new PauseSpec { Duration = "10m" } }, new StepSpec { Pods = "100%" }],
        }));
        Assert.Multiple(() =>
        {
            Assert.That(reading.Problems, Is.Empty);
            Assert.That(reading.Policy.Order, Is.EqualTo(PodOrderKind.OrdinalAscending));
            Assert.That(reading.Policy.Steps.Select(step => $"{step.Name} {step.Pods} {(step.Pause is null ? "none" : step.Pause.Duration?.TotalMinutes.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "approval")}"), Is.EqualTo(["canary 1 approval", " 50% 10", " 100% none"]));
        });
    }

    [TestCaseSource(nameof(NotThereYet))]
    public void What_is_not_there_yet_is_refused_with_a_remedy(RolloutPolicySpec spec, string field)
    {
        var problem = Only(spec);
        Assert.That(problem.Reason.Code, Is.EqualTo("NotSupported"));
        Assert.That(problem.Message, Does.Contain(field).And.Contain("not supported by this version").And.Contain(';'));
    }

    public static IEnumerable<object[]> NotThereYet =>
    [
        [new RolloutPolicySpec { Targets = One(), Scale = new ScaleSpec { Mode = "Gate" } }, "scale.mode"],
        [new RolloutPolicySpec { Targets = One(), Notifications = [new NotificationSpec { WebhookSecretName = "s" }] }, "spec.notifications"],
    ];

    [TestCaseSource(nameof(Wrong))]
    public void What_cannot_work_is_refused(RolloutPolicySpec spec, string words)
    {
        var problem = Only(spec);
        Assert.That(problem.Reason.Code, Is.EqualTo("InvalidPolicy"));
        Assert.That(problem.Message, Does.Contain(words));
    }

    private static WindowsSpec Window(string zone, string start, string duration, params string[] days) =>
        new() { TimeZone = zone, Allow = [new WindowSpec { Start = start, Duration = duration, Days = days.Length == 0 ? null : days }] };

    public static IEnumerable<object[]> Wrong =>
    [
        [new RolloutPolicySpec(), "exactly one of statefulSets and selector"],
        [new RolloutPolicySpec { Targets = new TargetsSpec { Selector = new SelectorSpec() } }, "every StatefulSet of the namespace"],
        [Spec(update: new UpdateSpec { PodOrder = "LeaderLast" }), "no gate can tell which pod leads"],
        [Spec(update: new UpdateSpec { PodOrder = "LeaderLast", Driver = "Partition" }, gates: [Etcd()]), "podOrder LeaderLast needs driver Auto or OnDelete"],
        [Spec(update: new UpdateSpec { Driver = "Partition", MaxUnavailable = 2 }), "one pod at a time"],
        [new RolloutPolicySpec { Targets = new TargetsSpec { StatefulSets = [new TargetSpec { Name = "a" }, new TargetSpec { Name = "b" }] }, Update = new UpdateSpec { Driver = "Native" } }, "cannot go zone by zone"],
        [Spec(update: new UpdateSpec { Driver = "Native", MaxUnavailable = 2 }), "driver Native takes one pod at a time"],
        [Spec(update: new UpdateSpec { Driver = "Native", PodOrder = "OrdinalAscending" }), "driver Native takes pods from the highest"],
        [Spec(update: new UpdateSpec { Steps = [new StepSpec { Pods = "50%" }, new StepSpec { Pods = "20%" }] }), "steps are cumulative"],
        [Spec(update: new UpdateSpec { Steps = [new StepSpec()] }), "spec.update.steps[0].pods is missing"],
        [Spec(update: new UpdateSpec { Steps = [new StepSpec { Pods = 1, Pause = new PauseSpec { Duration = "soon" } }] }), "pause.duration"],
        [new RolloutPolicySpec { Targets = One(), Windows = Window("Mars/Olympus", "09:00", "1h") }, "spec.windows.timeZone"],
        [new RolloutPolicySpec { Targets = One(), Windows = Window("Etc/UTC", "25:00", "1h") }, "write the time of day as 09:00"],
        [new RolloutPolicySpec { Targets = One(), Windows = Window("Etc/UTC", "09:00", "0s") }, "longer than 0s"],
        [new RolloutPolicySpec { Targets = One(), Windows = Window("Etc/UTC", "09:00", "169h") }, "at most"],
        [new RolloutPolicySpec { Targets = One(), Windows = Window("Etc/UTC", "09:00", "1h", "Funday") }, "does not know"],
        [Spec(update: new UpdateSpec { PodDeadline = "10s" }), "must be longer than minReadyDuration"],
        [Spec(update: new UpdateSpec { MinReadyDuration = "soon" }), "write a duration as"],
        [Spec(update: new UpdateSpec { Driver = "Sideways" }), "does not know"],
        [Spec(gates: [Etcd(), Etcd()]), "two gates have this name"],
        [Spec(gates: [new GateSpec { Name = "e", Type = "Etcd" }]), "has no etcd part"],
        [Spec(gates: [new GateSpec { Name = "e", Type = "Redis" }]), "does not know"],
        [Spec(gates: [new GateSpec { Name = "k", Type = "Kafka" }]), "has no kafka part"],
        [Spec(gates: [Kafka(kafka => kafka.BootstrapServers = " ")]), "bootstrapServers is empty"],
        [Spec(gates: [Kafka(kafka => kafka.Guarantee = "Best")]), "guarantee is \"Best\""],
        [Spec(gates: [Kafka(kafka => kafka.StuckReplicaAfter = "soon")]), "stuckReplicaAfter is \"soon\""],
        [Spec(gates: [Kafka(kafka => kafka.NodeIdOffset = -1)]), "cannot be negative"],
        [Spec(gates: [Kafka(kafka => kafka.Metrics = new KafkaMetricsSpec())]), "metrics.port is 0"],
        [Spec(gates: [Kafka(kafka => kafka.Sasl = new SaslSpec { Mechanism = "PLAIN", Token = new BearerSecretSpec { SecretName = "t" } })]), "OAUTHBEARER needs token"],
        [Spec(gates: [Gate(gate => gate.SuccessThreshold = 0)]), "1 to 100"],
        [Spec(gates: [Gate(gate => gate.RunAt = [])]), "never be asked"],
        [Spec(gates: [Gate(gate => gate.OnTimeout = "Continue")]), "does not know"],
        [Spec(gates: [Gate(gate => gate.Etcd!.Port = 70000)]), "1 to 65535"],
    ];

    [Test]
    public void Leader_last_with_an_etcd_gate_is_fine()
    {
        var reading = PolicyReader.Read("etcd", Spec(update: new UpdateSpec { PodOrder = "LeaderLast", MinReadyDuration = "2s" }, gates: [Etcd()]));
        Assert.That(reading.Problems, Is.Empty);
        Assert.That(reading.Policy.Order, Is.EqualTo(PodOrderKind.LeaderLast));
        Assert.That(reading.Policy.Gates.Single(), Is.EqualTo(new GatePolicy { Name = "etcd", Type = "Etcd", TellsRoles = true }));
    }

    [Test]
    public void A_Kafka_gate_tells_who_leads()
    {
        var reading = PolicyReader.Read("kafka", Spec(update: new UpdateSpec { PodOrder = "LeaderLast" }, gates: [Kafka(_ => { })]));
        Assert.That(reading.Problems, Is.Empty);
        Assert.That(reading.Policy.Gates.Single(), Is.EqualTo(new GatePolicy { Name = "kafka", Type = "Kafka", TellsRoles = true }));
    }

    [Test]
    public void A_name_that_leaves_no_room_is_refused() =>
        Assert.That(PolicyReader.Read(new string('a', 53), Spec()).Problems.Single().Message, Does.Contain("53 characters"));

    [Test]
    public void All_problems_are_told_at_once() =>
        Assert.That(PolicyReader.Read("web", Spec(update: new UpdateSpec { MaxUnavailable = 0, Driver = "Sideways" })).Problems, Has.Length.EqualTo(2));

    private static PolicyProblem Only(RolloutPolicySpec spec) => PolicyReader.Read("web", spec).Problems.Single();

    private static TargetsSpec One() => new() { StatefulSets = [new TargetSpec { Name = "web" }] };

    private static RolloutPolicySpec Spec(UpdateSpec? update = null, IReadOnlyList<GateSpec>? gates = null) => new() { Targets = One(), Update = update, Gates = gates };

    private static GateSpec Etcd() => new() { Name = "etcd", Type = "Etcd", Etcd = new EtcdGateSpec() };

    private static GateSpec Kafka(Action<KafkaGateSpec> change)
    {
        var part = new KafkaGateSpec { BootstrapServers = "kafka:9092" };
        change(part);
        return new GateSpec { Name = "kafka", Type = "Kafka", Kafka = part };
    }

    private static GateSpec Gate(Action<GateSpec> change)
    {
        var gate = Etcd();
        change(gate);
        return gate;
    }
}
