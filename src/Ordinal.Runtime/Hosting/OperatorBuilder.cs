using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Events;
using Ordinal.Runtime.Leadership;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Runtime.Hosting;

/// <summary>Adds an operator to a host.</summary>
public static class OperatorServices
{
    /// <summary>
    /// Registers the API client, metrics, events, expectations, the runner and the hosted service that runs it. Whoever registered an
    /// <see cref="IApiTransport"/> or a <see cref="TimeProvider"/> before keeps it.
    /// </summary>
    /// <exception cref="ArgumentException">The times do not leave room for one another.</exception>
    public static OperatorBuilder AddKubernetesOperator(this IServiceCollection services, OperatorSettings settings)
    {
        settings.LeaderElection?.Validate(settings.RequestTimeout);
        services.AddSingleton(settings);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IApiTransport>(provider => KubernetesTransport.Connect(settings.Connection, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(_ => new RuntimeMetrics(settings.MetricsPrefix));
        services.TryAddSingleton(_ => new SeededRandom(settings.Seed));
        services.AddSingleton<IKubernetesApi>(provider => new KubernetesApi(
            provider.GetRequiredService<IApiTransport>(), new KubernetesApiSettings(settings.Name, settings.RequestTimeout),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<RuntimeMetrics>()));
        services.AddSingleton(provider => new WriteExpectations(provider.GetRequiredService<IKubernetesApi>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new EventPublisher(
            provider.GetRequiredService<IKubernetesApi>(), new EventPublisherSettings(settings.Name, settings.Instance),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<RuntimeMetrics>(), Log<EventPublisher>(provider)));
        services.AddSingleton<IEventPublisher>(provider => provider.GetRequiredService<EventPublisher>());
        services.AddSingleton(provider => Compose(provider, settings));
        services.AddHostedService<OperatorService>();
        return new OperatorBuilder(services, settings);
    }

    internal static ILogger Log<TCategory>(IServiceProvider provider) => provider.GetRequiredService<ILoggerFactory>().CreateLogger<TCategory>();

    private static OperatorRunner Compose(IServiceProvider provider, OperatorSettings settings)
    {
        var elector = settings.LeaderElection is null ? null : new LeaseElector(
            provider.GetRequiredService<IKubernetesApi>(), settings.LeaderElection, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<SeededRandom>().Next(), provider.GetRequiredService<RuntimeMetrics>(), Log<LeaseElector>(provider));
        var runner = new OperatorRunner(elector, Log<OperatorRunner>(provider));
        runner.AddBackground(provider.GetRequiredService<EventPublisher>().RunAsync);
        foreach (var informer in provider.GetServices<IInformer>())
        {
            runner.Add(informer);
        }

        foreach (var controller in provider.GetServices<IControllerLoop>())
        {
            runner.Add(controller);
        }

        return runner;
    }
}

/// <summary>Hands out sources of randomness that all follow from one seed.</summary>
/// <param name="seed">The seed.</param>
public sealed class SeededRandom(int seed)
{
    private readonly Lock gate = new();
    private readonly Random source = new(seed);

    /// <summary>Returns a new source.</summary>
    public Random Next()
    {
        lock (gate)
        {
            return new Random(source.Next());
        }
    }
}

/// <summary>Says what an operator watches and which controllers it runs.</summary>
/// <param name="services">The host's services.</param>
/// <param name="settings">How the operator runs.</param>
public sealed class OperatorBuilder(IServiceCollection services, OperatorSettings settings)
{
    /// <summary>Gets the host's services.</summary>
    public IServiceCollection Services => services;

    /// <summary>Watches a kind and keeps a projection of each object; injectable as <see cref="IStore{TItem}"/> and <see cref="Informer{TItem}"/>.</summary>
    /// <typeparam name="TItem">What is kept; one informer for each such type.</typeparam>
    /// <param name="kind">The kind.</param>
    /// <param name="projection">What to keep of each object.</param>
    /// <param name="indexes">Indexes of the store.</param>
    /// <param name="informerSettings">How to watch; null for the operator's own way.</param>
    public OperatorBuilder AddInformer<TItem>(ResourceKind kind, Projection<TItem> projection, IEnumerable<StoreIndex<TItem>>? indexes = null, InformerSettings? informerSettings = null)
        where TItem : class, IStoreItem
    {
        services.AddSingleton(provider => new Informer<TItem>(
            provider.GetRequiredService<IKubernetesApi>(), kind, projection, indexes ?? [], informerSettings ?? settings.Informers,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<SeededRandom>().Next(),
            provider.GetRequiredService<RuntimeMetrics>(), OperatorServices.Log<Informer<TItem>>(provider)));
        services.AddSingleton<IInformer>(provider => provider.GetRequiredService<Informer<TItem>>());
        services.AddSingleton(provider => provider.GetRequiredService<Informer<TItem>>().Store);
        return this;
    }

    /// <summary>Adds a controller for the objects of a store.</summary>
    /// <typeparam name="TController">The controller, made from the host's services.</typeparam>
    /// <typeparam name="TEntity">What the store keeps; add its informer as well.</typeparam>
    /// <param name="name">The controller's name in metrics and logs; null for the kind's plural.</param>
    /// <param name="controllerSettings">Workers, limits, delays; null for the defaults.</param>
    /// <param name="configure">Adds what else the loop watches.</param>
    public OperatorBuilder AddController<TController, TEntity>(string? name = null, ControllerSettings? controllerSettings = null, Action<IServiceProvider, ControllerLoop<TEntity>>? configure = null)
        where TController : class, IEntityController<TEntity>
        where TEntity : class, IStoreItem
    {
        services.TryAddSingleton<TController>();
        services.AddSingleton(provider =>
        {
            var store = provider.GetRequiredService<IStore<TEntity>>();
            var loop = new ControllerLoop<TEntity>(
                name ?? store.Kind.Plural, store, provider.GetRequiredService<TController>(), controllerSettings ?? new ControllerSettings(),
                provider.GetRequiredService<WriteExpectations>(), provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<RuntimeMetrics>(), OperatorServices.Log<ControllerLoop<TEntity>>(provider));
            configure?.Invoke(provider, loop);
            return loop;
        });
        services.AddSingleton<IControllerLoop>(provider => provider.GetRequiredService<ControllerLoop<TEntity>>());
        return this;
    }
}

/// <summary>Runs the runner for as long as the host runs; a runner that breaks stops the host.</summary>
internal sealed partial class OperatorService(OperatorRunner runner, IHostApplicationLifetime lifetime, ILogger<OperatorService> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private Task running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = RunAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        try
        {
            await running.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            LogStuck();
        }
    }

    public void Dispose() => stopping.Dispose();

    private async Task RunAsync()
    {
        try
        {
            await runner.RunAsync(stopping.Token);
        }
#pragma warning disable CA1031 // Whatever it is, the process must end and say so: a watch that died alone looks like a quiet cluster.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogBroken(error);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(1511, LogLevel.Critical, "the operator broke and stops")]
    private partial void LogBroken(Exception error);

    [LoggerMessage(1512, LogLevel.Warning, "the operator did not come to an end in time")]
    private partial void LogStuck();
}
