using System.Text;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers <c>/healthz</c>, <c>/livez</c> and <c>/readyz</c>, single checks and <c>?verbose</c>. A server that answers at all is well.</summary>
internal static class HealthChecks
{
    private static readonly string[] Living = ["ping", "log", "etcd"];
    private static readonly string[] Ready = ["ping", "log", "informer-sync"];

    /// <summary>Answers a health path, or null when it is none or the check is not there.</summary>
    public static ApiAnswer? Answer(ApiRequest request)
    {
        if (request.Segments is not ["healthz" or "livez" or "readyz", ..])
        {
            return null;
        }

        string[] checks = request.Segments[0] == "readyz" ? Ready : Living;
        if (request.Segments.Count > 1)
        {
            return request.Segments.Count == 2 && checks.Contains(request.Segments[1]) ? Text("ok") : null;
        }

        if (!request.Query.ContainsKey("verbose"))
        {
            return Text("ok");
        }

        IReadOnlyList<string> excluded = request.All("exclude");
        var text = new StringBuilder();
        foreach (string check in checks)
        {
            text.Append(excluded.Contains(check) ? $"[+]{check} excluded: ok\n" : $"[+]{check} ok\n");
        }

        foreach (string unknown in excluded.Except(checks))
        {
            text.Append($"warn: some health checks cannot be excluded: no matches for \"{unknown}\"\n");
        }

        return Text(text.Append($"{request.Segments[0]} check passed\n").ToString());
    }

    private static ApiAnswer Text(string text) => new(200, Encoding.UTF8.GetBytes(text)) { ContentType = "text/plain; charset=utf-8" };
}
