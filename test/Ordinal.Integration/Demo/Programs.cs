namespace Ordinal.Integration.Demo;

/// <summary>The programs from Debian's archive that <c>hack/deps</c> brings.</summary>
internal static class Programs
{
    public static string Etcd => Find("etcd", "etcd-server");

    public static string Kubectl => Find("kubectl", "kubernetes-client");

    /// <summary>Gets ZooKeeper's server in the foreground, by the script of Apache's image.</summary>
    public static string ZooKeeper => Find("zkServer.sh", "zookeeper");

    /// <summary>Gets the folder of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    private static string Find(string name, string package)
    {
        var file = Path.Combine(Environment.GetEnvironmentVariable("ORDINAL_DEPS") ?? Path.Combine(Repository, ".deps"), "root/usr/bin", name);
        return File.Exists(file) ? file : throw new FileNotFoundException($"{file} is not there; run hack/deps {package}");
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Operator.sln");
    }
}
