using System.Globalization;
using System.Security.Cryptography;

namespace Ordinal.Gates.Etcd;

/// <summary>
/// Takes a snapshot's bytes in and checks them: the database, then the SHA-256 of it, as etcdctl writes and restores it. Into a file that gets its
/// name only when it is right, or into nothing.
/// </summary>
internal sealed class SnapshotSink : IDisposable
{
    /// <summary>Every page of the database has at least this many bytes.</summary>
    private const int Page = 512;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] tail = new byte[SHA256.HashSizeInBytes];
    private readonly FileStream? file;
    private readonly string path;
    private int tailLength;

    private SnapshotSink(string path, FileStream? file) => (this.path, this.file) = (path, file);

    internal long Bytes { get; private set; }

    /// <summary>Opens a sink; with an empty directory the bytes are only checked.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    internal static SnapshotSink Open(string directory, string name)
    {
        if (directory.Length == 0)
        {
            return new SnapshotSink("", null);
        }

        // It holds every Secret of whoever keeps them in etcd.
        var path = Path.Combine(directory, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new SnapshotSink(path, new FileStream(path + ".part", options));
    }

    internal async ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        Bytes += piece.Length;
        if (file is not null)
        {
            await file.WriteAsync(piece, cancellationToken);
        }

        Hash(piece.Span);
    }

    /// <summary>Checks what came.</summary>
    /// <param name="atLeast">The fewest bytes that the database must have.</param>
    /// <param name="text">Where it lies and its checksum, or what is wrong.</param>
    internal bool Finish(ulong atLeast, out string text)
    {
        var database = Bytes - tailLength;
        if (tailLength < tail.Length || database % Page != 0)
        {
            text = string.Create(CultureInfo.InvariantCulture, $"it broke off after {Bytes} bytes");
            return false;
        }

        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(tail))
        {
            text = string.Create(CultureInfo.InvariantCulture, $"its checksum is wrong over {database} bytes");
            return false;
        }

        if ((ulong)database < atLeast)
        {
            text = string.Create(CultureInfo.InvariantCulture, $"it has {database} bytes, though {atLeast} are in use");
            return false;
        }

        if (file is not null)
        {
            file.Flush(flushToDisk: true);
            file.Dispose();
            File.Move(path + ".part", path, overwrite: true);
        }

        text = string.Create(CultureInfo.InvariantCulture, $"{database} bytes, sha256 {Convert.ToHexStringLower(tail)}, {(path.Length == 0 ? "not kept" : path)}");
        return true;
    }

    /// <summary>Closes the file; one that is not right is taken away.</summary>
    public void Dispose()
    {
        hash.Dispose();
        file?.Dispose();
        if (path.Length > 0)
        {
            File.Delete(path + ".part");
        }
    }

    /// <summary>Holds the last 32 bytes back: nobody knows which are the checksum until nothing comes after them.</summary>
    private void Hash(ReadOnlySpan<byte> piece)
    {
        var all = tailLength + piece.Length;
        var sure = Math.Max(0, all - tail.Length);
        var ofTail = Math.Min(sure, tailLength);
        hash.AppendData(tail, 0, ofTail);
        tail.AsSpan(ofTail, tailLength - ofTail).CopyTo(tail);
        tailLength -= ofTail;
        hash.AppendData(piece[..(sure - ofTail)]);
        piece[(sure - ofTail)..].CopyTo(tail.AsSpan(tailLength));
        tailLength += piece.Length - (sure - ofTail);
    }
}
