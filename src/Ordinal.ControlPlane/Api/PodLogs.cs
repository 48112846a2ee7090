using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers <c>pods/log</c> from the registered sources.</summary>
internal sealed class PodLogs(TimeProvider timeProvider, RevisionedStore store, LogSources sources)
{
    /// <summary>Reads a whole log.</summary>
    /// <exception cref="ApiRefusalException">There is no such pod, container or log.</exception>
    public async Task<ApiAnswer> ReadAsync(ResourceType pods, RequestTarget target, ApiRequest request, CancellationToken cancellationToken)
    {
        await using IApiFeed feed = await OpenAsync(pods, target, request, cancellationToken);
        var buffer = new ArrayBufferWriter<byte>();
        while (await feed.ReadAsync(cancellationToken) is { } chunk)
        {
            buffer.Write(chunk.Span);
        }

        return new ApiAnswer(200, buffer.WrittenMemory) { ContentType = "text/plain" };
    }

    /// <summary>Opens a log.</summary>
    /// <exception cref="ApiRefusalException">There is no such pod, container or log.</exception>
    public async Task<IApiFeed> OpenAsync(ResourceType pods, RequestTarget target, ApiRequest request, CancellationToken cancellationToken)
    {
        StoredObject stored = store.Find(new StoreKey(pods.StorageName, target.Namespace, target.Name)) ?? throw Refuse.NotFound(pods, target.Name);
        JsonObject pod = stored.Parse();
        string container = ChooseContainer(pod, target.Name, request.Text("container"));
        if (string.IsNullOrEmpty(pod.Child("spec").Text("nodeName")))
        {
            throw Refuse.BadRequest($"pod {target.Name} does not have a host assigned");
        }

        DateTimeOffset? since = request.Number("sinceSeconds") is { } seconds ? timeProvider.GetUtcNow().AddSeconds(-seconds) : null;
        if (request.Text("sinceTime") is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
        {
            since = time;
        }

        var asked = new LogRequest(target.Namespace, target.Name, container)
        {
            Follow = request.Flag("follow"),
            Previous = request.Flag("previous"),
            Timestamps = request.Flag("timestamps"),
            TailLines = request.Number("tailLines"),
            LimitBytes = request.Number("limitBytes"),
            Since = since,
        };
        return await sources.OpenAsync(asked, cancellationToken)
            ?? throw Refuse.BadRequest($"container \"{container}\" in pod \"{target.Name}\" is waiting to start: ContainerCreating");
    }

    private static string ChooseContainer(JsonObject pod, string podName, string? asked)
    {
        string[] containers = NamesOf(pod, "containers");
        string[] all = [.. containers, .. NamesOf(pod, "initContainers"), .. NamesOf(pod, "ephemeralContainers")];
        if (asked is not null)
        {
            return all.Contains(asked) ? asked : throw Refuse.BadRequest($"container {asked} is not valid for pod {podName}");
        }

        return containers.Length == 1
            ? containers[0]
            : throw Refuse.BadRequest($"a container name must be specified for pod {podName}, choose one of: [{string.Join(' ', containers)}]");
    }

    private static string[] NamesOf(JsonObject pod, string list) =>
        [.. (pod.Child("spec").List(list) ?? []).Select(c => (c as JsonObject).Text("name") ?? "")];
}
