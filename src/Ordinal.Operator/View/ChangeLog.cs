using System.Globalization;

namespace Ordinal.Operator.View;

/// <summary>
/// Tells changes as lines, for pipelines and logs: one line a change, the time first (RFC 3339). A message whose numbers move is
/// told again at most every 5 s while nothing else changes.
/// </summary>
public sealed class ChangeLog
{
    private static readonly TimeSpan SameAgain = TimeSpan.FromSeconds(5);
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);
    private string _waiting = "";
    private string _waitingMessage = "";
    private DateTimeOffset _waitingTold;

    /// <summary>Returns the lines for what changed since the last call.</summary>
    public IReadOnlyList<string> Next(ClusterPicture picture, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var lines = new List<string>();
        var model = TreeBuilder.Build(picture, now);
        var rollout = picture.Rollout;
        var subject = rollout is null ? "-" : $"{rollout.Name()} {Or(rollout.Text("status", "progress"), "-")}";

        void Tell(string text) => lines.Add($"{now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)} {subject} {text}");

        foreach (var node in All(model.Roots).Where(n => n.Kind is not ("Rollout" or "" or "StatefulSet")))
        {
            var said = $"{node.Status} {node.Revision}".TrimEnd();
            if (Changed(node.Kind + "/" + node.Name, said))
            {
                Tell($"{node.Name} {said}");
            }
        }

        if (rollout.Condition("Succeeded") is { } succeeded && Changed("rollout/" + rollout.Name(), succeeded.Text("reason") + succeeded.Text("status")))
        {
            Tell($"{succeeded.Text("reason")} {succeeded.Text("message")}".TrimEnd());
        }

        var current = rollout?["status"]?["current"];
        var waiting = current.Text("waitingFor").Length == 0 ? "" : $"{Or(current.Text("pod"), current.Text("target"))} {Or(current.Text("reason"), current.Text("stage"))}";
        var message = current.Text("waitingFor");
        if (waiting != _waiting || (message != _waitingMessage && now - _waitingTold >= SameAgain))
        {
            (_waiting, _waitingMessage, _waitingTold) = (waiting, message, now);
            if (waiting.Length > 0)
            {
                Tell($"{waiting} waiting: {message}");
            }
        }

        return lines;
    }

    private static IEnumerable<TreeNode> All(IEnumerable<TreeNode> nodes) => nodes.SelectMany(n => All(n.Children).Prepend(n));

    private static string Or(string text, string other) => text.Length > 0 ? text : other;

    private bool Changed(string key, string said)
    {
        var isNew = _told.GetValueOrDefault(key) != said;
        _told[key] = said;
        return isNew;
    }
}
