using System.Threading.Channels;
using Ordinal.Operator.View;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Cli.Verbs;

/// <summary>
/// Says that something has changed; what, is then read. It watches where it may: without the right to watch, or while a watch is broken, the
/// caller's own limit is all that wakes it, so a verb stays right and only gets slower.
/// </summary>
internal sealed class ChangeFeed : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CliSession session;
    private readonly CancellationTokenSource stopping = new();
    private readonly Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<Task> running;

    public ChangeFeed(CliSession session, string? inNamespace, params IEnumerable<ResourceKind> kinds)
    {
        this.session = session;
        running = [.. kinds.Select(kind => FollowAsync(kind, inNamespace, stopping.Token))];
    }

    /// <summary>Waits for a change since the last call, at most for so long.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, session.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await changes.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is up.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running);
        stopping.Dispose();
    }

    private async Task FollowAsync(ResourceKind kind, string? inNamespace, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var path = kind.CollectionPath(inNamespace);
                using var page = EntityJson.Parse((await session.Api.SendAsync(new ApiRequest("GET", path + "?limit=1"), cancellationToken)).Body);
                var version = page.RootElement.Member("metadata").Text("resourceVersion");
                await using var lines = await session.Api.OpenAsync(new ApiRequest("GET", $"{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion={version}"), cancellationToken);

                // What changed before the watch began.
                changes.Writer.TryWrite(true);
                while (await lines.ReadLineAsync(cancellationToken) is { } line)
                {
                    using var change = EntityJson.Parse(line.ToArray());
                    if (change.RootElement.Text("type") is not ("BOOKMARK" or "ERROR"))
                    {
                        changes.Writer.TryWrite(true);
                    }
                }
            }
            catch (ApiException error) when (error.Kind is ApiErrorKind.Forbidden or ApiErrorKind.Unauthorized)
            {
                return;
            }
            catch (Exception error) when (error is ApiException or HttpRequestException or IOException)
            {
                // Begun again below.
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await Task.Delay(Pause, session.Time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
