using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.ControlPlane.Controllers;

/// <summary>
/// Publishes events. The same event again (object, type, reason, message) raises the count of the first; many that differ are combined,
/// and too many are dropped (<see cref="EventCorrelator"/>). Events are written one after
/// the other behind the caller's back, and a failure to write one is no failure of the work that it tells about.
/// </summary>
/// <param name="client">The way to the API server.</param>
/// <param name="component">The source, <c>statefulset-controller</c>.</param>
/// <param name="host">The node, for a kubelet's events; otherwise empty.</param>
/// <param name="timeProvider">Clock of the time stamps.</param>
/// <param name="logger">Where failures are told.</param>
public sealed partial class EventRecorder(ClusterClient client, string component, string host, TimeProvider timeProvider, ILogger logger)
{
    private const int MostRemembered = 4096;
    private readonly Lock gate = new();
    private readonly Queue<Pending> pending = new();
    private readonly EventCorrelator correlator = new();
    private readonly Dictionary<(string Uid, string Type, string Reason, string Message), (string Name, int Count, string First)> published = [];
    private long lastStamp;
    private Task writing = Task.CompletedTask;
    private bool isWriting;

    /// <summary>Publishes one event about an object.</summary>
    /// <param name="kind">Kind of the object.</param>
    /// <param name="about">The object.</param>
    /// <param name="type"><c>Normal</c> or <c>Warning</c>.</param>
    public void Publish(ResourceKind kind, KubeObject about, string type, string reason, string message)
    {
        lock (gate)
        {
            pending.Enqueue(new Pending(kind, about, type, reason, message));
            if (isWriting)
            {
                return;
            }

            isWriting = true;
            writing = WriteAsync();
        }
    }

    /// <summary>Waits until everything published so far is written or given up.</summary>
    public Task FlushAsync()
    {
        lock (gate)
        {
            return writing;
        }
    }

    private async Task WriteAsync()
    {
        await Task.Yield();
        while (true)
        {
            Pending next;
            lock (gate)
            {
                if (!pending.TryDequeue(out Pending? found))
                {
                    isWriting = false;
                    return;
                }

                next = found;
            }

            try
            {
                await WriteAsync(next);
            }
            catch (Exception failure) when (failure is ApiFailureException or HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                Lost(logger, next.Reason, next.About.Key, failure.Message);
            }
        }
    }

    private async Task WriteAsync(Pending next)
    {
        DateTimeOffset now = timeProvider.GetUtcNow();
        string stamp = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string @namespace = next.About.Namespace.Length > 0 ? next.About.Namespace : "default";
        CorrelatedEvent correlated = correlator.Combine(next.About.Uid, next.Type, next.Reason, next.Message, now);
        next = next with { Message = correlated.Message };
        (string name, int before, string first) = published.GetValueOrDefault(correlated.Key, ("", 0, stamp));
        if (published.Count >= MostRemembered)
        {
            published.Clear();
        }

        // Counted even when it is not written: the next one that is written tells how many there were.
        published[correlated.Key] = (name, before + 1, first);
        if (!correlator.MayWrite(next.About.Uid, now))
        {
            return;
        }

        if (name.Length > 0 && await RaiseAsync(new ObjectKey(@namespace, name), correlated.Message, before + 1, stamp))
        {
            return;
        }

        published[correlated.Key] = (await CreateAsync(next, @namespace, before + 1, first, stamp), before + 1, first);
    }

    /// <summary>Raises the count of an event; false when it has expired.</summary>
    private async Task<bool> RaiseAsync(ObjectKey key, string message, int count, string stamp)
    {
        JsonObject patch = new() { ["message"] = message, ["count"] = count, ["lastTimestamp"] = stamp };
        try
        {
            await client.MergePatchAsync(ResourceKind.Events, key, patch, "", CancellationToken.None);
            return true;
        }
        catch (ApiFailureException failure) when (failure.IsNotFound)
        {
            return false;
        }
    }

    private async Task<string> CreateAsync(Pending next, string @namespace, int count, string first, string last)
    {
        while (true)
        {
            string name = $"{next.About.Name}.{Stamp():x}";
            try
            {
                await client.CreateAsync(ResourceKind.Events, @namespace, Build(next, @namespace, name, count, first, last), CancellationToken.None);
                return name;
            }
            catch (ApiFailureException failure) when (failure.IsAlreadyExists)
            {
                // Another component told of the same object on the same tick; the next stamp is free or will be.
            }
        }
    }

    private JsonObject Build(Pending next, string @namespace, string name, int count, string first, string last)
    {
        JsonObject source = new() { ["component"] = component };
        if (host.Length > 0)
        {
            source["host"] = host;
        }

        JsonObject about = new()
        {
            ["apiVersion"] = next.Kind.ApiVersion,
            ["kind"] = next.Kind.Kind,
            ["name"] = next.About.Name,
            ["uid"] = next.About.Uid,
            ["resourceVersion"] = next.About.ResourceVersion,
        };
        if (next.About.Namespace.Length > 0)
        {
            about["namespace"] = next.About.Namespace;
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = @namespace },
            ["involvedObject"] = about,
            ["type"] = next.Type,
            ["reason"] = next.Reason,
            ["message"] = next.Message,
            ["count"] = count,
            ["firstTimestamp"] = first,
            ["lastTimestamp"] = last,
            ["source"] = source,
            ["reportingComponent"] = component,
            ["reportingInstance"] = host,
        };
    }

    /// <summary>A number for an event's name: the time, made unique when two fall on the same tick.</summary>
    private long Stamp()
    {
        lastStamp = Math.Max(lastStamp + 1, timeProvider.GetUtcNow().UtcTicks);
        return lastStamp;
    }

    [LoggerMessage(4010, LogLevel.Debug, "event {Reason} about {Key} is lost: {Failure}")]
    private static partial void Lost(ILogger logger, string reason, ObjectKey key, string failure);

    private sealed record Pending(ResourceKind Kind, KubeObject About, string Type, string Reason, string Message);
}
