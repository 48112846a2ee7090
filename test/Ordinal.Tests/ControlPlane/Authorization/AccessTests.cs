using System.Text;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Tests.ControlPlane.Authorization;

/// <summary>Tokens and impersonation; what roles allow is in the conformance suite.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AccessTests
{
    private static readonly UserInfo Bob = new("bob", [UserInfo.Authenticated]);

    private readonly ApiHarness _api = new();

    [Test]
    public void A_token_file_names_users_and_their_groups()
    {
        var tokens = new TokenAuthenticator(new FakeTimeProvider());
        tokens.AddFile("# users\nt1,bob,u1,\"devs,qa\"\nt2,eve,u2\n\n");
        Assert.That(tokens.Find("t1")!.Name, Is.EqualTo("bob"));
        Assert.That(tokens.Find("t1")!.Groups, Is.EqualTo(new[] { "devs", "qa", "system:authenticated" }));
        Assert.That(tokens.Find("t2")!.Uid, Is.EqualTo("u2"));
        Assert.That(tokens.Find("t3"), Is.Null);
    }

    [TestCase("only-a-token")]
    [TestCase("token,user")]
    [TestCase(",user,uid")]
    public void A_token_file_with_a_bad_line_is_refused_with_its_number(string line)
    {
        var tokens = new TokenAuthenticator(new FakeTimeProvider());
        Assert.That(() => tokens.AddFile("# users\n" + line), Throws.InstanceOf<FormatException>().With.Message.StartsWith("line 2: "));
    }

    [Test]
    public void An_issued_token_expires()
    {
        var clock = new FakeTimeProvider();
        var tokens = new TokenAuthenticator(clock);
        (string token, _) = tokens.Issue(UserInfo.OfServiceAccount("n", "sa", "u"), TimeSpan.FromMinutes(10));
        Assert.That(tokens.Find(token)!.Name, Is.EqualTo("system:serviceaccount:n:sa"));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.That(tokens.Find(token), Is.Null);
    }

    [Test]
    public async Task Impersonation_needs_the_verb_and_the_name()
    {
        await AdminAsync("clusterroles", """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"as-alice"},"rules":[{"apiGroups":[""],"resources":["users"],"resourceNames":["alice"],"verbs":["impersonate"]}]}""");
        await AdminAsync("clusterrolebindings", """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"as-alice"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"as-alice"},"subjects":[{"kind":"User","name":"bob"}]}""");
        Reply alice = await CallAsync(new Impersonation("alice", [], ""));
        Reply eve = await CallAsync(new Impersonation("eve", [], ""));
        Reply group = await CallAsync(new Impersonation("alice", ["system:masters"], ""));
        Reply account = await CallAsync(new Impersonation("system:serviceaccount:default:sa", [], ""));
        Reply nobody = await CallAsync(new Impersonation("", ["x"], ""));
        Assert.Multiple(() =>
        {
            Assert.That(alice.Message, Is.EqualTo("pods is forbidden: User \"alice\" cannot list resource \"pods\" in API group \"\" at the cluster scope"));
            Assert.That(eve.Message, Is.EqualTo("pods is forbidden: User \"bob\" cannot impersonate-on:user-info:list resource \"pods\" in API group \"\" at the cluster scope"));
            Assert.That(group.Code, Is.EqualTo(403));
            Assert.That(account.Message, Does.Contain("cannot impersonate-on:serviceaccount:list"));
            Assert.That(nobody.Code, Is.EqualTo(400));
        });
    }

    [Test]
    public async Task A_watch_is_refused_as_a_list_is()
    {
        StreamOpening opening = await _api.Door.OpenAsync(new ApiCall("GET", "/api/v1/pods", "watch=true") { User = Bob }, CancellationToken.None);
        Assert.That(Encoding.UTF8.GetString(opening.Refused!.Body.Span), Does.Contain("cannot watch resource"));
    }

    [Test]
    public async Task A_role_that_is_taken_away_counts_no_more_at_once()
    {
        await AdminAsync("clusterrolebindings", """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"b"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"bob"}]}""");
        Reply allowed = await CallAsync(null);
        await _api.DeleteAsync("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/b");
        Reply refused = await CallAsync(null);
        Assert.That((allowed.Code, refused.Code), Is.EqualTo((200, 403)));
    }

    private async Task AdminAsync(string resource, string document)
    {
        Reply made = await _api.PostAsync($"/apis/rbac.authorization.k8s.io/v1/{resource}", document);
        Assert.That(made.Code, Is.EqualTo(201), made.Text);
    }

    private async Task<Reply> CallAsync(Impersonation? impersonation) =>
        new(await _api.Door.SendAsync(new ApiCall("GET", "/api/v1/pods") { User = Bob, Impersonation = impersonation }, CancellationToken.None));
}
