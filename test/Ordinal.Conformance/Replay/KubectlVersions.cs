using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;
using Ordinal.TestSupport;

namespace Ordinal.Conformance.Replay;

/// <summary>Recordings were made with kubectl 1.36.2. What an older one cannot do, or says in other words, is left out, and said.</summary>
internal static class KubectlVersions
{
    private static readonly ImmutableArray<(string Call, int Minor, string Why)> Needs =
    [
        ("wait sts/web --for=jsonpath", 23, "knows no jsonpath conditions"),
        ("rollout history sts/web --revision", 30, "prints no node selectors and tolerations"),
        ("describe sts", 30, "prints no node selectors and tolerations"),
        ("delete sts", 34, "does not name the namespace"),
    ];

    private static Task<int>? minor;

    /// <summary>Gets why a call cannot be compared with the kubectl at hand; null when it can.</summary>
    public static async Task<string?> WhyNotAsync(Kubectl kubectl, string call)
    {
        var have = await (minor ??= MinorAsync(kubectl));
        foreach (var (needy, needed, why) in Needs)
        {
            if (call.Contains(needy, StringComparison.Ordinal) && have < needed)
            {
                return string.Create(CultureInfo.InvariantCulture, $"kubectl 1.{have} {why}; needs 1.{needed}");
            }
        }

        return null;
    }

    private static async Task<int> MinorAsync(Kubectl kubectl)
    {
        var version = JsonNode.Parse(await kubectl.RunAsync("version --client -o json"))!.AsObject();
        return int.Parse(version.Child("clientVersion").Text("minor")!.TrimEnd('+'), CultureInfo.InvariantCulture);
    }
}
