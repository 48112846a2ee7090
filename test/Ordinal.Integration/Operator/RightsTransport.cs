using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.Operator.Cli;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Rbac;

namespace Ordinal.Integration.Operating;

/// <summary>
/// Grants what the operator's roles in <c>config/rbac</c> grant, and refuses everything else as an API server would: the embedded one asks
/// nobody for his rights, and the real one knows the tests as its administrator.
/// </summary>
internal sealed class RightsTransport(IApiTransport inner) : IApiTransport
{
    private static readonly ImmutableArray<JsonObject> Rules = Read();

    public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken) =>
        Refusal(request) is { } refusal ? Task.FromResult(refusal) : inner.SendAsync(request, cancellationToken);

    public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken) =>
        Refusal(request) is { } refusal ? Task.FromResult(new ApiStreamOpening(refusal, null)) : inner.OpenAsync(request, cancellationToken);

    private static ImmutableArray<JsonObject> Read()
    {
        var types = typeof(GeneratedFiles).Assembly.GetTypes();
        return [.. ((string[])["", "secrets", "leader-election"]).SelectMany(role => RbacGenerator.Generate(types, role, "role")["rules"]!.AsArray().Select(rule => rule!.AsObject()))];
    }

    private static ApiResponse? Refusal(ApiRequest request)
    {
        var (verb, group, resource, name) = Read(request);
        if (Rules.Any(rule => Has(rule, "apiGroups", group) && Has(rule, "resources", resource) && Has(rule, "verbs", verb) && (!rule.ContainsKey("resourceNames") || Has(rule, "resourceNames", name))))
        {
            return null;
        }

        var body = new JsonObject { ["kind"] = "Status", ["reason"] = "Forbidden", ["message"] = $"the operator's role does not let it {verb} {resource}.{group} {name}" };
        return new ApiResponse(403, System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()));
    }

    private static bool Has(JsonObject rule, string list, string value) => rule[list]!.AsArray().Any(each => each!.GetValue<string>() == value);

    /// <summary>Reads a request as an authorizer does: verb, group, resource with its subresource, and name.</summary>
    private static (string Verb, string Group, string Resource, string Name) Read(ApiRequest request)
    {
        var parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, rest) = parts[0] == "api" ? ("", parts[2..]) : (parts[1], parts[3..]);
        if (rest is ["namespaces", _, .. var inside] && inside.Length > 0)
        {
            rest = inside;
        }

        var name = rest.Length > 1 ? rest[1] : "";
        var verb = request.Method switch
        {
            "GET" when request.PathAndQuery.Contains("watch=", StringComparison.Ordinal) => "watch",
            "GET" => name.Length == 0 ? "list" : "get",
            "POST" => "create",
            "PUT" => "update",
            var other => other.ToLowerInvariant(),
        };
        return (verb, group, rest.Length > 2 ? $"{rest[0]}/{rest[2]}" : rest[0], name);
    }
}
