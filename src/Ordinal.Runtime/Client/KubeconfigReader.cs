using k8s.KubeConfigModels;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ordinal.Runtime.Client;

/// <summary>
/// Reads the kubeconfigs that most clusters hand out: servers, certificates and tokens. The official client reads all there are, by reflection over its
/// model and with regular expressions for its names; that is a tenth of a second of every start and of every command. What this does not know
/// (plugins, providers, proxies, whatever comes) it leaves to the client, so that no setting is ever passed over.
/// </summary>
internal sealed class KubeconfigReader
{
    private bool isWhole = true;

    private KubeconfigReader()
    {
    }

    /// <summary>Reads a file.</summary>
    /// <returns>Null when the client must read it: there is something else in it, or it is no kubeconfig and the client is to say so.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public static K8SConfiguration? TryRead(string path)
    {
        var file = new FileInfo(path);
        var stream = new YamlStream();
        try
        {
            using var text = file.OpenText();
            stream.Load(text);
            if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
            {
                return null;
            }

            // Certificates may be named by paths, which are relative to the file.
            var read = new K8SConfiguration { FileName = file.FullName };
            var reader = new KubeconfigReader();
            reader.Members(root, (name, value) => reader.Root(read, name, value));
            return reader.isWhole ? read : null;
        }
        catch (YamlException)
        {
            return null;
        }
    }

    private bool Root(K8SConfiguration read, string name, YamlNode value)
    {
        switch (name)
        {
            case "apiVersion":
                read.ApiVersion = Text(value);
                return true;
            case "kind":
                read.Kind = Text(value);
                return true;
            case "current-context":
                read.CurrentContext = Text(value);
                return true;
            case "contexts":
                read.Contexts = Items(value, () => new Context { ContextDetails = new ContextDetails() }, Named);
                return true;
            case "clusters":
                read.Clusters = Items(value, () => new Cluster { ClusterEndpoint = new ClusterEndpoint() }, Named);
                return true;
            case "users":
                read.Users = Items(value, () => new User { UserCredentials = new UserCredentials() }, Named);
                return true;
            default:
                return name is "preferences";
        }
    }

    private bool Named(Context context, string name, YamlNode value)
    {
        switch (name)
        {
            case "name":
                context.Name = Text(value);
                return true;
            case "context":
                Members(value, (member, of) => Set(member, of, context.ContextDetails));
                return true;
            default:
                return false;
        }

        bool Set(string name, YamlNode value, ContextDetails details)
        {
            switch (name)
            {
                case "cluster":
                    details.Cluster = Text(value);
                    return true;
                case "user":
                    details.User = Text(value);
                    return true;
                case "namespace":
                    details.Namespace = Text(value);
                    return true;
                default:
                    return name is "extensions";
            }
        }
    }

    private bool Named(Cluster cluster, string name, YamlNode value)
    {
        switch (name)
        {
            case "name":
                cluster.Name = Text(value);
                return true;
            case "cluster":
                Members(value, (member, of) => Set(member, of, cluster.ClusterEndpoint));
                return true;
            default:
                return false;
        }

        bool Set(string name, YamlNode value, ClusterEndpoint endpoint)
        {
            switch (name)
            {
                case "server":
                    endpoint.Server = Text(value);
                    return true;
                case "certificate-authority":
                    endpoint.CertificateAuthority = Text(value);
                    return true;
                case "certificate-authority-data":
                    endpoint.CertificateAuthorityData = Text(value);
                    return true;
                case "tls-server-name":
                    endpoint.TlsServerName = Text(value);
                    return true;
                default:
                    return name is "extensions";
            }
        }
    }

    private bool Named(User user, string name, YamlNode value)
    {
        switch (name)
        {
            case "name":
                user.Name = Text(value);
                return true;
            case "user":
                Members(value, (member, of) => Set(member, of, user.UserCredentials));
                return true;
            default:
                return false;
        }

        bool Set(string name, YamlNode value, UserCredentials credentials)
        {
            switch (name)
            {
                case "token":
                    credentials.Token = Text(value);
                    return true;
                case "client-certificate":
                    credentials.ClientCertificate = Text(value);
                    return true;
                case "client-certificate-data":
                    credentials.ClientCertificateData = Text(value);
                    return true;
                case "client-key":
                    credentials.ClientKey = Text(value);
                    return true;
                case "client-key-data":
                    credentials.ClientKeyData = Text(value);
                    return true;
                default:
                    return false;
            }
        }
    }

    private List<TItem> Items<TItem>(YamlNode value, Func<TItem> create, Func<TItem, string, YamlNode, bool> set)
    {
        var items = new List<TItem>();
        if (value is not YamlSequenceNode sequence)
        {
            // An empty list is often written as null; the client knows what it makes of that.
            isWhole = false;
            return items;
        }

        foreach (var each in sequence)
        {
            var item = create();
            Members(each, (name, member) => set(item, name, member));
            items.Add(item);
        }

        return items;
    }

    private void Members(YamlNode node, Func<string, YamlNode, bool> set)
    {
        if (node is not YamlMappingNode mapping)
        {
            isWhole = false;
            return;
        }

        foreach (var (name, value) in mapping)
        {
            // What is inside may have spoken already: this only ever turns it off.
            if (!set(Text(name), value))
            {
                isWhole = false;
            }
        }
    }

    /// <summary>A text as it is written. A plain null, and whatever is no text, are the client's to understand.</summary>
    private string Text(YamlNode node)
    {
        if (node is YamlScalarNode { Value: { } text } scalar && (scalar.Style is not ScalarStyle.Plain || text is not ("" or "~" or "null" or "Null" or "NULL")))
        {
            return text;
        }

        isWhole = false;
        return "";
    }
}
