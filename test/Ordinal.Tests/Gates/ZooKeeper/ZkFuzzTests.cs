using System.Text;
using CsCheck;
using NUnit.Framework;
using Ordinal.Gates.ZooKeeper;
using Ordinal.Gates.ZooKeeper.Jute;

namespace Ordinal.Tests.Gates.ZooKeeper;

/// <summary>Whatever comes: no crash, no hang, no memory beyond a small multiple of the input; and never a state that would open a gate by itself.</summary>
public sealed class ZkFuzzTests
{
    private static readonly string[] Commands = ["srvr", "mntr", "conf"];

    private static readonly string[] Words =
    [
        "Mode: ", "leader", "follower", "observer", "Zxid: 0x", "zk_server_state\t", "zk_version\t", "zk_peer_state\t", "zk_synced_followers\t", "serverId=", "server.", "version=",
        "group.1=", "clientPort=", "\n", "\r\n", "\t", "=", ":", ";", "|", "[::1]", "0", "1", "-1", "99999999999999999999", "NaN", "1e308", "participant", "\0", "null",
        "This ZooKeeper instance is not currently serving requests", "mntr is not executed because it is not in the whitelist.",
        "{", "}", "[", "]", "\"", ",", "\"error\":null", "\"command\":\"leader\"", "\"is_leader\":true", "\"current_config\":{", "\"server_addresses\":[", "\"last_zxid\":\"0x", "\"monitor\"",
    ];

    private static readonly string[] Values = ["null", "1", "\"x\"", "[]", "{}", "true", "1e99", "\"0xffffffffffffffffff\""];

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Int[0, Words.Length - 1].Select(i => Words[i]).Array[0, 60].Select(string.Concat),
        Gen.Byte.Array[0, 300].Select(Encoding.UTF8.GetString));

    /// <summary>Bytes that look like frames: small numbers and lengths are far more common than chance has them.</summary>
    private static readonly Gen<byte[]> Frames = Gen.Frequency(
        (6, Gen.Const((byte)0)), (4, Gen.Byte[1, 4]), (2, Gen.Const((byte)255)), (2, Gen.Byte)).Array[0, 200];

    [Test]
    public void No_four_letter_answer_does_more_than_say_little() => Gen.Select(Texts, Texts, Texts, Gen.Int[0, 2]).Sample(
        (srvr, mntr, conf, which) =>
        {
            _ = WordAnswers.Problem("zk:2181", Commands[which], srvr);
            var state = WordAnswers.State(srvr, mntr, conf);
            _ = ZkMembership.Parse(conf);
            return state is null || !state.IsServing || state.Mode is not ZkMode.None;
        },
        iter: 5_000);

    [Test]
    public void No_answer_of_an_AdminServer_does_more_than_say_little() => Gen.Select(Texts, Gen.Frequency((5, Gen.Const(200)), (1, Gen.Const(401)), (1, Gen.Const(404)), (1, Gen.Const(500)), (1, Gen.Const(503)))).Sample(
        (text, status) =>
        {
            var answer = AdminAnswers.Read("zk:8080", "leader", status, Encoding.UTF8.GetBytes(text));
            var state = AdminAnswers.State(answer.Value, answer.Value, answer.Value);
            _ = AdminAnswers.Members(answer.Value);
            return (answer.Value is null) != (answer.Failure is null) && (answer.Value is not null || state is null);
        },
        iter: 5_000);

    [Test]
    public void Objects_of_an_AdminServer_with_wrong_types_say_little() => Gen.Int[0, Values.Length - 1].Select(i => Values[i]).Array[6].Sample(
        values =>
        {
            var body = $$"""{"command":"x","error":{{values[0]}},"is_leader":{{values[1]}},"leader_id":{{values[2]}},"last_zxid":{{values[3]}},"server_state":{{values[4]}},"current_config":{"1":{{values[5]}},"2":{"server_addresses":{{values[1]}} } } }""";
            var answer = AdminAnswers.Read("zk:8080", "x", 200, Encoding.UTF8.GetBytes(body)).Value;
            _ = AdminAnswers.State(answer, answer, answer);
            _ = AdminAnswers.Members(answer);
            return answer is not null;
        },
        iter: 2_000);

    [Test]
    public void No_frame_makes_the_Jute_decoder_do_more_than_refuse() => Frames.Sample(
        frame =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                _ = JuteSession.Granted(frame);
                _ = JuteSession.ReplyOf(frame);
                _ = JuteSession.DataOf(frame);
            }
            catch (JuteException)
            {
                // As it should.
            }

            return GC.GetAllocatedBytesForCurrentThread() - before < 20_000;
        },
        iter: 10_000);

    [TestCase(new byte[] { 0x7f, 0xff, 0xff, 0xff })]
    [TestCase(new byte[] { 0xff, 0xff, 0xff, 0xfe })]
    public void A_length_that_cannot_be_is_refused(byte[] length) => Assert.That(() => JuteSession.DataOf([.. length, 1, 2, 3]), Throws.TypeOf<JuteException>());

    [Test]
    public void Texts_that_never_end_are_bounded()
    {
        var many = string.Concat(Enumerable.Range(0, 5000).Select(i => $"server.{i}=h:1:2\n"));
        Assert.That(ZkMembership.Parse(many)!.Servers, Has.Length.EqualTo(256));
    }
}
