using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>A URL.</summary>
internal sealed record CelUrl(GoUrl Url) : CelValue
{
    public override string TypeName => "kubernetes.URL";

    public bool Equals(CelUrl? other) => other is not null && Url.ToString() == other.Url.ToString();

    public override int GetHashCode() => Url.ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>Calls a function about URLs; null when it is none or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("isURL", [CelText text]) => CelBool.Of(GoUrl.RequestProblem(text.Value) is null),
        ("url", [CelText text]) => GoUrl.Parse(text.Value, out string? problem) is { } url ? new CelUrl(url) : new CelError($"URL parse error during conversion from string: {problem}"),
        ("getScheme", [CelUrl url]) => new CelText(url.Url.Scheme),
        ("getHost", [CelUrl url]) => new CelText(url.Url.Host),
        ("getHostname", [CelUrl url]) => new CelText(url.Url.HostName),
        ("getPort", [CelUrl url]) => new CelText(url.Url.Port),
        ("getEscapedPath", [CelUrl url]) => new CelText(url.Url.EscapedPath),
        ("getQuery", [CelUrl url]) => new CelMap([.. url.Url.Query().Select(each => ((CelValue)new CelText(each.Name), (CelValue)new CelList([.. each.Values.Select(value => new CelText(value))])))]),
        _ => null,
    };
}
