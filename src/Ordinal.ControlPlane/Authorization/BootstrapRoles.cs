using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Authorization;

/// <summary>The roles and bindings that every cluster starts with, read from the embedded table <c>BootstrapRoles.txt</c>.</summary>
internal static class BootstrapRoles
{
    private const string ApiVersion = "rbac.authorization.k8s.io/v1";

    /// <summary>Makes them: plural name of the resource and document. Aggregated roles have their rules already.</summary>
    public static IEnumerable<(string Plural, JsonObject Document)> Documents()
    {
        List<Role> roles = Read();
        foreach (Role role in roles)
        {
            yield return ("clusterroles", role.Document(roles));
        }

        foreach (Role role in roles.Where(r => r.Subjects.Count > 0))
        {
            yield return ("clusterrolebindings", new JsonObject
            {
                ["apiVersion"] = ApiVersion,
                ["kind"] = "ClusterRoleBinding",
                ["metadata"] = role.Metadata(),
                ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = role.Name },
                ["subjects"] = new JsonArray([.. role.Subjects.Select(s => s.DeepClone())]),
            });
        }
    }

    private static List<Role> Read()
    {
        using Stream stream = typeof(BootstrapRoles).Assembly.GetManifestResourceStream("Ordinal.ControlPlane.Authorization.BootstrapRoles.txt")!;
        using var reader = new StreamReader(stream);
        var roles = new List<Role>();
        foreach (string line in reader.ReadToEnd().Split('\n').Where(l => l.Length > 0 && l[0] != '#'))
        {
            int blank = line.IndexOf(' ', StringComparison.Ordinal);
            string rest = line[(blank + 1)..].Trim();
            switch (line[..blank])
            {
                case "role":
                    roles.Add(new Role(rest));
                    break;
                case "label":
                    roles[^1].Labels[rest.Split('=')[0]] = rest.Split('=')[1];
                    break;
                case "aggregate":
                    roles[^1].Aggregates = rest.Split('=')[0];
                    break;
                case "rule":
                    string[] parts = rest.Split('|', StringSplitOptions.TrimEntries);
                    roles[^1].Rules.Add(new PolicyRule(parts[2].Split(' ')) { ApiGroups = parts[0].Split(','), Resources = parts[1].Split(' ') });
                    break;
                case "url":
                    string[] urls = rest.Split('|', StringSplitOptions.TrimEntries);
                    roles[^1].Rules.Add(new PolicyRule(urls[1].Split(' ')) { NonResourceUrls = urls[0].Split(' ') });
                    break;
                case "bind":
                    string[] subject = rest.Split(' ');
                    roles[^1].Subjects.Add(new JsonObject { ["kind"] = subject[0], ["apiGroup"] = "rbac.authorization.k8s.io", ["name"] = subject[1] });
                    break;
            }
        }

        return roles;
    }

    private sealed class Role(string name)
    {
        public string Name => name;

        public Dictionary<string, string> Labels { get; } = new(StringComparer.Ordinal);

        public string? Aggregates { get; set; }

        public List<PolicyRule> Rules { get; } = [];

        public List<JsonObject> Subjects { get; } = [];

        public JsonObject Metadata()
        {
            var labels = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
            return new JsonObject { ["name"] = name, ["labels"] = labels, ["annotations"] = new JsonObject { ["rbac.authorization.kubernetes.io/autoupdate"] = "true" } };
        }

        public JsonObject Document(List<Role> all)
        {
            JsonObject metadata = Metadata();
            foreach ((string key, string value) in Labels)
            {
                metadata["labels"]![key] = value;
            }

            var document = new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = "ClusterRole", ["metadata"] = metadata };
            document["rules"] = new JsonArray([.. AllRules(all).Select(r => (JsonNode)r.ToDocument())]);
            if (Aggregates is not null)
            {
                document["aggregationRule"] = new JsonObject
                {
                    ["clusterRoleSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { [Aggregates] = "true" } }),
                };
            }

            return document;
        }

        private IEnumerable<PolicyRule> AllRules(List<Role> all) => Aggregates is null ? Rules
            : all.Where(r => r.Labels.ContainsKey(Aggregates)).OrderBy(r => r.Name, StringComparer.Ordinal).SelectMany(r => r.AllRules(all)).DistinctBy(r => r.ToString());
    }
}
