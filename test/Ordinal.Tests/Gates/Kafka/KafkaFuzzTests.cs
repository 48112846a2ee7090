using CsCheck;
using NUnit.Framework;
using Ordinal.Gates.Kafka;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>Whatever bytes come: no crash, no hang, no memory beyond a small multiple of the frame; and the answer is a failure, not a guess.</summary>
public sealed class KafkaFuzzTests
{
    private static readonly (string Name, short Oldest, short Newest, Action<byte[], short> Decode)[] Decoders =
    [
        Decoder(ApiVersions.Request), Decoder(Metadata.AllTopics), Decoder(DescribeCluster.Request), Decoder(DescribeConfigs.Topics([])), Decoder(DescribeQuorum.Request),
        Decoder(ListPartitionReassignments.Request(TimeSpan.Zero)), Decoder(DescribeLogDirs.Request), Decoder(ElectLeaders.Request([], TimeSpan.Zero)),
        Decoder(UnregisterBroker.Request(0)), Decoder(IncrementalAlterConfigs.Request(0, new Dictionary<string, string?>())), Decoder(SaslHandshake.Request("")), Decoder(SaslAuthenticate.Request([])),
        Decoder(DescribeCluster.Controllers), Decoder(DescribeTopicPartitions.Request([])),
    ];

    /// <summary>Bytes that look like messages: small numbers and lengths are far more common than chance has them.</summary>
    private static readonly Gen<byte[]> Bytes = Gen.Frequency(
        (6, Gen.Const((byte)0)), (4, Gen.Byte[1, 4]), (1, Gen.Const((byte)255)), (2, Gen.Byte)).Array[0, 400];

    [Test]
    public void No_bytes_make_a_decoder_do_more_than_refuse() => Gen.Select(Bytes, Gen.Int[0, Decoders.Length - 1], Gen.Short[0, 12]).Sample(
        (bytes, which, version) =>
        {
            var (_, oldest, newest, decode) = Decoders[which];
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                decode(bytes, Math.Clamp(version, oldest, newest));
            }
            catch (WireFormatException)
            {
                // As it should.
            }

            return GC.GetAllocatedBytesForCurrentThread() - before < 100_000;
        },
        iter: 30_000);

    [Test]
    public void A_length_that_cannot_be_is_refused_before_memory_is_taken()
    {
        foreach (var (name, oldest, newest, decode) in Decoders)
        {
            for (var version = oldest; version <= newest; version++)
            {
                // Every position once with the greatest length of either kind, in a frame of 64 bytes.
                for (var at = 0; at < 40; at++)
                {
                    foreach (var length in (byte[][])[[0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]])
                    {
                        var frame = new byte[64];
                        length.CopyTo(frame, at);
                        var before = GC.GetAllocatedBytesForCurrentThread();
                        try
                        {
                            decode(frame, version);
                        }
                        catch (WireFormatException)
                        {
                            // As it should.
                        }

                        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100_000), $"{name} {version} at {at}");
                    }
                }
            }
        }
    }

    [Test]
    public void No_stream_of_bytes_makes_a_connection_hang_or_answer() => Bytes.Sample(
        bytes =>
        {
            using var connection = new KafkaConnection(new KafkaEndpoint("h", 1), new Script(bytes));
            var answer = connection.AskAsync(Metadata.AllTopics, 12, CancellationToken.None);
            return answer.IsCompleted && answer.GetAwaiter().GetResult() is { Value: null, Failure: { } failure }
                && failure.Kind is KafkaFailureKind.NotKafka or KafkaFailureKind.Unreachable;
        },
        iter: 3_000,
        threads: 1);

    [Test]
    public void An_answer_that_is_cut_off_anywhere_is_refused()
    {
        var whole = Convert.FromHexString(
            "00000000020000000102680000238402720002630000000102000002740000000000000000000000000000000000020000000000000000000100000005030000000100000002020000000102000000020080000000" + "0000");
        var metadata = Decoders.First(d => d.Name == nameof(KafkaApi.Metadata));
        Assert.That(() => metadata.Decode(whole, 12), Throws.Nothing);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.That(() => metadata.Decode(whole[..length], 12), Throws.TypeOf<WireFormatException>(), $"cut off after {length}");
        }
    }

    private static (string Name, short Oldest, short Newest, Action<byte[], short> Decode) Decoder<T>(KafkaRequest<T> request)
        where T : class
    {
        var (oldest, newest, _) = KafkaApis.Of(request.Api);
        return ($"{request.Api}", oldest, newest, (bytes, version) =>
        {
            var reader = new WireReader(bytes, KafkaApis.IsFlexible(request.Api, version));
            request.Read(ref reader, version);
        });
    }

    /// <summary>A stream that takes everything and gives these bytes, then ends.</summary>
    private sealed class Script(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
