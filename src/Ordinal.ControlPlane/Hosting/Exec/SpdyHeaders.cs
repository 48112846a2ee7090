using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Ordinal.ControlPlane.Hosting.Exec;

/// <summary>
/// The headers of SPDY/3.1 frames: compressed with a dictionary that both sides know, in one stream for the whole connection. The platform's inflater takes
/// no dictionary, but looks back at what it has seen: so the dictionary is the first that it sees. What is written is stored, not compressed, which is a
/// valid form too. One reader and one writer at a time.
/// </summary>
internal sealed class SpdyHeaders : IDisposable
{
    private const int MostHeaders = 64;
    private const int LongestHeader = 64 * 1024;
    private const int PrefixLength = 6;

    private static readonly string[] Words =
    [
        "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "authorization", "cache-control",
        "connection", "content-base", "content-encoding", "content-language", "content-length", "content-location", "content-md5", "content-range", "content-type", "date", "etag", "expect",
        "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma", "proxy-authenticate",
        "proxy-authorization", "range", "referer", "retry-after", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning", "www-authenticate", "method",
        "get", "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin",
    ];

    private const string Rest =
        "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
        + "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, "
        + "Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch"
        + "charset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

    private readonly Compressed input = new();
    private readonly DeflateStream inflater;
    private bool hasRead;
    private bool hasWritten;

    public SpdyHeaders()
    {
        inflater = new DeflateStream(input, CompressionMode.Decompress);
        byte[] dictionary = Dictionary();
        input.Add(Stored(dictionary));
        inflater.ReadExactly(new byte[dictionary.Length]);
    }

    /// <summary>Gets the dictionary of SPDY/3: words, each behind its length, and a text.</summary>
    public static byte[] Dictionary()
    {
        var dictionary = new MemoryStream();
        foreach (string word in Words)
        {
            dictionary.Write(Number(word.Length));
            dictionary.Write(Encoding.ASCII.GetBytes(word));
        }

        dictionary.Write(Encoding.ASCII.GetBytes(Rest));
        return dictionary.ToArray();
    }

    /// <summary>Reads a block of headers.</summary>
    /// <exception cref="IOException">It is none.</exception>
    public IReadOnlyDictionary<string, string> Read(ReadOnlySpan<byte> block)
    {
        if (!hasRead)
        {
            // Of zlib's own head, and the checksum of the dictionary.
            block = block.Length >= PrefixLength ? block[PrefixLength..] : throw new IOException("a block of headers is too short");
            hasRead = true;
        }

        input.Add(block);
        try
        {
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            for (int left = ReadNumber(MostHeaders); left > 0; left--)
            {
                string name = ReadText();
                headers[name] = ReadText();
            }

            return headers;
        }
        catch (InvalidDataException e)
        {
            throw new IOException($"headers cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes a block without headers, which is all that an answer needs.</summary>
    public byte[] Empty()
    {
        byte[] head = hasWritten ? [] : [0x78, 0x01];
        hasWritten = true;

        // The empty block at the end is what makes the other side look at what it has.
        return [.. head, .. Stored(Number(0)), .. Stored([])];
    }

    public void Dispose()
    {
        inflater.Dispose();
        input.Dispose();
    }

    private static byte[] Number(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>A block of a deflate stream that is stored as it is, and not the last.</summary>
    private static byte[] Stored(ReadOnlySpan<byte> data)
    {
        byte[] block = new byte[5 + data.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(1), (ushort)data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(3), (ushort)~data.Length);
        data.CopyTo(block.AsSpan(5));
        return block;
    }

    private int ReadNumber(int most)
    {
        Span<byte> bytes = stackalloc byte[4];
        inflater.ReadExactly(bytes);
        int number = BinaryPrimitives.ReadInt32BigEndian(bytes);
        return number >= 0 && number <= most ? number : throw new IOException($"a block of headers says {number}, where at most {most} is taken");
    }

    private string ReadText()
    {
        byte[] bytes = new byte[ReadNumber(LongestHeader)];
        inflater.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>What has come and is not inflated yet.</summary>
    private sealed class Compressed : Stream
    {
        private byte[] bytes = [];
        private int at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Add(ReadOnlySpan<byte> more)
        {
            bytes = [.. bytes.AsSpan(at), .. more];
            at = 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int length = Math.Min(buffer.Length, bytes.Length - at);
            bytes.AsSpan(at, length).CopyTo(buffer);
            at += length;
            return length;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
