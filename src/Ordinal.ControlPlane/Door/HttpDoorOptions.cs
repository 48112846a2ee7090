using System.Text;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Door;

/// <summary>Where an API server is and how to be let in.</summary>
/// <param name="Server">Base address.</param>
public sealed record HttpDoorOptions(Uri Server)
{
    /// <summary>Gets the certificate authority as PEM; null trusts the system's.</summary>
    public string? CertificateAuthorityPem { get; init; }

    /// <summary>Gets the bearer token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Gets the client certificate as PEM; null for none.</summary>
    public string? ClientCertificatePem { get; init; }

    /// <summary>Gets the client's key as PEM.</summary>
    public string? ClientKeyPem { get; init; }

    /// <summary>Gets the User-Agent of calls that carry none; the default field manager is its part before a slash.</summary>
    public string UserAgent { get; init; } = "ordinal-control-plane";

    /// <summary>Gets how long a request may take that is not a stream.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads the current context of a kubeconfig: server, CA, token (or its file) and client certificate.</summary>
    /// <exception cref="FormatException">The text is no kubeconfig, or uses an exec plugin.</exception>
    public static HttpDoorOptions FromKubeconfig(string path)
    {
        JsonObject config = YamlText.ParseObject(File.ReadAllBytes(path));
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string context = config.Text("current-context") ?? throw new FormatException($"{path}: no current-context");
        JsonObject chosen = Entry(config, "contexts", context, "context", path);
        JsonObject cluster = Entry(config, "clusters", chosen.Text("cluster") ?? "", "cluster", path);
        JsonObject user = Entry(config, "users", chosen.Text("user") ?? "", "user", path);
        if (user.Child("exec") is not null)
        {
            throw new FormatException($"{path}: user {chosen.Text("user")} needs an exec plugin, which is not supported; use a token");
        }

        return new HttpDoorOptions(new Uri(cluster.Text("server") ?? throw new FormatException($"{path}: the cluster has no server")))
        {
            CertificateAuthorityPem = Content(cluster, "certificate-authority", folder),
            Token = user.Text("token") ?? (user.Text("tokenFile") is { } file ? File.ReadAllText(Path.Combine(folder, file)).Trim() : null),
            ClientCertificatePem = Content(user, "client-certificate", folder),
            ClientKeyPem = Content(user, "client-key", folder),
        };
    }

    private static string? Content(JsonObject entry, string name, string folder)
    {
        if (entry.Text(name + "-data") is { } data)
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        }

        return entry.Text(name) is { } file ? File.ReadAllText(Path.Combine(folder, file)) : null;
    }

    private static JsonObject Entry(JsonObject config, string list, string name, string inner, string path) =>
        (config.List(list) ?? []).OfType<JsonObject>().FirstOrDefault(e => e.Text("name") == name).Child(inner)
        ?? throw new FormatException($"{path}: {list} has no entry '{name}'");
}
