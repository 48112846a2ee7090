using System.Text;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>What came of asking for a command in a container: who runs it, or the refusal.</summary>
/// <param name="Refused">The error answer; null when the command may run.</param>
/// <param name="Request">What is asked for.</param>
/// <param name="Source">Who runs it.</param>
public sealed record ExecOpening(ApiAnswer? Refused, ExecRequest? Request, IExecSource? Source);

/// <summary>Answers <c>pods/exec</c> up to the point where the connection becomes one of streams.</summary>
internal sealed class PodExecs(RevisionedStore store, ResourceType nodes, RbacAuthorizer authorizer, ExecSources sources)
{
    /// <summary>Finds out what is asked for and who can do it.</summary>
    /// <exception cref="ApiRefusalException">There is no such pod or container, nobody runs commands in it, or the caller may not.</exception>
    public ExecOpening Open(ResourceType pods, RequestTarget target, ApiRequest request)
    {
        // Who opens a WebSocket comes with GET; to run a command is to create something all the same.
        var wanted = new RequestAttributes("create") { Resource = pods.Plural, Subresource = target.Subresource, Namespace = target.Namespace, Name = target.Name };
        if (!request.Call.User.IsMaster && authorizer.Allows(request.Call.User, wanted) is null)
        {
            throw AccessControl.Forbidden(request.Call.User, wanted);
        }

        StoredObject stored = store.Find(new StoreKey(pods.StorageName, target.Namespace, target.Name)) ?? throw Refuse.NotFound(pods, target.Name);
        var pod = stored.Parse();
        string container = PodLogs.ChooseContainer(pod, target.Name, request.Text("container"));
        if (string.IsNullOrEmpty(pod.Child("spec").Text("nodeName")))
        {
            throw Refuse.BadRequest($"pod {target.Name} does not have a host assigned");
        }

        var asked = new ExecRequest(target.Namespace, target.Name, container, request.All("command"))
        {
            Stdin = request.Flag("stdin"),
            Stdout = request.Flag("stdout"),
            Stderr = request.Flag("stderr") && !request.Flag("tty"),
            Tty = request.Flag("tty"),
        };
        if (sources.Find(asked) is not { } found)
        {
            KubeletAddress.Check(store, nodes, pod);
            throw Refuse.NotServed(target.Subresource);
        }

        // From here on a real server passes on what the kubelet says, in plain text.
        return !asked.Stdin && !asked.Stdout && !asked.Stderr ? Plain(400, "you must specify at least 1 of stdin, stdout, stderr")
            : found.State is ExecState.NotRunning ? Plain(500, $"container not found (\"{container}\")")
            : new ExecOpening(null, asked, found.Source);
    }

    private static ExecOpening Plain(int code, string text) =>
        new(new ApiAnswer(code, Encoding.UTF8.GetBytes(text + "\n")) { ContentType = "text/plain; charset=utf-8" }, null, null);
}
