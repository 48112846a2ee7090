using System.Text;

namespace Ordinal.ControlPlane.Hosting;

/// <summary>Writes kubeconfig files.</summary>
public static class Kubeconfig
{
    /// <summary>Builds the text of a kubeconfig with one cluster, one user and one context of the same name.</summary>
    public static string Text(string clusterName, Uri url, string certificateAuthorityPem, string token) => $"""
        apiVersion: v1
        kind: Config
        current-context: {clusterName}
        clusters:
        - name: {clusterName}
          cluster:
            server: {url.GetLeftPart(UriPartial.Authority)}
            certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(certificateAuthorityPem))}
        users:
        - name: {clusterName}
          user:
            token: {token}
        contexts:
        - name: {clusterName}
          context:
            cluster: {clusterName}
            user: {clusterName}
            namespace: default

        """;

    /// <summary>Writes a kubeconfig: mode 0600, in a directory that is made with mode 0700 if it is missing. Replaces a file at once.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static async Task WriteAsync(
        string path, string clusterName, Uri url, string certificateAuthorityPem, string token, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(path);
        string directory = Path.GetDirectoryName(full)!;
        if (!OperatingSystem.IsWindows() && !Directory.Exists(directory))
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        // A new file of our own beside it, renamed over it: nobody sees half a file, and never one with wider rights.
        string temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            await using (var stream = new FileStream(temporary, options))
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(Text(clusterName, url, certificateAuthorityPem, token)), cancellationToken);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
