using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers <c>pods/log</c> from the registered sources.</summary>
internal sealed class PodLogs(TimeProvider timeProvider, RevisionedStore store, ResourceType nodes, LogSources sources)
{
    /// <summary>Reads a whole log.</summary>
    /// <exception cref="ApiRefusalException">There is no such pod, container or log.</exception>
    public async Task<ApiAnswer> ReadAsync(ResourceType pods, RequestTarget target, ApiRequest request, CancellationToken cancellationToken)
    {
        IApiFeed? opened = await OpenAsync(pods, target, request, cancellationToken);
        if (opened is null)
        {
            return new ApiAnswer(204, default);
        }

        await using IApiFeed feed = opened;
        var buffer = new ArrayBufferWriter<byte>();
        while (await feed.ReadAsync(cancellationToken) is { } chunk)
        {
            buffer.Write(chunk.Span);
        }

        return new ApiAnswer(200, buffer.WrittenMemory) { ContentType = "text/plain" };
    }

    /// <summary>Opens a log; null when the pod has no node yet, and so nothing to say.</summary>
    /// <exception cref="ApiRefusalException">There is no such pod, container or log.</exception>
    public async Task<IApiFeed?> OpenAsync(ResourceType pods, RequestTarget target, ApiRequest request, CancellationToken cancellationToken)
    {
        Options options = Options.Read(request, target.Name);
        StoredObject stored = store.Find(new StoreKey(pods.StorageName, target.Namespace, target.Name)) ?? throw Refuse.NotFound(pods, target.Name);
        JsonObject pod = stored.Parse();
        string container = ChooseContainer(pod, target.Name, request.Text("container"));
        if (string.IsNullOrEmpty(pod.Child("spec").Text("nodeName")))
        {
            return null;
        }

        var asked = new LogRequest(target.Namespace, target.Name, container)
        {
            Follow = request.Flag("follow"),
            Previous = request.Flag("previous"),
            Timestamps = request.Flag("timestamps"),
            TailLines = options.TailLines,
            LimitBytes = options.LimitBytes,
            Since = options.Since ?? (options.SinceSeconds is { } seconds ? timeProvider.GetUtcNow().AddSeconds(-seconds) : null),
        };
        if (await sources.OpenAsync(asked, cancellationToken) is { } log)
        {
            return log;
        }

        KubeletAddress.Check(store, nodes, pod);
        throw Refuse.BadRequest($"container \"{container}\" in pod \"{target.Name}\" is waiting to start: ContainerCreating");
    }

    /// <summary>Gets the container that is meant: the one that is named, or the only one.</summary>
    /// <exception cref="ApiRefusalException">There is no such container, or more than one.</exception>
    public static string ChooseContainer(JsonObject pod, string podName, string? asked)
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

    /// <summary>The parameters of a log, checked.</summary>
    private sealed record Options(long? TailLines, long? LimitBytes, long? SinceSeconds, DateTimeOffset? Since)
    {
        public static Options Read(ApiRequest request, string podName)
        {
            var options = new Options(request.Number("tailLines"), request.Number("limitBytes"), request.Number("sinceSeconds"), Time(request.Text("sinceTime")));
            var errors = new FieldErrors();
            if (options.TailLines is < 0)
            {
                errors.Invalid("tailLines", options.TailLines, "must be greater than or equal to 0");
            }

            if (options.LimitBytes is < 1)
            {
                errors.Invalid("limitBytes", options.LimitBytes, "must be greater than 0");
            }

            if (options is { SinceSeconds: not null, Since: not null })
            {
                errors.Forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified");
            }
            else if (options.SinceSeconds is < 1)
            {
                errors.Invalid("sinceSeconds", options.SinceSeconds, "must be greater than 0");
            }

            return errors.Found.Count == 0 ? options : throw Refuse.Invalid("", "PodLogOptions", podName, errors.Found);
        }

        private static DateTimeOffset? Time(string? text) => text is null ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
            : throw Refuse.BadRequest($"parsing time {JsonText.WriteString(text)} as \"2006-01-02T15:04:05Z07:00\": cannot parse {JsonText.WriteString(text)} as \"2006\"");
    }
}
