using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Authorization;

/// <summary>Nobody gives away rights that they do not hold, unless they have the verb <c>escalate</c> or <c>bind</c>.</summary>
internal sealed class EscalationCheck(RbacAuthorizer authorizer)
{
    /// <summary>Checks the write of a role or a binding.</summary>
    /// <exception cref="ApiRefusalException">It gives away too much (403), or binds a role that is not there (404).</exception>
    public void Check(ResourceType type, JsonObject document, JsonObject? old, UserInfo user)
    {
        if (user.IsMaster)
        {
            return;
        }

        string name = document.Metadata().Text("name") ?? "";
        string @namespace = document.Metadata().Text("namespace") ?? "";
        switch (type.Plural)
        {
            case "roles" or "clusterroles" when !JsonNodes.Same(old?["rules"], document["rules"]) || !JsonNodes.Same(old?["aggregationRule"], document["aggregationRule"]):
                if (!Has("escalate", type.Plural, name))
                {
                    bool aggregates = document["aggregationRule"] is not null;
                    IReadOnlyList<PolicyRule> wanted = aggregates
                        ? [new PolicyRule(["*"]) { ApiGroups = ["*"], Resources = ["*"] }, new PolicyRule(["*"]) { NonResourceUrls = ["*"] }]
                        : PolicyRule.ReadAll(document);
                    Hold(type, name, @namespace, wanted, user);
                }

                break;
            case "rolebindings" or "clusterrolebindings" when !JsonNodes.Same(old?["subjects"], document["subjects"]) || !JsonNodes.Same(old?["roleRef"], document["roleRef"]):
                JsonObject? role = document.Child("roleRef");
                string roleName = role.Text("name") ?? "";
                if (!Has("bind", role.Text("kind") == "ClusterRole" ? "clusterroles" : "roles", roleName))
                {
                    IReadOnlyList<PolicyRule> wanted = authorizer.RulesOfRole(role.Text("kind") ?? "", @namespace, roleName) ?? throw Refuse.NotFound(type, roleName);
                    Hold(type, name, @namespace, wanted, user);
                }

                break;
        }

        bool Has(string verb, string resource, string of) => authorizer.Allows(
            user, new RequestAttributes(verb) { Group = type.Group, Resource = resource, Namespace = @namespace, Name = of }) is not null;
    }

    private void Hold(ResourceType type, string name, string @namespace, IReadOnlyList<PolicyRule> wanted, UserInfo user)
    {
        PolicyRule[] held = [.. authorizer.RulesOf(user, @namespace)];
        PolicyRule[] missing = [.. wanted.SelectMany(Atoms).Where(atom => !held.Any(h => h.Covers(atom)))];
        if (missing.Length == 0)
        {
            return;
        }

        string groups = string.Join(' ', user.Groups.Select(g => $"\"{g}\""));
        throw Refuse.Forbidden(
            type, name, $"user \"{user.Name}\" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{string.Join('\n', Together(missing))}");
    }

    /// <summary>Takes a rule apart into rules about one thing each.</summary>
    private static IEnumerable<PolicyRule> Atoms(PolicyRule rule)
    {
        foreach (string verb in rule.Verbs)
        {
            foreach (string url in rule.NonResourceUrls)
            {
                yield return new PolicyRule([verb]) { NonResourceUrls = [url] };
            }

            foreach (string group in rule.ApiGroups)
            {
                foreach (string resource in rule.Resources)
                {
                    foreach (IReadOnlyList<string> names in rule.ResourceNames.Count == 0 ? [[]] : rule.ResourceNames.Select(n => (IReadOnlyList<string>)[n]))
                    {
                        yield return new PolicyRule([verb]) { ApiGroups = [group], Resources = [resource], ResourceNames = names };
                    }
                }
            }
        }
    }

    /// <summary>Writes what is missing, the verbs for the same thing together.</summary>
    private static IEnumerable<string> Together(IEnumerable<PolicyRule> atoms) => atoms
        .GroupBy(a => (a with { Verbs = [] }).ToString(), StringComparer.Ordinal)
        .Select(g => (g.First() with { Verbs = [.. g.SelectMany(a => a.Verbs).Distinct(StringComparer.Ordinal)] }).ToString())
        .Order(StringComparer.Ordinal);
}
