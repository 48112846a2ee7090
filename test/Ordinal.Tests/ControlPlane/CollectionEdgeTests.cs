using System.Collections.Concurrent;
using NUnit.Framework;

namespace Ordinal.Tests.ControlPlane;

/// <summary>Deletions page by page, old watch paths, refusals that race with deletions, and the families of a Service.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CollectionEdgeTests
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string OldWatch = "/api/v1/watch/namespaces/default/configmaps";
    private const string Sets = "/apis/apps/v1/namespaces/default/statefulsets";
    private readonly ApiHarness _api = new();

    [TestCase("DELETE", OldWatch)]
    [TestCase("DELETE", OldWatch + "/a")]
    [TestCase("POST", OldWatch)]
    [TestCase("PUT", OldWatch + "/a")]
    [TestCase("PATCH", OldWatch + "/a")]
    public async Task The_old_path_of_watches_changes_nothing(string method, string path)
    {
        await _api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        Reply refused = await _api.CallAsync(method, path, method == "DELETE" ? null : ApiHarness.ConfigMap("b"));
        Assert.That((refused.Code, (string?)refused.Body["reason"]), Is.EqualTo((405, "MethodNotAllowed")));
        Assert.That((await _api.GetAsync(Maps)).ItemNames, Is.EqualTo(new[] { "a" }));
    }

    [TestCase("")]
    [TestCase("\"finalizers\":[\"test/keep\"],")]
    public async Task A_deletion_by_pages_goes_on_behind_the_page_and_ends(string extra)
    {
        foreach (string name in (string[])["a", "b", "c"])
        {
            await _api.PostAsync(Maps, $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{ {{extra}} "name":"{{name}}"} }""");
        }

        var seen = new List<string>();
        string? token = "";
        for (int page = 0; page < 5 && token is not null; page++)
        {
            Reply deleted = await _api.DeleteAsync($"{Maps}?limit=1" + (token.Length > 0 ? $"&continue={token}" : ""));
            Assert.That(deleted.Code, Is.EqualTo(200), deleted.Text);
            seen.AddRange(deleted.ItemNames);
            token = (string?)deleted.Body["metadata"]!["continue"];
        }

        Assert.That((string.Join(',', seen), token), Is.EqualTo(("a,b,c", (string?)null)));
    }

    [Test]
    public async Task A_deletion_does_not_go_on_from_a_token_that_is_too_old_or_none()
    {
        await _api.PostAsync(Maps, ApiHarness.ConfigMap("a"));
        await _api.PostAsync(Maps, ApiHarness.ConfigMap("b"));
        string token = (string)(await _api.DeleteAsync($"{Maps}?limit=1")).Body["metadata"]!["continue"]!;
        _api.Server.Store.Compact();
        Reply old = await _api.DeleteAsync($"{Maps}?limit=1&continue={token}");
        Reply broken = await _api.DeleteAsync($"{Maps}?continue=abc");
        Assert.That((old.Code, broken.Code), Is.EqualTo((410, 400)));
        Assert.That((await _api.GetAsync(Maps)).ItemNames, Is.EqualTo(new[] { "b" }));
    }

    [TestCase("")]
    [TestCase("/scale")]
    public async Task A_patch_that_is_refused_while_its_object_goes_is_refused_all_the_same(string subresource)
    {
        var codes = new ConcurrentBag<int>();
        await Parallel.ForAsync(0, 600, async (i, _) =>
        {
            if (i % 2 == 0)
            {
                await _api.PostAsync(Sets, ApiHarness.StatefulSet("web"));
                await _api.DeleteAsync($"{Sets}/web");
                return;
            }

            codes.Add((await _api.MergeAsync($"{Sets}/web{subresource}", """{"spec":{"replicas":"three"}}""")).Code);
        });
        Assert.That(codes, Has.Count.EqualTo(300).And.All.AnyOf(404, 422));
    }

    [TestCase("", "IPv4,IPv6 RequireDualStack")]
    [TestCase(""","ipFamilyPolicy":"SingleStack" """, "IPv4 SingleStack")]
    [TestCase(""","ipFamilyPolicy":"PreferDualStack" """, "IPv4,IPv6 PreferDualStack")]
    public async Task A_headless_service_without_a_selector_has_both_families_unless_told_to_have_one(string policy, string expected)
    {
        Reply made = await _api.PostAsync("/api/v1/namespaces/default/services", $$$"""{"metadata":{"name":"s"},"spec":{"clusterIP":"None"{{{policy}}} } }""");
        Assert.That($"{string.Join(',', made.Body["spec"]!["ipFamilies"]!.AsArray().Select(f => (string)f!))} {made.Body["spec"]!["ipFamilyPolicy"]}", Is.EqualTo(expected));
    }
}
