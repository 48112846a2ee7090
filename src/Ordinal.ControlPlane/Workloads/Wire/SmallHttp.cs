using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Workloads.Wire;

/// <summary>One request.</summary>
/// <param name="Path">Without the query.</param>
internal readonly record struct HttpAsked(string Method, string Path, byte[] Body);

/// <summary>One answer.</summary>
internal readonly record struct HttpSaid(int Status, string Body, string ContentType = "application/json");

/// <summary>As much of HTTP/1.1 as a server of small bodies needs: requests with a Content-Length, one after the other on a connection that stays.</summary>
internal static class SmallHttp
{
    private const int LongestHead = 16 << 10;
    private const int LongestBody = 1 << 20;

    /// <summary>Serves one connection to its end.</summary>
    /// <exception cref="FormatException">That was no HTTP.</exception>
    /// <exception cref="IOException">The other side went.</exception>
    public static async Task TalkAsync(Stream stream, Func<HttpAsked, CancellationToken, Task<HttpSaid>> answer, CancellationToken cancellationToken)
    {
        var buffered = new BufferedStream(stream, 8 << 10);
        while (await ReadHeadAsync(buffered, cancellationToken) is { } head)
        {
            var lines = head.Split("\r\n");
            if (lines[0].Split(' ') is not [var method, var target, var version] || !version.StartsWith("HTTP/1.", StringComparison.Ordinal))
            {
                throw new FormatException("no HTTP");
            }

            var body = new byte[Length(lines)];
            await buffered.ReadExactlyAsync(body, cancellationToken);
            var said = await answer(new HttpAsked(method, target.Split('?')[0], body), cancellationToken);
            var text = Encoding.UTF8.GetBytes(said.Body);
            var start = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {said.Status} {(said.Status == 200 ? "OK" : "Error")}\r\nContent-Type: {said.ContentType}\r\nContent-Length: {text.Length}\r\n\r\n");
            await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(start), .. text], cancellationToken);
        }
    }

    private static int Length(string[] lines)
    {
        foreach (var line in lines.Skip(1))
        {
            if (line.Split(':', 2) is [var name, var value] && name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                return int.TryParse(value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= LongestBody ? length : throw new FormatException("a body that is too long");
            }
        }

        return 0;
    }

    /// <summary>Reads up to the empty line; null at the end of the connection.</summary>
    private static async Task<string?> ReadHeadAsync(Stream stream, CancellationToken cancellationToken)
    {
        List<byte> head = [];
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) > 0)
        {
            head.Add(one[0]);
            if (head.Count > LongestHead)
            {
                throw new FormatException("a head that is too long");
            }

            if (head is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'])
            {
                return Encoding.ASCII.GetString([.. head]).TrimEnd();
            }
        }

        return null;
    }
}
