using System.Globalization;

namespace Ordinal.Gates;

/// <summary>
/// Fills a text of the policy: <c>{namespace}</c>, <c>{statefulset}</c> and <c>{service}</c> of the workload; <c>{pod}</c>, <c>{ordinal}</c> and
/// <c>{address}</c> of one pod. Other braces stay as they are: a PromQL selector or a JSON body has its own, and neither knows these words alone.
/// </summary>
internal static class GateTemplate
{
    private static readonly string[] OfPod = ["{pod}", "{ordinal}", "{address}"];

    /// <summary>Tells whether a text means one pod, and so must be asked for each.</summary>
    internal static bool NeedsPod(string text) => OfPod.Any(word => text.Contains(word, StringComparison.Ordinal));

    /// <summary>Fills a text.</summary>
    /// <param name="text">The text; without a brace it is returned as it is.</param>
    /// <param name="context">The workload.</param>
    /// <param name="pod">The pod; null when the text is about none, and then its words stay.</param>
    internal static string Fill(string text, GateContext context, GateTarget? pod)
    {
        if (!text.Contains('{', StringComparison.Ordinal))
        {
            return text;
        }

        var filled = text
            .Replace("{namespace}", context.Namespace, StringComparison.Ordinal)
            .Replace("{statefulset}", context.Name, StringComparison.Ordinal)
            .Replace("{service}", context.Service, StringComparison.Ordinal);
        return pod is null ? filled : filled
            .Replace("{pod}", pod.Pod, StringComparison.Ordinal)
            .Replace("{ordinal}", pod.Ordinal.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{address}", pod.Address, StringComparison.Ordinal);
    }

    /// <summary>Tells whether a text can be a host once it is filled.</summary>
    internal static bool IsHost(string template)
    {
        var pod = new GateTarget { Pod = "p-0", Uid = "u", Ordinal = 0, Revision = "r", Address = "192.0.2.1", IsReady = true };
        var context = new GateContext { WorkloadUid = "w", Namespace = "n", Name = "s", Service = "s", Pods = [], Gates = [] };
        return Uri.CheckHostName(Fill(template, context, pod)) is not UriHostNameType.Unknown;
    }
}
