using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Authorization;

/// <summary>What a request wants to do, as roles speak of it.</summary>
/// <param name="Verb">get, list, watch, create, update, patch, delete, deletecollection; for a path the method in lower case.</param>
public sealed record RequestAttributes(string Verb)
{
    /// <summary>Gets the path of a request that is not about a resource; null for one that is.</summary>
    public string? Path { get; init; }

    public string Group { get; init; } = "";

    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    /// <summary>Gets the namespace; empty for all namespaces and for what has none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Gets the name of the object; empty for the collection and when it is not known yet.</summary>
    public string Name { get; init; } = "";

    /// <summary>Gets the resource with its subresource, as roles name it.</summary>
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";

    /// <summary>Reads what a request wants.</summary>
    internal static RequestAttributes Of(ApiRequest request)
    {
        if (request.Target is not { } target)
        {
            return new RequestAttributes(request.Call.Method.ToLowerInvariant()) { Path = "/" + string.Join('/', request.Segments) };
        }

        // A list or a watch of one object by its name counts as one of that object.
        string name = target.Name.Length > 0 ? target.Name : ExactName(request) ?? "";
        return new RequestAttributes(VerbOf(request, target))
        {
            Group = target.Group,
            Resource = target.Resource,
            Subresource = target.Subresource,
            Namespace = target is { Group: "", Resource: "namespaces" } ? target.Name : target.Namespace,
            Name = request.Call.Method == "POST" && target.Subresource.Length == 0 ? "" : name,
        };
    }

    private static string VerbOf(ApiRequest request, RequestTarget target) => request.Call.Method switch
    {
        "GET" or "HEAD" when target.Name.Length > 0 => "get",
        "GET" or "HEAD" when request.Flag("watch") => "watch",
        "GET" or "HEAD" => "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => target.Name.Length > 0 ? "delete" : "deletecollection",
        _ => request.Call.Method.ToLowerInvariant(),
    };

    private static string? ExactName(ApiRequest request)
    {
        const string Exact = "metadata.name=";
        return request.Call.Method != "POST" && request.Text("fieldSelector") is { } selector
            ? selector.Split(',').Where(t => t.StartsWith(Exact, StringComparison.Ordinal)).Select(t => t[Exact.Length..].TrimStart('=')).FirstOrDefault()
            : null;
    }
}
