using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>A named format of texts.</summary>
/// <param name="Name">Its name, which tells it from the others.</param>
internal sealed record CelFormat(string Name) : CelValue
{
    private const string Named = "format.named";
    private const string Prefix = "format.";

    /// <summary>Gets the names of all formats.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "dns1123Label", "dns1123Subdomain", "dns1035Label", "qualifiedName", "dns1123LabelPrefix", "dns1123SubdomainPrefix", "dns1035LabelPrefix", "labelValue", "uri", "uuid", "byte", "date",
        "datetime",
    ];

    public override string TypeName => "kubernetes.NamedFormat";

    /// <summary>Gets how long the pattern is that the costs of a look are reckoned by.</summary>
    public int PatternLength => Name switch
    {
        "dns1123Label" or "dns1035Label" or "dns1123LabelPrefix" or "dns1035LabelPrefix" => 30,
        "dns1123Subdomain" or "dns1123SubdomainPrefix" or "qualifiedName" => 60,
        "labelValue" => 40,
        "uri" => 1103,
        "uuid" => 70,
        "byte" => 84,
        _ => 71,
    };

    /// <summary>Calls a function about formats; null when it is none or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => (function, arguments) switch
    {
        (Named, [CelText name]) => Names.Contains(name.Value) ? new CelOptional(new CelFormat(name.Value)) : CelOptional.None,
        ("validate", [CelFormat format, CelText text]) => format.Problems(text.Value) is { Count: > 0 } problems
            ? new CelOptional(new CelList([.. problems.Select(problem => new CelText(problem))])) : CelOptional.None,
        (_, []) when function.StartsWith(Prefix, StringComparison.Ordinal) && Names.Contains(function[Prefix.Length..]) => new CelFormat(function[Prefix.Length..]),
        _ => null,
    };

    private IReadOnlyList<string> Problems(string text) => Name switch
    {
        "dns1123Label" => Api.Names.LabelProblems(text),
        "dns1123Subdomain" => Api.Names.SubdomainProblems(text),
        "dns1035Label" => Api.Names.Rfc1035Problems(text),
        "qualifiedName" => Api.Names.QualifiedProblems(text),
        "dns1123LabelPrefix" => Api.Names.LabelProblems(Masked(text)),
        "dns1123SubdomainPrefix" => Api.Names.SubdomainProblems(Masked(text)),
        "dns1035LabelPrefix" => Api.Names.Rfc1035Problems(Masked(text)),
        "labelValue" => Api.Names.LabelValueProblems(text),
        "uri" => GoUrl.RequestProblem(text) is { } problem ? [problem] : [],
        "uuid" => StringFormats.Fits("uuid", text) ? [] : ["does not match the UUID format"],
        "byte" => StringFormats.Fits("byte", text) ? [] : ["invalid base64"],
        "date" => StringFormats.Fits("date", text) ? [] : ["invalid date"],
        _ => StringFormats.Fits("datetime", text) ? [] : ["invalid datetime"],
    };

    // As Kubernetes does it: the hyphen takes the letter before it along.
    private static string Masked(string text) => text.Length > 1 && text.EndsWith('-') ? text[..^2] + "a" : text;
}
