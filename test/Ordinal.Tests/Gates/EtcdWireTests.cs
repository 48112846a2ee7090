using System.Text;
using CsCheck;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Tests.Gates;

/// <summary>What members may send, and what else may come back.</summary>
public sealed class EtcdWireTests
{
    private const string Status34 =
        """{"header":{"cluster_id":"13749916951090799026","member_id":"12860211443360765759","revision":"1","raft_term":"2"},"version":"3.4.23","dbSize":"24576","leader":"12860211443360765759","raftIndex":"8","raftTerm":"2","raftAppliedIndex":"8","dbSizeInUse":"20480"}""";

    private const string Members34 =
        """{"header":{"cluster_id":"13749916951090799026","member_id":"12860211443360765759","raft_term":"2"},"members":[{"ID":"7453711819021982114","name":"m3","peerURLs":["http://127.77.9.3:2380"],"clientURLs":["http://127.77.9.3:2379"]},{"ID":"9354506656657626382","peerURLs":["http://127.77.9.2:2380"],"isLearner":true}]}""";

    private static readonly string[] Valid =
    [
        Status34,
        Members34,
        """{"header":{"cluster_id":"1","member_id":"2","revision":"1","raft_term":"2"}}""",
        """{"alarms":[{"memberID":"7453711819021982114","alarm":"NOSPACE"}]}""",
        """{"error":"etcdserver: request timed out","message":"etcdserver: request timed out","code":14}""",
        """{"header":{"cluster_id":"1","member_id":"2"},"token":"vCUqZAKpAvHDEqjn.16"}""",
    ];

    private static readonly int[] Statuses = [200, 200, 200, 301, 400, 401, 403, 404, 500, 503];

    private static readonly Gen<byte[]> Garbage = Gen.OneOf(
        Gen.Byte.Array[0, 200],
        Gen.Select(Gen.Int[0, Valid.Length - 1], Gen.Select(Gen.Int[0, 500], Gen.Byte).Array[0, 6], Gen.Int[0, 600]).Select((which, changes, cut) =>
        {
            var bytes = Encoding.UTF8.GetBytes(Valid[which]);
            foreach (var (at, value) in changes)
            {
                bytes[at % bytes.Length] = value;
            }

            return bytes[..Math.Min(cut, bytes.Length)];
        }));

    [Test]
    public void Status_of_3_4_is_read()
    {
        var status = EtcdWire.Status(Encoding.UTF8.GetBytes(Status34)).Value!;
        Assert.That((status.ClusterId, status.MemberId, status.Leader), Is.EqualTo((13749916951090799026ul, 12860211443360765759ul, 12860211443360765759ul)));
        Assert.That((status.Version, status.RaftIndex, status.RaftTerm, status.RaftAppliedIndex), Is.EqualTo(("3.4.23", 8ul, 2ul, 8ul)));
        Assert.That((status.DbSize, status.DbSizeInUse, status.DbSizeQuota, status.IsLearner), Is.EqualTo((24576ul, 20480ul, 0ul, false)));
    }

    [Test]
    public void Status_without_a_leader_has_the_leader_0_and_the_error()
    {
        var status = EtcdWire.Status(Encoding.UTF8.GetBytes(
            """{"header":{"cluster_id":"1","member_id":"2","raft_term":"2"},"version":"3.4.23","raftIndex":"17","raftTerm":"2","raftAppliedIndex":"17","errors":["etcdserver: no leader"]}""")).Value!;
        Assert.That((status.Leader, status.Errors.Single()), Is.EqualTo((0ul, "etcdserver: no leader")));
    }

    [Test]
    public void Fields_of_3_6_and_numbers_that_are_not_texts_are_read()
    {
        var status = EtcdWire.Status(Encoding.UTF8.GetBytes(
            """{"header":{"cluster_id":1,"member_id":18446744073709551615},"version":"3.6.1","storageVersion":"3.6.0","dbSizeQuota":"2147483648","downgradeInfo":{},"isLearner":true}""")).Value!;
        Assert.That((status.MemberId, status.DbSizeQuota, status.IsLearner), Is.EqualTo((ulong.MaxValue, 2147483648ul, true)));
    }

    [Test]
    public void A_member_without_a_name_never_started()
    {
        var members = EtcdWire.Members(Encoding.UTF8.GetBytes(Members34)).Value!.Members;
        Assert.That(members.Select(m => (m.Name, m.IsStarted, m.IsLearner)), Is.EqualTo(new[] { ("m3", true, false), ("", false, true) }));
    }

    [Test]
    public void Alarms_are_read_from_the_errors_and_from_the_list()
    {
        var status = new EtcdStatus { ClusterId = 1, MemberId = 2, Errors = ["memberID:8630161756594109333 alarm:NOSPACE ", "etcdserver: no leader"] };
        Assert.That(EtcdWire.AlarmsOf(status), Is.EqualTo(new[] { new EtcdAlarm(8630161756594109333, "NOSPACE") }));
        var list = EtcdWire.Alarms("""{"alarms":[{"memberID":"3","alarm":"CORRUPT"},{"memberID":"4","alarm":1}]}"""u8.ToArray()).Value!;
        Assert.That(list, Is.EqualTo(new[] { new EtcdAlarm(3, "CORRUPT"), new EtcdAlarm(4, "NOSPACE") }));
    }

    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("")]
    [TestCase("<html>")]
    [TestCase("""{"header":{"cluster_id":"1"}}""")]
    [TestCase("""{"header":{"cluster_id":"1","member_id":"-2"}}""")]
    [TestCase("""{"header":{"cluster_id":"1","member_id":"18446744073709551616"}}""")]
    [TestCase("""{"header":{"cluster_id":"1","member_id":"2","member_id":"3"}}""")]
    [TestCase("""{"header":{"cluster_id":"1","member_id":"2"},"errors":[1]}""")]
    [TestCase("""{"header":{"cluster_id":"1","member_id":"2"},"version":"\ud800"}""")]
    [TestCase("""{"header":{"cluster_id":"1","member_id":"2"},"x":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}""")]
    public void What_is_not_a_Status_is_not_etcd(string body) =>
        Assert.That(EtcdWire.Status(Encoding.UTF8.GetBytes(body)).Failure?.Kind, Is.EqualTo(EtcdFailureKind.NotEtcd));

    [Test]
    public void Status_of_3_6_tells_of_a_downgrade_and_its_revision()
    {
        var body = """{"header":{"cluster_id":"1","member_id":"2","revision":"4711"},"version":"3.6.13","storageVersion":"3.6.0","dbSizeQuota":"2147483648","downgradeInfo":{"enabled":true,"targetVersion":"3.5.0"}}"""u8.ToArray();
        var status = EtcdWire.Status(body).Value!;
        Assert.That((status.Revision, status.DowngradeTarget, status.DbSizeQuota), Is.EqualTo((4711UL, "3.5.0", 2147483648UL)));
        Assert.That(EtcdWire.Status("""{"header":{"cluster_id":"1","member_id":"2"},"downgradeInfo":{}}"""u8.ToArray()).Value!.DowngradeTarget, Is.Empty);
    }

    [Test]
    public void A_line_of_a_snapshot_is_read_and_so_is_the_error_that_ends_one()
    {
        Assert.That(EtcdWire.SnapshotPiece("""{"result":{"remaining_bytes":"7","blob":"AAEC"}}"""u8.ToArray()).Value, Is.EqualTo(new byte[] { 0, 1, 2 }));
        Assert.That(EtcdWire.SnapshotPiece("""{"result":{"blob":"%"}}"""u8.ToArray()).Failure?.Kind, Is.EqualTo(EtcdFailureKind.NotEtcd));
        Assert.That(EtcdWire.StreamError("""{"result":{"blob":"AAEC"}}"""u8.ToArray()), Is.Null);
        Assert.That(EtcdWire.StreamError("""{"error":{"grpc_code":16,"http_code":401,"message":"etcdserver: invalid auth token"}}"""u8.ToArray()), Is.EqualTo((16, "etcdserver: invalid auth token")));
        Assert.That(EtcdWire.StreamError("""{"error":"etcdserver: user name is empty","message":"etcdserver: user name is empty","code":3}"""u8.ToArray()), Is.EqualTo((3, "etcdserver: user name is empty")));
    }

    [Test]
    public void A_checksum_is_read_from_protobuf_and_no_message_makes_that_throw()
    {
        Assert.That(EtcdProto.HashKvRequest(300), Is.EqualTo(new byte[] { 0x08, 0xAC, 0x02 }));
        Assert.That(EtcdProto.HashKv(new byte[] { 0x0A, 2, 8, 1, 0x10, 0x81, 0x01, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x20, 3 }).Value, Is.EqualTo(new EtcdHash(129, -1)));
        Gen.Byte.Array[0, 40].Sample(body => { _ = EtcdProto.HashKv(body); });
    }

    [Test]
    public void No_line_makes_the_reader_of_a_snapshot_throw() => Garbage.Sample(line =>
    {
        _ = EtcdWire.SnapshotPiece(line);
        _ = EtcdWire.StreamError(line);
    });

    [Test]
    public void A_member_that_is_listed_twice_is_not_etcd() =>
        Assert.That(EtcdWire.Members("""{"header":{"member_id":"2"},"members":[{"ID":"2"},{"ID":"2"}]}"""u8.ToArray()).Failure?.Kind, Is.EqualTo(EtcdFailureKind.NotEtcd));

    [Test]
    public void A_password_is_escaped() =>
        Assert.That(Encoding.UTF8.GetString(EtcdWire.AuthenticateBody("a\"b", "c\\d")), Is.EqualTo("""{"name":"a\u0022b","password":"c\\d"}"""));

    [Test]
    public void No_answer_makes_a_decoder_throw() => Garbage.Sample(
        bytes =>
        {
            _ = EtcdWire.Error(bytes);
            foreach (var alarm in EtcdWire.Status(bytes).Value is { } status ? EtcdWire.AlarmsOf(status) : [])
            {
                Assert.That(alarm.Type, Is.Not.Null);
            }

            return One(EtcdWire.Status(bytes)) && One(EtcdWire.Members(bytes)) && One(EtcdWire.Reader(bytes)) && One(EtcdWire.Alarms(bytes)) && One(EtcdWire.Token(bytes));
        },
        iter: 10_000);

    [Test]
    public void A_cluster_that_answers_garbage_never_permits_and_nothing_escapes() => Gen.Select(Garbage, Gen.Int[0, 9].Select(i => Statuses[i])).Sample(
        (bytes, status) =>
        {
            var world = EtcdWorld.Healthy(3);
            using var gate = new EtcdGate(world.Options, new GateSecrets { Username = "u", Password = "p" }, new Parrot(status, bytes), TimeProvider.System);
            var input = world.Input(GatePhase.BeforePod, [2]);
            var seen = gate.ObserveAsync(input.Context, [input.Question], CancellationToken.None);
            var answer = gate.Evaluate(input, seen.GetAwaiter().GetResult());
            return answer.Verdict is not GateVerdict.Allow && !answer.Message.Contains('\0', StringComparison.Ordinal);
        },
        iter: 1_000);

    private static bool One<T>(EtcdResult<T> result)
        where T : class => result.Value is null != result.Failure is null;

    /// <summary>Says the same to everything.</summary>
    private sealed class Parrot(int status, byte[] body) : IEtcdTransport
    {
        public Task<EtcdHttpAnswer> PostAsync(EtcdEndpoint endpoint, string path, ReadOnlyMemory<byte> request, string? token, CancellationToken cancellationToken) =>
            Task.FromResult(new EtcdHttpAnswer(status, body, null));

        public void Dispose()
        {
        }
    }
}
