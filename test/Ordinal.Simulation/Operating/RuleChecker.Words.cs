using System.Text;
using System.Text.Json;
using Ordinal.ControlPlane.Cache;
using Ordinal.Runtime.Client;

namespace Ordinal.Simulation.Operating;

/// <summary>What is judged of what an operator says, and of the terms on which it writes.</summary>
internal sealed partial class RuleChecker
{
    /// <summary>Rule 3: whatever is changed is named with its UID or its resourceVersion, so that no write meets another object, or another state, than the one that was looked at.</summary>
    private static string? WithoutTerms(ApiRequest request, string kind, string name)
    {
        if (request.Method is not ("PATCH" or "PUT"))
        {
            return null;
        }

        string body = Encoding.UTF8.GetString(request.Body.Span);
        return body.Contains("\"/metadata/resourceVersion\"", StringComparison.Ordinal) || body.Contains("\"/metadata/uid\"", StringComparison.Ordinal)
            || JsonElement.Parse(body) is { ValueKind: JsonValueKind.Object } document && (document.TextAt("metadata", "resourceVersion") ?? document.TextAt("metadata", "uid")) is not null
            ? null
            : $"rule 3: {kind}/{name} is written without a test of its UID or resourceVersion: {request.Path}";
    }

    /// <summary>A policy says that its targets are up to date and held only when each is: pipelines change the template as soon as they read it.</summary>
    private string? SaidInVain(string name)
    {
        JsonElement policy = truth.Read("rolloutpolicies.ordinal.dev", name);
        if (!policy.ItemsAt("status", "conditions").Any(each => each.TextAt("type") == "Ready" && each.TextAt("status") == "True"))
        {
            return null;
        }

        JsonElement free = policy.ItemsAt("status", "targets").FirstOrDefault(each => each.At("held").ValueKind is not JsonValueKind.True && truth.Find(each.TextAt("name") ?? "") is not { Plan.IsNative: true });
        return free.ValueKind is JsonValueKind.Object ? $"policy {name} says that it is Ready while its status says of {free.TextAt("name")}: {free.GetRawText()}" : null;
    }
}
