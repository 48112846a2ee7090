using System.Text;
using NUnit.Framework;
using Ordinal.Gates.Kafka;
using Ordinal.Gates.Kafka.Messages;
using Ordinal.Gates.Kafka.Sasl;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Tests.Gates.Kafka;

/// <summary>Bytes of each message, written out by hand from the published message schemas (clients/src/main/resources/common/message).</summary>
public sealed class KafkaWireTests
{
    // "a" and "t" as compact texts are 0261 and 0274: length plus one, then the letter. 00 at the end of a structure: no tagged fields.
    private const string Uuid = "00000000000000000000000000000000";
    private const string MetadataLog = "13 5f5f636c75737465725f6d65746164617461";
    private const string MinIsr = "6d696e2e696e73796e632e7265706c69636173";

    [Test]
    public void A_request_begins_with_its_length_and_a_header_whose_client_id_is_never_compact() => Assert.That(
        Convert.ToHexStringLower(KafkaConnection.Frame(ApiVersions.Request, 3, 1).Span),
        Is.EqualTo(Hex("0000001d 0012 0003 00000001 0007 6f7264696e616c 00 08 6f7264696e616c 02 31 00")));

    [Test]
    public void A_request_of_an_old_version_has_no_tagged_fields() => Assert.That(
        Convert.ToHexStringLower(KafkaConnection.Frame(ApiVersions.Request, 0, 2).Span), Is.EqualTo(Hex("00000011 0012 0000 00000002 0007 6f7264696e616c")));

    [Test]
    public void Requests_are_what_the_schemas_say()
    {
        Written(Metadata.AllTopics, 12, "00 00 00 00");
        Written(Metadata.AllTopics, 4, "ffffffff 00");
        Written(Metadata.NoTopics, 4, "00000000 00");
        Written(Metadata.Request(["a"]), 9, "02 02 61 00 00 00 00 00");
        Written(Metadata.Request(["a"]), 12, $"02 {Uuid} 02 61 00 00 00 00");
        Written(DescribeCluster.Request, 0, "01 00");
        Written(DescribeCluster.Request, 2, "01 01 01 00");
        Written(DescribeCluster.Controllers, 1, "01 02 00");
        Written(DescribeCluster.Controllers, 2, "01 02 00 00");
        Written(DescribeTopicPartitions.Request(["t"]), 0, "02 0274 00 000007d0 ff 00");
        Written(DescribeTopicPartitions.Request(["a", "t"], ("t", 5)), 0, "03 0261 00 0274 00 000007d0 01 0274 00000005 00 00");
        Written(DescribeConfigs.Topics(["t"], "min.insync.replicas"), 4, $"02 02 0274 02 14 {MinIsr} 00 00 00 00");
        Written(DescribeConfigs.Topics(["t"], "min.insync.replicas"), 1, $"00000001 02 0001 74 00000001 0013 {MinIsr} 00");
        Written(DescribeConfigs.OfBroker(3), 4, "02 04 0233 01 00 00 00 00");
        Written(DescribeQuorum.Request, 2, $"02 {MetadataLog} 02 00000000 00 00 00");
        Written(ListPartitionReassignments.Request(TimeSpan.FromSeconds(10)), 0, "00002710 00 00");
        Written(DescribeLogDirs.Request, 1, "ffffffff");
        Written(DescribeLogDirs.Request, 4, "00 00");
        Written(ElectLeaders.Request([("t", 0), ("t", 2), ("a", 1)], TimeSpan.FromSeconds(10)), 2, "00 03 0274 03 00000000 00000002 00 0261 02 00000001 00 00002710 00");
        Written(ElectLeaders.Request([("t", 0)], TimeSpan.FromSeconds(10)), 1, "00 00000001 0001 74 00000001 00000000 00002710");
        Written(UnregisterBroker.Request(5), 0, "00000005 00");
        Written(IncrementalAlterConfigs.Request(2, new Dictionary<string, string?> { ["a"] = "1" }, validateOnly: true), 1, "02 04 0232 02 0261 00 0231 00 00 01 00");
        Written(IncrementalAlterConfigs.Request(2, new Dictionary<string, string?> { ["a"] = null }), 0, "00000001 04 0001 32 00000001 0001 61 01 ffff 00");
        Written(SaslHandshake.Request("PLAIN"), 1, "0005 504c41494e");
        Written(SaslAuthenticate.Request([1, 2, 3]), 2, "04 010203 00");
        Written(SaslAuthenticate.Request([1, 2, 3]), 0, "00000003 010203");
    }

    [Test]
    public void ApiVersions_answers_are_read_and_versions_chosen()
    {
        var old = Read(ApiVersions.Request, 0, "0000 00000002 0003 0000 000c 0012 0000 0003");
        Assert.That((old.ErrorCode, old.Choose(KafkaApi.Metadata), old.Choose(KafkaApi.DescribeQuorum)), Is.EqualTo(((short)0, (short?)12, (short?)null)));
        var young = Read(ApiVersions.Request, 3, "0000 03 0003 0000 0007 00 0003 000d 000f 00 00000000 01 01 08 0000000000000005");
        Assert.That(young.Choose(KafkaApi.Metadata), Is.Null, "the last entry wins, and its versions are all newer than ours");
        Assert.That(Read(ApiVersions.Request, 0, "0023 00000000").ErrorCode, Is.EqualTo(KafkaError.UnsupportedVersion));
    }

    [Test]
    public void Metadata_answers_are_read()
    {
        var young = Read(
            Metadata.AllTopics,
            12,
            $"00000000 02 00000001 0268 00002384 0272 00 0263 00000001 02 0000 0274 {Uuid} 00 02 0000 00000000 00000001 00000005 03 00000001 00000002 02 00000001 02 00000002 00 80000000 00 00");
        Assert.That((young.ClusterId, young.ControllerId, young.Brokers[0]), Is.EqualTo(("c", 1, new KafkaBroker { Id = 1, Host = "h", Port = 9092, Rack = "r" })));
        var partition = young.Topics[0].Partitions[0];
        Assert.That((young.Topics[0].Name, partition.Leader, partition.LeaderEpoch), Is.EqualTo(("t", 1, 5)));
        Assert.That((string.Join(',', partition.Replicas), string.Join(',', partition.Isr)), Is.EqualTo(("1,2", "1")));

        var old = Read(
            Metadata.AllTopics,
            4,
            "00000000 00000001 00000001 0001 68 00002384 ffff 0001 63 00000001 00000001 0000 0001 74 01 00000001 0005 00000000 ffffffff 00000001 00000001 00000001 00000001");
        Assert.That((old.Topics[0].IsInternal, old.Topics[0].Partitions[0].ErrorCode, old.Topics[0].Partitions[0].Leader, old.Brokers[0].Rack), Is.EqualTo((true, (short)5, -1, (string?)null)));
    }

    [Test]
    public void DescribeCluster_answers_are_read()
    {
        var young = Read(DescribeCluster.Request, 2, "00000000 0000 00 01 0263 00000002 02 00000002 0268 00002384 00 01 00 00000500 00");
        Assert.That((young.ClusterId, young.ControllerId, young.AuthorizedOperations, young.Brokers[0].IsFenced), Is.EqualTo(("c", 2, 0x500, true)));
        var old = Read(DescribeCluster.Request, 0, "00000000 001f 02 78 0263 ffffffff 01 80000000 00");
        Assert.That((old.ErrorCode, old.ErrorMessage, old.Brokers.Length), Is.EqualTo(((short)31, "x", 0)));
        Assert.That((young.EndpointType, old.EndpointType), Is.EqualTo((DescribeCluster.OfBrokers, DescribeCluster.OfBrokers)), "before version 1 there were only brokers to tell of");
        var controllers = Read(DescribeCluster.Controllers, 1, "00000000 0000 00 02 0263 00000002 02 00000002 0268 00002385 00 00 80000000 00");
        Assert.That((controllers.EndpointType, controllers.ControllerId, controllers.Brokers[0].Id, controllers.Brokers[0].Port), Is.EqualTo((DescribeCluster.OfControllers, 2, 2, 9093)));
        Assert.That(Read(DescribeCluster.Controllers, 1, "00000000 0072 00 01 0263 ffffffff 01 80000000 00").ErrorCode, Is.EqualTo(KafkaError.MismatchedEndpointType));
    }

    [Test]
    public void DescribeTopicPartitions_answers_are_read()
    {
        // Partition 0 is offline, 2 may lead it; of partition 1 the broker keeps no note; more is to come from partition 5 on.
        var page = Read(
            DescribeTopicPartitions.Request(["t"]),
            0,
            $"00000000 02 0000 0274 {Uuid} 00 03 0005 00000000 ffffffff 00000003 03 00000001 00000002 01 02 00000002 01 02 00000001 00 "
            + "0000 00000001 00000001 00000003 02 00000001 02 00000001 00 00 01 00 80000000 00 01 0274 00000005 00 00");
        var told = page.Partitions.Single();
        Assert.That((told.Topic, told.Partition, string.Join(',', told.Eligible), told.LastKnown.Length), Is.EqualTo(("t", 0, "2", 0)));
        Assert.That(page.Next, Is.EqualTo(("t", 5)));
        var last = Read(DescribeTopicPartitions.Request(["t"]), 0, $"00000000 02 0000 0274 {Uuid} 00 02 0005 00000000 ffffffff 00000003 02 00000001 01 01 02 00000001 01 00 80000000 00 ff 00");
        Assert.That((last.Partitions.Single().Eligible.Length, last.Partitions.Single().LastKnown[0], last.Next), Is.EqualTo((0, 1, ((string, int)?)null)));
        Assert.That(Read(DescribeTopicPartitions.Request(["t"]), 0, $"00000000 02 001d 0274 {Uuid} 00 01 80000000 00 ff 00").Partitions, Is.Empty, "a topic that may not be described");
    }

    [Test]
    public void DescribeConfigs_answers_are_read()
    {
        var young = Read(DescribeConfigs.Topics(["t"]), 4, "00000000 02 0000 00 02 0274 02 0261 0231 00 05 00 02 0261 0231 05 00 03 00 00 00 00").Resources[0];
        Assert.That((young.ErrorCode, young.Name, young.Values["a"]), Is.EqualTo(((short)0, "t", "1")));
        var old = Read(DescribeConfigs.Topics(["t"]), 1, "00000000 00000001 001d ffff 02 0001 74 00000001 0001 61 ffff 00 05 00 00000000").Resources[0];
        Assert.That((old.ErrorCode, old.Values["a"]), Is.EqualTo(((short)29, (string?)null)));
    }

    [Test]
    public void DescribeQuorum_answers_are_read()
    {
        var first = Read(DescribeQuorum.Request, 1, $"0000 02 {MetadataLog} 02 00000000 0000 00000001 00000007 0000000000000064 02 00000001 0000000000000064 00000000000003e8 00000000000003e7 00 01 00 00 00").Quorum!;
        Assert.That((first.LeaderId, first.LeaderEpoch, first.HighWatermark), Is.EqualTo((1, 7, 100L)));
        Assert.That(first.Voters.Single(), Is.EqualTo(new KafkaQuorumReplica { Id = 1, LogEndOffset = 100, LastFetch = 1000, LastCaughtUp = 999 }));
        var second = Read(
            DescribeQuorum.Request,
            2,
            $"0000 00 02 {MetadataLog} 02 00000000 0000 00 00000001 00000007 0000000000000064 01 02 00000004 00112233445566778899aabbccddeeff 0000000000000063 ffffffffffffffff ffffffffffffffff 00 00 00 02 00000001 02 0243 0268 2384 00 00 00").Quorum!;
        Assert.That((second.Voters.Length, second.Observers[0].Id, second.Observers[0].LastCaughtUp), Is.EqualTo((0, 4, -1L)));
        Assert.That((second.Observers[0].Directory, first.Voters[0].Directory), Is.EqualTo((Guid.ParseExact("00112233445566778899aabbccddeeff", "N"), Guid.Empty)));
        var zero = Read(DescribeQuorum.Request, 0, $"0000 02 {MetadataLog} 02 00000000 001f ffffffff ffffffff ffffffffffffffff 01 01 00 00 00");
        Assert.That((zero.ErrorCode, zero.Quorum!.LeaderId), Is.EqualTo(((short)31, -1)));
    }

    [Test]
    public void The_other_answers_are_read()
    {
        var moving = Read(ListPartitionReassignments.Request(TimeSpan.Zero), 0, "00000000 0000 00 02 0274 02 00000003 02 00000001 02 00000002 01 00 00 00").Reassignments.Single();
        Assert.That((moving.Topic, moving.Partition, moving.Replicas[0], moving.Adding[0], moving.Removing.Length), Is.EqualTo(("t", 3, 1, 2, 0)));

        var dir = Read(DescribeLogDirs.Request, 4, "00000000 0000 02 0038 03 2f64 02 0274 02 00000001 0000000000000400 0000000000000000 00 00 00 0000000000000001 0000000000000001 00 00").Dirs.Single();
        Assert.That((dir.ErrorCode, dir.Path, dir.Topics[0].Name, dir.Topics[0].Partitions[0]), Is.EqualTo((KafkaError.StorageError, "/d", "t", 1)));
        Assert.That(Read(DescribeLogDirs.Request, 1, "00000000 00000000").Dirs, Is.Empty);

        var election = Read(ElectLeaders.Request([], TimeSpan.Zero), 2, "00000000 0000 02 0274 02 00000000 0054 00 00 00 00");
        Assert.That(election.Results.Single(), Is.EqualTo(new ElectionResult("t", 0, KafkaError.ElectionNotNeeded)));

        Assert.That(Read(UnregisterBroker.Request(1), 0, "00000000 0066 02 78 00"), Is.EqualTo(new UnregisterBroker(102, "x")));
        Assert.That(Read(IncrementalAlterConfigs.Request(1, new Dictionary<string, string?>()), 1, "00000000 02 0028 0278 04 0232 00 00"), Is.EqualTo(new IncrementalAlterConfigs(40, "x")));
        Assert.That(Read(SaslHandshake.Request("x"), 1, "0021 00000001 0005 504c41494e").Mechanisms, Is.EqualTo(new[] { "PLAIN" }));
        var sasl = Read(SaslAuthenticate.Request([]), 2, "0000 00 03 0102 0000000000002710 00");
        Assert.That((sasl.Answer.Length, sasl.SessionLifetime), Is.EqualTo((2, TimeSpan.FromSeconds(10))));
        Assert.That(Read(SaslAuthenticate.Request([]), 0, "003a 0001 78 00000000").ErrorMessage, Is.EqualTo("x"));
    }

    [TestCase("00000000 7fffffff", "does not fit")]
    [TestCase("00000000 00000001 00000001 7fff 00002384 ffff", "ends")]
    [TestCase("", "ends")]
    [TestCase("00000000 00000001 00000001 0001 ff 00002384 ffff 0001 63 00000001 00000000", "UTF-8")]
    public void What_does_not_fit_the_schema_is_refused(string bytes, string words) =>
        Assert.That(() => Read(Metadata.AllTopics, 4, bytes), Throws.TypeOf<WireFormatException>().With.Message.Contains(words));

    [Test]
    public void Scram_says_what_RFC_7677_says()
    {
        var scram = new ScramClient(is256: true, "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        Assert.That(Encoding.UTF8.GetString(scram.First()), Is.EqualTo("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
        Assert.That(
            Encoding.UTF8.GetString(scram.Final(Encoding.UTF8.GetBytes("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))!),
            Is.EqualTo("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
        Assert.That(scram.IsServer("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8.ToArray()), Is.True);
        Assert.That(scram.IsServer("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8.ToArray()), Is.False);
    }

    [TestCase("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [TestCase("r=nonce,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Description = "the server added nothing of its own")]
    [TestCase("r=nonce+,s=!!,i=4096")]
    [TestCase("r=nonce+,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1")]
    [TestCase("r=nonce+,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000")]
    [TestCase("e=other-error")]
    [TestCase("")]
    public void A_challenge_that_is_none_is_not_answered(string challenge) =>
        Assert.That(new ScramClient(is256: false, "user", "pencil", "nonce").Final(Encoding.UTF8.GetBytes(challenge)), Is.Null);

    [Test]
    public void A_user_name_with_commas_and_equal_signs_is_escaped() =>
        Assert.That(Encoding.UTF8.GetString(new ScramClient(is256: true, "a,b=c", "x", "n").First()), Is.EqualTo("n,,n=a=2Cb=3Dc,r=n"));

    [TestCase("kafka:9092", "kafka", 9092)]
    [TestCase("[::1]:9092", "::1", 9092)]
    [TestCase("10.0.0.1:1", "10.0.0.1", 1)]
    public void Endpoints_are_read(string text, string host, int port)
    {
        Assert.That(KafkaEndpoint.Parse(text), Is.EqualTo(new KafkaEndpoint(host, port)));
        Assert.That(KafkaEndpoint.Parse(text)!.ToString(), Is.EqualTo(text));
    }

    [TestCase("kafka")]
    [TestCase(":9092")]
    [TestCase("kafka:")]
    [TestCase("kafka:0")]
    [TestCase("kafka:65536")]
    [TestCase("ka fka:9092")]
    [TestCase("http://kafka:9092")]
    public void What_is_no_endpoint_is_none(string text) => Assert.That(KafkaEndpoint.Parse(text), Is.Null);

    private static string Hex(string spaced) => spaced.Replace(" ", "", StringComparison.Ordinal);

    private static void Written<T>(KafkaRequest<T> request, short version, string bytes)
        where T : class
    {
        var writer = new WireWriter(KafkaApis.IsFlexible(request.Api, version));
        request.Write(writer, version);
        Assert.That(Convert.ToHexStringLower(writer.Written.Span), Is.EqualTo(Hex(bytes)), $"{request.Api} {version}");
    }

    private static T Read<T>(KafkaRequest<T> request, short version, string bytes)
        where T : class
    {
        var reader = new WireReader(Convert.FromHexString(Hex(bytes)), KafkaApis.IsFlexible(request.Api, version));
        var read = request.Read(ref reader, version);
        if (request.Api is not KafkaApi.ApiVersions)
        {
            Assert.That(reader.Left, Is.Zero, $"{request.Api} {version}: bytes that nobody read");
        }

        return read;
    }
}
