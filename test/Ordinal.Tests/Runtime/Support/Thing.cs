using Microsoft.Extensions.Logging.Abstractions;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Tests.Runtime.Support;

/// <summary>A small projection.</summary>
internal sealed record Thing(NamespacedName Key, string Uid, string ResourceVersion, long Generation, bool IsTerminating, string Colour) : IStoreItem
{
    public static readonly ResourceKind Kind = new("example.dev", "v1", "Thing", "things", IsNamespaced: true);

    public static readonly StoreIndex<Thing> ByColour = new("colour", thing => [thing.Colour]);

    public static Thing Read(System.Text.Json.JsonElement element, StringPool strings)
    {
        var metadata = element.Member("metadata");
        return metadata.Text("name") == "unreadable"
            ? throw new FormatException("a thing nobody can read")
            : new Thing(
                new NamespacedName(strings.Intern(metadata, "namespace"), metadata.Text("name")), metadata.Text("uid"), metadata.Text("resourceVersion"),
                metadata.WholeNumber("generation"), metadata.Member("deletionTimestamp").ValueKind == System.Text.Json.JsonValueKind.String, strings.Intern(element, "colour"));
    }
}

/// <summary>What most tests need: a server, the API over it, an informer that runs.</summary>
internal sealed class Fixture : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;

    public Fixture(VirtualWorld world, InformerSettings? settings = null)
    {
        World = world;
        Api = new KubernetesApi(Server, new KubernetesApiSettings("test", TimeSpan.FromSeconds(4)), world.Time, Metrics);
        Informer = new Informer<Thing>(Api, Thing.Kind, Thing.Read, [Thing.ByColour], settings ?? new InformerSettings(), world.Time, new Random(1), Metrics, NullLogger.Instance);
        Informer.Store.Subscribe(change => Changes.Add((change.Old, change.New) switch
        {
            (null, var now) => $"+{now!.Key.Name}",
            (var old, null) => $"-{old!.Key.Name}",
            var (_, now) => $"~{now!.Key.Name}",
        }));
    }

    public VirtualWorld World { get; }

    public FakeServer Server { get; } = new();

    public RuntimeMetrics Metrics { get; } = new("test");

    public KubernetesApi Api { get; }

    public Informer<Thing> Informer { get; }

    public IStore<Thing> Store => Informer.Store;

    public List<string> Changes { get; } = [];

    public CancellationToken Stopping => stop.Token;

    /// <summary>Starts the informer and waits for the first list and watch.</summary>
    public async Task StartAsync()
    {
        running = Informer.RunAsync(stop.Token);
        await Informer.WaitForSyncAsync(stop.Token);
        await World.UntilAsync(() => Server.Watches.Count > 0, "a watch is open");
    }

    public async Task StopAsync()
    {
        stop.Cancel();
        await running;
    }

    public void Dispose()
    {
        stop.Dispose();
        Metrics.Dispose();
    }
}
