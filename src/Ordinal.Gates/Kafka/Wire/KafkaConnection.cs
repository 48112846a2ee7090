using System.Buffers.Binary;
using Ordinal.Gates.Kafka.Messages;

namespace Ordinal.Gates.Kafka.Wire;

/// <summary>
/// One connection to one broker. Requests of several callers go out one after the other without waiting for answers (a broker answers in
/// order), and each answer finds its request by the correlation id. Once anything goes wrong the connection is finished: what was asked
/// fails, and nothing more is sent.
/// </summary>
internal sealed class KafkaConnection : IDisposable
{
    /// <summary>The longest answer that is taken: the metadata of some 250,000 partitions.</summary>
    internal const int MaxFrame = 16 << 20;

    private const string ClientId = "ordinal";

    private readonly KafkaEndpoint endpoint;
    private readonly Stream stream;
    private readonly SemaphoreSlim writing = new(1);
    private readonly Lock guard = new();
    private readonly Dictionary<int, TaskCompletionSource<KafkaResult<byte[]>>> pending = [];
    private KafkaFailure? end;
    private bool isRetired;
    private int lastId;
    private int answered;

    internal KafkaConnection(KafkaEndpoint endpoint, Stream stream)
    {
        this.endpoint = endpoint;
        this.stream = stream;
        _ = ReadAsync();
    }

    private KafkaFailure Retired => field ??= new(KafkaFailureKind.Unreachable, $"{endpoint}: the connection had served its time");

    /// <summary>Gets or sets what the broker speaks; known after the first exchange.</summary>
    internal ApiVersions? Versions { get; set; }

    /// <summary>Gets a value indicating whether nothing can be asked any more.</summary>
    internal bool IsFinished
    {
        get
        {
            lock (guard)
            {
                return end is not null;
            }
        }
    }

    /// <summary>Gets how many answers have come: a connection that ends before the second never was one.</summary>
    internal int Answered => Volatile.Read(ref answered);

    /// <summary>Asks in the newest version that both sides speak.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the connection is finished then. No other exception escapes.</exception>
    internal Task<KafkaResult<T>> AskAsync<T>(KafkaRequest<T> request, CancellationToken cancellationToken)
        where T : class
    {
        var version = Versions!.Choose(request.Api, request.NotBefore);
        return version is { } known
            ? AskAsync(request, known, cancellationToken)
            : Task.FromResult<KafkaResult<T>>(new KafkaFailure(KafkaFailureKind.Unsupported, $"{endpoint} speaks no version of {request.Api} that is known here", KafkaError.UnsupportedVersion));
    }

    /// <summary>Asks in one version.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the connection is finished then. No other exception escapes.</exception>
    internal async Task<KafkaResult<T>> AskAsync<T>(KafkaRequest<T> request, short version, CancellationToken cancellationToken)
        where T : class
    {
        var answer = new TaskCompletionSource<KafkaResult<byte[]>>(TaskCreationOptions.RunContinuationsAsynchronously);
        int id;
        lock (guard)
        {
            if (end is not null || isRetired)
            {
                return end ?? Retired;
            }

            id = ++lastId;
            pending[id] = answer;
        }

        try
        {
            await SendAsync(Frame(request, version, id), cancellationToken);
            var frame = await answer.Task.WaitAsync(cancellationToken);
            return frame.Value is { } bytes ? Decode(request, version, bytes) : frame.Failure!;
        }
        catch (OperationCanceledException)
        {
            // Answers come in order: behind a request that is not answered there is nothing to wait for.
            Finish(new KafkaFailure(KafkaFailureKind.Timeout, $"{endpoint} did not answer in time"));
            throw;
        }
    }

    /// <summary>Closes the connection as soon as nothing waits for an answer any more.</summary>
    internal void Retire()
    {
        lock (guard)
        {
            isRetired = true;
            if (pending.Count > 0)
            {
                return;
            }
        }

        Finish(Retired);
    }

    /// <summary>Tells whether a failure only says that the connection was retired before the request went out: another one will do.</summary>
    internal bool WasRetired(KafkaFailure failure) => ReferenceEquals(failure, Retired);

    /// <summary>Closes the connection. What is being asked fails.</summary>
    public void Dispose() => Finish(new KafkaFailure(KafkaFailureKind.Unreachable, $"{endpoint}: the connection was closed"));

    internal static ReadOnlyMemory<byte> Frame<T>(KafkaRequest<T> request, short version, int id)
        where T : class
    {
        var isFlexible = KafkaApis.IsFlexible(request.Api, version);
        var header = new WireWriter(isFlexible: false);
        header.Int32(0); // the length, below
        header.Int16((short)request.Api);
        header.Int16(version);
        header.Int32(id);
        header.String(ClientId); // never compact, not even in a flexible header
        var body = new WireWriter(isFlexible);
        body.Tags();
        request.Write(body, version);
        var frame = new byte[header.Written.Length + body.Written.Length];
        header.Written.CopyTo(frame);
        body.Written.CopyTo(frame.AsMemory(header.Written.Length));
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
    }

    private KafkaResult<T> Decode<T>(KafkaRequest<T> request, short version, byte[] frame)
        where T : class
    {
        try
        {
            var reader = new WireReader(frame.AsSpan(4), KafkaApis.IsFlexible(request.Api, version));
            if (KafkaApis.HasFlexibleResponseHeader(request.Api, version))
            {
                reader.Tags();
            }

            return request.Read(ref reader, version);
        }
        catch (WireFormatException e) when (request.Api is KafkaApi.ApiVersions && version > 0)
        {
            return Downgraded(request, frame) ?? Malformed(request, e);
        }
        catch (WireFormatException e)
        {
            return Malformed(request, e);
        }
    }

    /// <summary>A broker that does not know our version of ApiVersions answers in version 0.</summary>
    private static KafkaResult<T>? Downgraded<T>(KafkaRequest<T> request, byte[] frame)
        where T : class
    {
        try
        {
            var reader = new WireReader(frame.AsSpan(4), isFlexible: false);
            return request.Read(ref reader, 0);
        }
        catch (WireFormatException)
        {
            return null;
        }
    }

    private KafkaFailure Malformed<T>(KafkaRequest<T> request, WireFormatException why)
        where T : class
    {
        var failure = new KafkaFailure(KafkaFailureKind.NotKafka, $"{endpoint} answers {request.Api} in another form than Kafka's: {why.Message}");
        Finish(failure);
        return failure;
    }

    private async Task SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            await stream.WriteAsync(frame, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The reader may know better why: what it said stands.
            Finish(KafkaFailures.Explain(endpoint, e, inHandshake: false));
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await FrameAsync() is { } frame)
            {
                TaskCompletionSource<KafkaResult<byte[]>>? waiting;
                lock (guard)
                {
                    pending.Remove(BinaryPrimitives.ReadInt32BigEndian(frame), out waiting);
                }

                if (waiting is null)
                {
                    Finish(new KafkaFailure(KafkaFailureKind.NotKafka, $"{endpoint} answers what was not asked, which Kafka does not"));
                    return;
                }

                Interlocked.Increment(ref answered);
                waiting.TrySetResult(frame);
                if (IsDrained())
                {
                    Finish(Retired);
                    return;
                }
            }
        }
        catch (EndOfStreamException)
        {
            Finish(new KafkaFailure(KafkaFailureKind.Unreachable, $"{endpoint} closed the connection"));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Finish(KafkaFailures.Explain(endpoint, e, inHandshake: false));
        }
    }

    private bool IsDrained()
    {
        lock (guard)
        {
            return isRetired && pending.Count == 0;
        }
    }

    /// <summary>Reads one frame without its length; null when there can be no more. Memory grows with what has come, not with what was announced.</summary>
    private async Task<byte[]?> FrameAsync()
    {
        var head = new byte[4];
        await stream.ReadExactlyAsync(head);
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 4 or > MaxFrame)
        {
            Finish(length is >= 0 and < 4
                ? new KafkaFailure(KafkaFailureKind.NotKafka, $"{endpoint} sends an answer of {length} bytes, which Kafka does not")
                : KafkaFailures.NotAFrame(endpoint, length, MaxFrame));
            return null;
        }

        var frame = new byte[Math.Min(length, 64 << 10)];
        for (var filled = 0; ; filled = frame.Length, Array.Resize(ref frame, (int)Math.Min(length, 2L * frame.Length)))
        {
            await stream.ReadExactlyAsync(frame.AsMemory(filled));
            if (frame.Length == length)
            {
                return frame;
            }
        }
    }

    private void Finish(KafkaFailure why)
    {
        List<TaskCompletionSource<KafkaResult<byte[]>>> left;
        lock (guard)
        {
            if (end is not null)
            {
                return;
            }

            end = why;
            left = [.. pending.Values];
            pending.Clear();
        }

        stream.Dispose();
        left.ForEach(waiting => waiting.TrySetResult(why));
    }
}
