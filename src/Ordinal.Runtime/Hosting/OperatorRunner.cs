using Microsoft.Extensions.Logging;
using Ordinal.Runtime.Cache;
using Ordinal.Runtime.Controllers;
using Ordinal.Runtime.Leadership;

namespace Ordinal.Runtime.Hosting;

/// <summary>
/// Composes informers, background loops and controllers into one <see cref="RunAsync"/>, from explicit objects and without a host,
/// so that a simulation can run it on one thread. Informers and background loops run all the time; controllers run in terms. At the
/// start of each term every informer lists anew (a quorum read), then <see cref="OnStartedLeadingAsync"/> is called, and only then
/// does the first controller act.
/// </summary>
/// <param name="elector">Decides about terms; null makes the whole run one term.</param>
/// <param name="logger">Hears of the phases.</param>
public sealed partial class OperatorRunner(LeaseElector? elector, ILogger logger)
{
    private readonly List<IInformer> informers = [];
    private readonly List<IControllerLoop> controllers = [];
    private readonly List<Func<CancellationToken, Task>> background = [];

    /// <summary>Gets or sets what is done in a new term after the stores are fresh and before the first pass.</summary>
    public Func<CancellationToken, Task>? OnStartedLeadingAsync { get; set; }

    /// <summary>Gets a value indicating whether all stores have their first list; the answer for a readiness probe.</summary>
    public bool IsReady => informers.TrueForAll(informer => informer.Items.HasSynced);

    /// <summary>Gets a value indicating whether this process may act now.</summary>
    public bool IsLeading { get; private set; }

    /// <summary>Gets the stores, for probes and diagnostics.</summary>
    public IEnumerable<IStore> Stores => informers.Select(informer => informer.Items);

    /// <summary>Adds an informer.</summary>
    public OperatorRunner Add(IInformer informer)
    {
        informers.Add(informer);
        return this;
    }

    /// <summary>Adds a controller's loop.</summary>
    public OperatorRunner Add(IControllerLoop controller)
    {
        controllers.Add(controller);
        return this;
    }

    /// <summary>Adds a loop that runs on leaders and standbys alike, such as an event publisher's.</summary>
    public OperatorRunner AddBackground(Func<CancellationToken, Task> loopAsync)
    {
        background.Add(loopAsync);
        return this;
    }

    /// <summary>Runs until cancelled, which is a normal return once all loops have ended. A loop that breaks ends all, and throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var loops = new List<Task>();
        loops.AddRange(informers.Select(informer => GuardAsync(informer.RunAsync, all)));
        loops.AddRange(background.Select(loop => GuardAsync(loop, all)));
        loops.Add(GuardAsync(StandAsync, all));
        await Task.WhenAll(loops);
    }

    /// <summary>Ends all loops when one of them breaks: an operator half alive is worse than one that is restarted.</summary>
    private static async Task GuardAsync(Func<CancellationToken, Task> loopAsync, CancellationTokenSource all)
    {
        try
        {
            await loopAsync(all.Token);
        }
        catch (OperationCanceledException) when (all.IsCancellationRequested)
        {
            // Stopping.
        }
        catch
        {
            all.Cancel();
            throw;
        }
    }

    private async Task StandAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(informers.Select(informer => informer.WaitForSyncAsync(cancellationToken)));
        LogSynced(informers.Count);
        if (elector is null)
        {
            await LeadAsync(isFresh: true, cancellationToken);
        }
        else
        {
            await elector.RunAsync(term => LeadAsync(isFresh: false, term), cancellationToken);
        }
    }

    private async Task LeadAsync(bool isFresh, CancellationToken termToken)
    {
        if (!isFresh)
        {
            await Task.WhenAll(informers.Select(informer => informer.RelistAsync(termToken)));
        }

        if (OnStartedLeadingAsync is not null)
        {
            await OnStartedLeadingAsync(termToken);
        }

        IsLeading = true;
        try
        {
            await Task.WhenAll(controllers.Select(controller => controller.RunAsync(termToken)));
        }
        finally
        {
            IsLeading = false;
        }
    }

    [LoggerMessage(1501, LogLevel.Information, "{Count} stores are in sync")]
    private partial void LogSynced(int count);
}
