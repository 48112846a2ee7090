using NUnit.Framework;
using Ordinal.Runtime.Client;

namespace Ordinal.Tests.Runtime;

/// <summary>Kubeconfigs of all kinds: those that are read here, those that are left to the official client, and those that are none.</summary>
public sealed class KubeconfigTests
{
    private const string Plain = """
        apiVersion: v1
        kind: Config
        current-context: second
        preferences: {}
        clusters:
        - name: first
          cluster: {server: https://one.example:6443, insecure-skip-tls-verify: false}
        - name: second
          cluster:
            server: https://two.example:6443
            extensions: [{name: minikube, extension: {version: v1.36.0}}]
        contexts:
        - name: first
          context: {cluster: first, user: me}
        - name: second
          context: {cluster: second, user: "me", namespace: team-a}
        users:
        - name: me
          user: {token: "123"}
        """;

    [TestCase(null, "https://two.example:6443/", "team-a")]
    [TestCase("first", "https://one.example:6443/", "default")]
    public void A_context_names_its_server_and_its_namespace(string? context, string server, string ns)
    {
        using var transport = Connect(Plain, context);
        Assert.That((transport.Server.ToString(), transport.Namespace), Is.EqualTo((server, ns)));
    }

    /// <summary>A setting that is not read here must still be obeyed: the client reads the whole file then.</summary>
    [TestCase("token: \"123\"", "username: u, password: p")]
    [TestCase("token: \"123\"", "exec: {apiVersion: client.authentication.k8s.io/v1, command: \"true\", interactiveMode: Never}")]
    [TestCase("preferences: {}", "extensions: []")]
    public void What_is_not_known_here_is_left_to_the_client(string before, string after)
    {
        // The plugin's answer is none, and the client says so: it was called.
        var isPlugin = after.StartsWith("exec", StringComparison.Ordinal);
        if (isPlugin)
        {
            Assert.That(() => Connect(Plain.Replace(before, after, StringComparison.Ordinal), null), Throws.InvalidOperationException);
            return;
        }

        using var transport = Connect(Plain.Replace(before, after, StringComparison.Ordinal), null);
        Assert.That(transport.Server.Host, Is.EqualTo("two.example"));
    }

    [TestCase("")]
    [TestCase("- a\n- b\n")]
    [TestCase("{")]
    [TestCase("apiVersion: v1\nkind: Config\n")]
    [TestCase("apiVersion: v1\nkind: Config\nclusters: null\ncurrent-context: a\n")]
    public void What_is_no_kubeconfig_is_told_with_the_files_name(string text) =>
        Assert.That(() => Connect(text, null), Throws.InvalidOperationException.With.Message.StartsWith("kubeconfig ").And.Message.Contains("config-under-test"));

    [Test]
    public void A_context_that_is_not_there_is_told() =>
        Assert.That(() => Connect(Plain, "third"), Throws.InvalidOperationException.With.Message.Contains("third"));

    private static KubernetesTransport Connect(string text, string? context)
    {
        var folder = Directory.CreateTempSubdirectory("ordinal-kubeconfig-").FullName;
        try
        {
            var path = Path.Combine(folder, "config-under-test");
            File.WriteAllText(path, text);
            return KubernetesTransport.Connect(new KubernetesConnection { KubeconfigPath = path, Context = context }, TimeProvider.System);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
