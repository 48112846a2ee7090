using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Operator.Hosting;

/// <summary>Answers <c>/healthz</c>, <c>/readyz</c> (each with <c>?verbose</c> and one sub-path a check) and <c>/metrics</c>.</summary>
internal sealed class ProbeEndpoints(OperatorComposition composition, PrometheusExporter exporter)
{
    /// <summary>Answers one request.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        var roles = context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(typeof(OperatorHost.Roles), out var role) ?? false
            ? (OperatorHost.Roles)role!
            : OperatorHost.Roles.None;
        var path = context.Request.Path.Value ?? "";
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            return WriteAsync(context, StatusCodes.Status405MethodNotAllowed, "only GET\n");
        }

        if (roles.HasFlag(OperatorHost.Roles.Metrics) && path == "/metrics")
        {
            context.Response.ContentType = PrometheusExporter.ContentType;
            return context.Response.WriteAsync(exporter.Write(), context.RequestAborted);
        }

        if (roles.HasFlag(OperatorHost.Roles.Health))
        {
            if (Under(path, "/healthz") is { } health)
            {
                return ChecksAsync(context, "healthz", health, [("ping", true)]);
            }

            if (Under(path, "/readyz") is { } ready)
            {
                return ChecksAsync(context, "readyz", ready, [.. composition.Runner.Stores.Select(store => (store.Kind.Resource, store.HasSynced))]);
            }
        }

        return WriteAsync(context, StatusCodes.Status404NotFound, "not found\n");
    }

    /// <summary>Returns the name of the check asked for, empty for all; null when the path is another one.</summary>
    private static string? Under(string path, string root) => path == root || path == root + "/" ? ""
        : path.StartsWith(root + "/", StringComparison.Ordinal) ? path[(root.Length + 1)..]
        : null;

    private static Task ChecksAsync(HttpContext context, string name, string only, IReadOnlyList<(string Name, bool IsOk)> checks)
    {
        var asked = checks.Where(check => only.Length == 0 || check.Name == only).ToList();
        if (asked.Count == 0)
        {
            return WriteAsync(context, StatusCodes.Status404NotFound, $"there is no check \"{only}\"\n");
        }

        var isOk = asked.TrueForAll(check => check.IsOk);
        var text = new StringBuilder();
        if (context.Request.Query.ContainsKey("verbose") || !isOk)
        {
            foreach (var (check, passes) in asked)
            {
                text.Append(passes ? "[+]" : "[-]").Append(check).Append(passes ? " ok\n" : " failed\n");
            }

            text.Append(name).Append(isOk ? " check passed\n" : " check failed\n");
        }
        else
        {
            text.Append("ok");
        }

        return WriteAsync(context, isOk ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, text.ToString());
    }

    private static Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
