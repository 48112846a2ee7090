using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Tests.Operating;

/// <summary>What is applied to a cluster asks for no more than it needs.</summary>
public sealed class ManifestTests
{
    private static readonly string Config = Path.Combine(Golden.Repository, "config");

    [Test]
    public void No_rule_has_a_wildcard()
    {
        foreach (var (file, role) in Of("ClusterRole", "Role"))
        {
            foreach (var rule in role["rules"]!.AsArray())
            {
                foreach (var words in (string[])["apiGroups", "resources", "verbs"])
                {
                    Assert.That(rule![words]!.AsArray().Select(word => word!.ToString()), Has.None.Contains("*"), file);
                }
            }
        }
    }

    [Test]
    public void No_ClusterRole_reads_Secrets() =>
        Assert.That(Of("ClusterRole").SelectMany(role => role.Document["rules"]!.AsArray()).SelectMany(rule => rule!["resources"]!.AsArray()).Select(resource => resource!.ToString()), Has.None.StartsWith("secrets"));

    [Test]
    public void The_core_tier_takes_no_pod_away()
    {
        var verbs = Rights("ordinal-controller");
        Assert.That(verbs, Has.None.EqualTo("pods delete").And.None.EqualTo("pods/eviction create").And.None.EqualTo("pods/status patch"));
        Assert.That(verbs, Does.Contain("statefulsets patch").And.Contain("events create").And.No.Member("leases create"));
        Assert.That(Rights("ordinal-controller-ondelete"), Is.EquivalentTo(["pods delete", "pods/eviction create"]));
        Assert.That(Rights("ordinal-controller-native"), Does.Contain("pods/status patch"));
        Assert.That(Rights("ordinal-controller-secrets"), Is.EquivalentTo(["secrets get"]));
    }

    [TestCase("ordinal-view", "aggregate-to-view", "statefulsetrollouts list", "statefulsetrollouts patch")]
    [TestCase("ordinal-operator", "aggregate-to-edit", "statefulsetrollouts patch", "statefulsetrollouts create")]
    [TestCase("ordinal-editor", "aggregate-to-edit", "statefulsetrollouts create", "rolloutpolicies patch")]
    [TestCase("ordinal-admin", "aggregate-to-admin", "rolloutpolicies create", "statefulsetrollouts/status patch")]
    public void A_role_for_people_joins_the_built_in_one_and_has_its_limit(string role, string label, string has, string hasNot)
    {
        var document = Of("ClusterRole").Single(each => each.Document["metadata"]!["name"]!.ToString() == role).Document;
        Assert.That(document["metadata"]!["labels"]![$"rbac.authorization.k8s.io/{label}"]!.ToString(), Is.EqualTo("true"));
        Assert.That(Rights(role), Does.Contain(has).And.No.Member(hasNot));
    }

    [Test]
    public void The_operators_pods_pass_the_restricted_profile_and_are_probed()
    {
        var spec = Of("Deployment").Single().Document["spec"]!["template"]!["spec"]!;
        var container = spec["containers"]!.AsArray().Single()!;
        Assert.Multiple(() =>
        {
            Assert.That(spec["securityContext"]!["runAsNonRoot"]!.GetValue<bool>(), Is.True);
            Assert.That(spec["securityContext"]!["seccompProfile"]!["type"]!.ToString(), Is.EqualTo("RuntimeDefault"));
            Assert.That(spec["hostNetwork"], Is.Null);
            Assert.That(spec["volumes"]?.AsArray().Any(volume => volume!["hostPath"] is not null) ?? false, Is.False);
            Assert.That(container["securityContext"]!["allowPrivilegeEscalation"]!.GetValue<bool>(), Is.False);
            Assert.That(container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>(), Is.True);
            Assert.That(container["securityContext"]!["capabilities"]!["drop"]!.AsArray().Select(each => each!.ToString()), Is.EqualTo(["ALL"]));
            Assert.That(container["securityContext"]!["privileged"], Is.Null);
            Assert.That(container["livenessProbe"]!["httpGet"], Is.Not.Null);
            Assert.That(container["readinessProbe"]!["httpGet"], Is.Not.Null);
            Assert.That(container["resources"]!["requests"], Is.Not.Null);
            Assert.That(container["resources"]!["limits"]!["memory"], Is.Not.Null);
        });
        var space = Of("Namespace").Single().Document["metadata"]!["labels"]!;
        Assert.That(space["pod-security.kubernetes.io/enforce"]!.ToString(), Is.EqualTo("restricted"));
    }

    [Test]
    public void Every_kustomization_names_files_that_are_there_and_every_binding_a_role_that_is()
    {
        foreach (var file in Directory.EnumerateFiles(Config, "kustomization.yaml", SearchOption.AllDirectories))
        {
            var document = YamlText.ParseAll(File.ReadAllText(file)).Single();
            foreach (var name in (document["resources"]?.AsArray() ?? []).Concat(document["components"]?.AsArray() ?? []))
            {
                var path = Path.Combine(Path.GetDirectoryName(file)!, name!.ToString());
                Assert.That(File.Exists(path) || File.Exists(Path.Combine(path, "kustomization.yaml")), Is.True, $"{file}: {name}");
            }
        }

        var roles = Of("ClusterRole", "Role").Select(role => role.Document["metadata"]!["name"]!.ToString()).ToList();
        Assert.That(Of("ClusterRoleBinding", "RoleBinding").Select(binding => binding.Document["roleRef"]!["name"]!.ToString()), Is.SubsetOf(roles));
    }

    [Test]
    public void The_admission_policy_is_bound_and_denies()
    {
        var policy = Of("ValidatingAdmissionPolicy").Single().Document;
        var binding = Of("ValidatingAdmissionPolicyBinding").Single().Document;
        Assert.That(binding["spec"]!["policyName"]!.ToString(), Is.EqualTo(policy["metadata"]!["name"]!.ToString()));
        Assert.That(binding["spec"]!["validationActions"]!.AsArray().Select(each => each!.ToString()), Is.EqualTo(["Deny"]));
    }

    private static List<string> Rights(string role) => [.. Of("ClusterRole", "Role").Single(each => each.Document["metadata"]!["name"]!.ToString() == role).Document["rules"]!.AsArray()
        .SelectMany(rule => rule!["resources"]!.AsArray().SelectMany(resource => rule["verbs"]!.AsArray().Select(verb => $"{resource} {verb}")))];

    private static IEnumerable<(string File, JsonObject Document)> Of(params string[] kinds) => Directory.EnumerateFiles(Config, "*.yaml", SearchOption.AllDirectories)
        .Where(file => !file.Contains("samples", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .SelectMany(file => YamlText.ParseAll(File.ReadAllText(file)).Select(document => (file, document)))
        .Where(each => kinds.Contains(each.document["kind"]?.ToString()));
}
