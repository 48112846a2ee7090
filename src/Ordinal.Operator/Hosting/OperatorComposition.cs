using Microsoft.Extensions.Logging;
using Ordinal.Gates;
using Ordinal.Operator.Actuating;
using Ordinal.Operator.Api;
using Ordinal.Operator.Metrics;
using Ordinal.Operator.Observing;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;
using Ordinal.Runtime.Hosting;
using Ordinal.Runtime.Leadership;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Operator.Hosting;

/// <summary>
/// Builds the whole operator out of a transport, a clock and a source of randomness: no host, no thread pool, no sockets of its own.
/// `ordinal run` gives it the real ones, a simulation gives it its own.
/// </summary>
[PolicyRule(Groups = ["coordination.k8s.io"], Resources = ["leases"], Verbs = RbacVerb.Create, Role = "leader-election")]
[PolicyRule(Groups = ["coordination.k8s.io"], Resources = ["leases"], ResourceNames = [LeaseName], Verbs = RbacVerb.Get | RbacVerb.Patch, Role = "leader-election")]
[PolicyRule(Groups = ["events.k8s.io"], Resources = ["events"], Verbs = RbacVerb.Create | RbacVerb.Patch)]
public sealed class OperatorComposition : IDisposable
{
    /// <summary>The lease's name unless the command line gives another one; the role in <c>config/rbac</c> allows this one.</summary>
    public const string LeaseName = "ordinal-operator";

    private readonly RuntimeMetrics metrics;
    private readonly ControllerLoop<V1Alpha1RolloutPolicy> policyLoop;
    private readonly ControllerLoop<V1Alpha1StatefulSetRollout> rolloutLoop;

    /// <summary>Builds the operator; nothing is sent before <see cref="RunAsync"/>.</summary>
    /// <param name="transport">The way to the API server.</param>
    /// <param name="options">How to run.</param>
    /// <param name="gateFactory">Makes gates; null for the real ones.</param>
    /// <param name="timeProvider">All delays, limits and times.</param>
    /// <param name="random">Jitter only.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <exception cref="ArgumentException">The lease's times leave no room for one another.</exception>
    public OperatorComposition(IApiTransport transport, OperatorOptions options, IGateFactory? gateFactory, TimeProvider timeProvider, Random random, ILoggerFactory loggers)
    {
        options.LeaderElection?.Validate(options.RequestTimeout);
        metrics = new RuntimeMetrics("ordinal");
        var api = new KubernetesApi(transport, new KubernetesApiSettings(OrdinalNames.FieldManager, options.RequestTimeout), timeProvider, metrics);
        Api = api;
        Stores = new StoreBuilder(Api, options, timeProvider, random, metrics, loggers.CreateLogger("Ordinal.Stores")).Build();

        IKubernetesApi calm = new RestingApi(Api, timeProvider);
        var policyExpectations = new WriteExpectations(calm, timeProvider);
        var rolloutExpectations = new WriteExpectations(calm, timeProvider);
        var setExpectations = new WriteExpectations(calm, timeProvider);
        var events = new EventPublisher(Api, new EventPublisherSettings("ordinal.dev/operator", options.Identity), timeProvider, metrics, loggers.CreateLogger<EventPublisher>());
        Measures = new OperatorMetrics(Stores, timeProvider);
        var queue = new RolloutPrecedence(Stores);
        var rolloutStatuses = new StatusWriter(calm, rolloutExpectations, timeProvider);
        var observer = new Observer(Stores);
        var targets = new PolicyTargets(Stores);
        var keeper = new GateKeeper(timeProvider, loggers.CreateLogger<GateKeeper>());
        var announcer = new Announcer(events, timeProvider);
        var book = new GateBook(new MeasuredGateFactory(gateFactory ?? new GateFactory(calm, PodExec.Over(transport), timeProvider), Measures, timeProvider), timeProvider);
        var actuator = new Actuator(calm, Stores, setExpectations, keeper, timeProvider);

        var services = new ServiceReader(calm);
        var births = new RolloutBirths(calm, Stores, policyExpectations);
        var probe = new RestProbe(book, keeper, timeProvider);
        var zones = new ZoneGroups(targets, observer, births, probe, timeProvider);

        var reverts = new GroupReverts(calm, Stores, announcer);
        var rollouts = new RolloutController(
            new RolloutParts
            {
                Stores = Stores,
                Frames = new RolloutFrames(Stores, targets, observer, queue, options.Gates, zones, timeProvider),
                Lifespan = new RolloutLifespan(calm, Stores, reverts, rolloutExpectations, timeProvider),
                Reverts = reverts,
                Gates = book,
                Keeper = keeper,
                Actuator = actuator,
                Services = services,
                Creations = new CreateFailures(calm, timeProvider),
                Undone = new UndoneReleases(calm, Stores, setExpectations),
                Statuses = rolloutStatuses,
                Requests = new RequestPreparation(calm, Stores, queue, rolloutStatuses, setExpectations, timeProvider, loggers.CreateLogger<RequestPreparation>()),
                Metrics = Measures,
                Announcer = announcer,
                SetExpectations = setExpectations,
            },
            timeProvider,
            loggers.CreateLogger<RolloutController>());
        var policies = new PolicyController(
            new PolicyParts
            {
                Stores = Stores,
                Targets = targets,
                Observer = observer,
                Gates = book,
                Keeper = keeper,
                Actuator = actuator,
                Statuses = new StatusWriter(calm, policyExpectations, timeProvider),
                Metrics = Measures,
                Announcer = announcer,
                SetExpectations = setExpectations,
                Probe = probe,
                Native = new NativeCheck(services, timeProvider),
                Births = births,
                Zones = zones,
                Turns = new RolloutTurns(() => [.. Stores.Rollouts.Items.List(null)], options.MaxActiveRollouts),
                Finalizers = new PolicyFinalizers(calm, Stores, policyExpectations),
                GatesMode = options.Gates,
            },
            timeProvider,
            loggers.CreateLogger<PolicyController>());

        var settings = new ControllerSettings { Workers = options.Workers };
        policyLoop = new ControllerLoop<V1Alpha1RolloutPolicy>("rolloutpolicy", Stores.Policies.Items, policies, settings, policyExpectations, timeProvider, metrics, loggers.CreateLogger("Ordinal.PolicyLoop"));
        rolloutLoop = new ControllerLoop<V1Alpha1StatefulSetRollout>("statefulsetrollout", Stores.Rollouts.Items, rollouts, settings, rolloutExpectations, timeProvider, metrics, loggers.CreateLogger("Ordinal.RolloutLoop"));
        new LoopWiring(Stores, targets).Connect(policyLoop, rolloutLoop, setExpectations);

        Elector = options.LeaderElection is { } election
            ? new LeaseElector(Api, election, timeProvider, new Random(random.Next()), metrics, loggers.CreateLogger<LeaseElector>())
            : null;
        api.BeforeWrite = Elector is null ? null : Elector.EndTermIfOver;
        Runner = new OperatorRunner(Elector, loggers.CreateLogger<OperatorRunner>())
            .Add(Stores.Policies.Informer)
            .Add(Stores.Rollouts.Informer)
            .Add(Stores.Sets.Informer)
            .Add(Stores.Pods.Informer)
            .Add(Stores.Budgets.Informer)
            .Add(Stores.Revisions.Informer)
            .Add(policyLoop)
            .Add(rolloutLoop)
            .AddBackground(events.RunAsync);
    }

    /// <summary>Gets the API as the operator uses it.</summary>
    public IKubernetesApi Api { get; }

    /// <summary>Gets what is watched.</summary>
    public OperatorStores Stores { get; }

    /// <summary>Gets the elector; null without leader election.</summary>
    public LeaseElector? Elector { get; }

    /// <summary>Gets the runner, for probes.</summary>
    public OperatorRunner Runner { get; }

    /// <summary>Gets the domain's metrics, for an exporter.</summary>
    public OperatorMetrics Measures { get; }

    /// <summary>Gets the runtime's metrics, for an exporter.</summary>
    public RuntimeMetrics Metrics => metrics;

    /// <summary>Runs until cancelled, which is a normal return.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Runner.RunAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        policyLoop.Dispose();
        rolloutLoop.Dispose();
        Measures.Dispose();
        metrics.Dispose();
    }
}
