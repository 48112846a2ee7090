using System.Reflection;
using System.Text.Json.Nodes;
using Ordinal.Runtime.Crds;
using Ordinal.Runtime.Entities;

namespace Ordinal.Runtime.Rbac;

/// <summary>Makes roles out of what classes say they do: rules for the same objects are joined, and all is sorted.</summary>
public static class RbacGenerator
{
    private static readonly (RbacVerb Verb, string Name)[] Verbs =
    [
        (RbacVerb.Create, "create"), (RbacVerb.Delete, "delete"), (RbacVerb.Get, "get"), (RbacVerb.List, "list"),
        (RbacVerb.Patch, "patch"), (RbacVerb.Update, "update"), (RbacVerb.Watch, "watch"),
    ];

    /// <summary>Makes a ClusterRole, or a Role in a namespace, as YAML.</summary>
    /// <param name="types">The classes to look at; others than those with RBAC attributes are passed over.</param>
    /// <param name="role">Which rules: those whose Role has this name. The empty string is the base role.</param>
    /// <param name="name">The role's object name.</param>
    /// <param name="inNamespace">Null for a ClusterRole.</param>
    public static string GenerateYaml(IEnumerable<Type> types, string role, string name, string? inNamespace = null) =>
        YamlWriter.Write(Generate(types, role, name, inNamespace));

    /// <inheritdoc cref="GenerateYaml"/>
    public static JsonObject Generate(IEnumerable<Type> types, string role, string name, string? inNamespace = null)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (inNamespace is not null)
        {
            metadata["namespace"] = inNamespace;
        }

        return new JsonObject
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = inNamespace is null ? "ClusterRole" : "Role",
            ["metadata"] = metadata,
            ["rules"] = Rules(types, role),
        };
    }

    private static JsonArray Rules(IEnumerable<Type> types, string role)
    {
        // First the verbs of one resource, then the resources that share group, names and verbs.
        var verbs = new SortedDictionary<(string Group, string Resource, string Names), RbacVerb>();
        foreach (var type in types)
        {
            foreach (var rbac in type.GetCustomAttributes<EntityRbacAttribute>().Where(each => each.Role == role))
            {
                foreach (var kind in rbac.Entities.Select(ResourceKind.Of))
                {
                    Add(kind.Group, rbac.Subresource is null ? kind.Plural : $"{kind.Plural}/{rbac.Subresource}", "", rbac.Verbs);
                }
            }

            foreach (var rule in type.GetCustomAttributes<PolicyRuleAttribute>().Where(each => each.Role == role))
            {
                foreach (var group in rule.Groups)
                {
                    foreach (var resource in rule.Resources)
                    {
                        Add(group, resource, string.Join('\n', rule.ResourceNames.Order(StringComparer.Ordinal)), rule.Verbs);
                    }
                }
            }
        }

        var rules = new JsonArray();
        foreach (var group in verbs.GroupBy(entry => (entry.Key.Group, entry.Key.Names, entry.Value)))
        {
            var rule = new JsonObject { ["apiGroups"] = new JsonArray(group.Key.Group), ["resources"] = Strings(group.Select(entry => entry.Key.Resource)) };
            if (group.Key.Names.Length > 0)
            {
                rule["resourceNames"] = Strings(group.Key.Names.Split('\n'));
            }

            rule["verbs"] = Strings(Verbs.Where(each => group.Key.Value.HasFlag(each.Verb)).Select(each => each.Name));
            rules.Add(rule);
        }

        return rules;

        void Add(string group, string resource, string names, RbacVerb added) =>
            verbs[(group, resource, names)] = verbs.GetValueOrDefault((group, resource, names)) | added;
    }

    private static JsonArray Strings(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];
}
