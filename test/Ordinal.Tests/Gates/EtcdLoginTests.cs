using System.Text;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Gates;
using Ordinal.Gates.Etcd;

namespace Ordinal.Tests.Gates;

/// <summary>How often the gate logs in: a log-in costs etcd much on purpose, so once for each member and token.</summary>
public sealed class EtcdLoginTests
{
    [Test]
    public async Task A_token_is_used_until_it_is_refused_and_then_renewed_once_for_all_requests()
    {
        using var door = new Doorkeeper();
        using var gate = Gate(door, "secret");
        var input = EtcdWorld.Healthy(3).Input(GatePhase.BeforePod, [2]);
        for (var poll = 0; poll < 5; poll++)
        {
            await gate.ObserveAsync(input.Context, [input.Question], CancellationToken.None);
        }

        Assert.That(door.Logins, Is.EqualTo(3), "one for each of three members");
        door.Token = "another";
        var seen = (EtcdObservation)await gate.ObserveAsync(input.Context, [input.Question], CancellationToken.None);
        Assert.That(door.Logins, Is.EqualTo(6));
        Assert.That(seen.Pods.Select(p => p.Reader), Has.All.EqualTo("2"));
        Assert.That(door.StatusTokens, Has.All.Null, "Status works while no log-in does");
    }

    [Test]
    public async Task A_wrong_password_is_tried_at_each_poll_and_never_shown()
    {
        using var door = new Doorkeeper();
        using var gate = Gate(door, "hunter2-wrong");
        var input = EtcdWorld.Healthy(1).Input(GatePhase.BeforePod, [0]);
        var answer = gate.Evaluate(input, await gate.ObserveAsync(input.Context, [input.Question], CancellationToken.None));
        Assert.That((answer.Verdict, answer.Reason.Code), Is.EqualTo((GateVerdict.Misconfigured, "EtcdAccessDenied")), answer.Message);
        Assert.That(answer.Message, Does.Contain("authentication failed").And.Not.Contain("hunter2"));
    }

    private static EtcdGate Gate(Doorkeeper door, string password) =>
        new(new EtcdGateOptions { Scheme = "http" }, new GateSecrets { Username = "root", Password = password }, door, TimeProvider.System);

    /// <summary>One member behind every endpoint, which wants a token for all but Status.</summary>
    private sealed class Doorkeeper : IEtcdTransport
    {
        private readonly Lock guard = new();

        internal int Logins { get; private set; }

        internal string Token { get; set; } = "first";

        internal List<string?> StatusTokens { get; } = [];

        public Task<EtcdHttpAnswer> PostAsync(EtcdEndpoint endpoint, string path, ReadOnlyMemory<byte> body, string? token, CancellationToken cancellationToken)
        {
            lock (guard)
            {
                return Task.FromResult(Answer(path, Encoding.UTF8.GetString(body.Span), token));
            }
        }

        public void Dispose()
        {
        }

        private EtcdHttpAnswer Answer(string path, string body, string? token)
        {
            switch (path)
            {
                case EtcdWire.StatusPath:
                    StatusTokens.Add(token);
                    return Say(200, """{"header":{"cluster_id":"1","member_id":"2"},"version":"3.5.21","leader":"2","raftIndex":"7","raftTerm":"2","raftAppliedIndex":"7"}""");
                case EtcdWire.AuthenticatePath when body.Contains("\"secret\"", StringComparison.Ordinal):
                    Logins++;
                    return Say(200, $$"""{"header":{"cluster_id":"1","member_id":"2"},"token":"{{Token}}"}""");
                case EtcdWire.AuthenticatePath:
                    return Say(400, """{"error":"etcdserver: authentication failed, invalid user ID or password","message":"etcdserver: authentication failed, invalid user ID or password","code":3}""");
                default:
                    return token == Token
                        ? Say(200, """{"header":{"cluster_id":"1","member_id":"2"},"members":[{"ID":"2","name":"etcd-0","peerURLs":["http://etcd-0.etcd.prod.svc:2380"],"clientURLs":["http://etcd-0.etcd.prod.svc:2379"]}]}""")
                        : Say(401, """{"error":"etcdserver: invalid auth token","message":"etcdserver: invalid auth token","code":16}""");
            }
        }

        private static EtcdHttpAnswer Say(int status, string body) => new(status, Encoding.UTF8.GetBytes(body), null);
    }
}
