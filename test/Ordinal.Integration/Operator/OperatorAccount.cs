using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Hosting;
using Ordinal.ControlPlane.Text;
using Ordinal.Integration.Demo;

namespace Ordinal.Integration.Operating;

/// <summary>
/// The operator's service account with the roles and the bindings of <c>config/rbac</c>, and a kubeconfig that holds a token of it. What
/// the shipped roles do not allow, the operator cannot do in these tests either.
/// </summary>
internal static class OperatorAccount
{
    private const string Namespace = "ordinal-system";
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";

    /// <summary>Creates the account on a cluster and writes the kubeconfig.</summary>
    public static async Task InstallAsync(SimulatedCluster cluster)
    {
        await cluster.CreateAsync("/api/v1/namespaces", Read("config/default/namespace.yaml"));
        await cluster.CreateAsync($"/api/v1/namespaces/{Namespace}/serviceaccounts", Read("config/rbac/service_account.yaml"));
        await cluster.CreateAsync($"{Rbac}/clusterroles", Read("config/rbac/role.yaml"));
        await cluster.CreateAsync($"{Rbac}/clusterrolebindings", Read("config/rbac/role_binding.yaml"));
        await cluster.CreateAsync($"{Rbac}/clusterroles", Read("config/components/ondelete/role.yaml"));
        await cluster.CreateAsync($"{Rbac}/clusterrolebindings", Read("config/components/ondelete/role_binding.yaml"));
        await cluster.CreateAsync($"{Rbac}/namespaces/{Namespace}/roles", Read("config/rbac/leader_election_role.yaml"));
        await cluster.CreateAsync($"{Rbac}/namespaces/{Namespace}/rolebindings", Read("config/rbac/leader_election_role_binding.yaml"));
        var issued = await cluster.CreateAsync(
            $"/api/v1/namespaces/{Namespace}/serviceaccounts/ordinal-operator/token",
            new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject { ["expirationSeconds"] = 3600 } });

        var connection = YamlText.ParseObject(await File.ReadAllBytesAsync(cluster.KubeconfigPath)).List("clusters")![0]!["cluster"]!;
        var authority = Encoding.UTF8.GetString(Convert.FromBase64String((string)connection["certificate-authority-data"]!));
        await Kubeconfig.WriteAsync(
            cluster.OperatorKubeconfigPath, "operator", new Uri((string)connection["server"]!), authority, issued.GetProperty("status").GetProperty("token").GetString()!, CancellationToken.None);
    }

    /// <summary>Lets the operator read the Secrets of namespace default, by the role that is shipped for that.</summary>
    public static async Task LetReadSecretsAsync(SimulatedCluster cluster)
    {
        await cluster.CreateAsync($"{Rbac}/namespaces/default/roles", Read("config/components/secrets/role.yaml"));
        await cluster.CreateAsync($"{Rbac}/namespaces/default/rolebindings", Read("config/components/secrets/role_binding.yaml"));
    }

    /// <summary>Lets the operator run commands in the pods of namespace default, by the role that is shipped for that.</summary>
    public static async Task LetRunCommandsAsync(SimulatedCluster cluster)
    {
        await cluster.CreateAsync($"{Rbac}/namespaces/default/roles", Read("config/components/exec/role.yaml"));
        await cluster.CreateAsync($"{Rbac}/namespaces/default/rolebindings", Read("config/components/exec/role_binding.yaml"));
    }

    /// <summary>Gives the operator the rights that driver Native needs, as they are shipped.</summary>
    public static async Task LetRollNativelyAsync(SimulatedCluster cluster)
    {
        await cluster.CreateAsync($"{Rbac}/clusterroles", Read("config/components/native/role.yaml"));
        await cluster.CreateAsync($"{Rbac}/clusterrolebindings", Read("config/components/native/role_binding.yaml"));
    }

    private static JsonObject Read(string file) => YamlText.ParseObject(File.ReadAllBytes(Path.Combine(Programs.Repository, file)));
}
