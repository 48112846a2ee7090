using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Authorization;

/// <summary>
/// Who may do what, by roles and bindings, in the server's words. The administrator impersonates the users of these tests; each test has
/// users and cluster-wide roles of its own.
/// </summary>
public sealed class RbacTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const string Group = "rbac.authorization.k8s.io";
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";
    private const string Pods = """{"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]}""";

    private string User => $"bob-{Space.Name}";

    private string InSpace => $"in the namespace \"{Space.Name}\"";

    [Test, Rule("RBAC-forbidden")]
    public async Task Without_a_role_nothing_is_allowed_and_the_refusal_says_what()
    {
        await ForbiddenAsync("GET", $"/api/v1/namespaces/{Space.Name}/pods", $"pods is forbidden: User \"{User}\" cannot list resource \"pods\" in API group \"\" {InSpace}");
        await ForbiddenAsync("GET", $"/api/v1/namespaces/{Space.Name}/pods/x", $"pods \"x\" is forbidden: User \"{User}\" cannot get resource \"pods\" in API group \"\" {InSpace}");
        await ForbiddenAsync("GET", $"/api/v1/namespaces/{Space.Name}/pods/x/log", $"pods \"x\" is forbidden: User \"{User}\" cannot get resource \"pods/log\" in API group \"\" {InSpace}");
        await ForbiddenAsync("GET", "/api/v1/pods", $"pods is forbidden: User \"{User}\" cannot list resource \"pods\" in API group \"\" at the cluster scope");
        await ForbiddenAsync("GET", "/api/v1/nodes/n", $"nodes \"n\" is forbidden: User \"{User}\" cannot get resource \"nodes\" in API group \"\" at the cluster scope");
        await ForbiddenAsync("GET", $"/api/v1/namespaces/{Space.Name}", $"namespaces \"{Space.Name}\" is forbidden: User \"{User}\" cannot get resource \"namespaces\" in API group \"\" {InSpace}");
        await ForbiddenAsync("GET", $"/apis/apps/v1/namespaces/{Space.Name}/statefulsets", $"statefulsets.apps is forbidden: User \"{User}\" cannot list resource \"statefulsets\" in API group \"apps\" {InSpace}");
        await ForbiddenAsync("DELETE", $"/apis/apps/v1/namespaces/{Space.Name}/statefulsets", $"statefulsets.apps is forbidden: User \"{User}\" cannot deletecollection resource \"statefulsets\" in API group \"apps\" {InSpace}");
        await ForbiddenAsync("DELETE", $"/apis/apps/v1/namespaces/{Space.Name}/statefulsets/x", $"statefulsets.apps \"x\" is forbidden: User \"{User}\" cannot delete resource \"statefulsets\" in API group \"apps\" {InSpace}");
        await ForbiddenAsync("GET", "/apis/nope.dev/v1/things", $"things.nope.dev is forbidden: User \"{User}\" cannot list resource \"things\" in API group \"nope.dev\" at the cluster scope");
        await ForbiddenAsync("GET", "/metrics", $"forbidden: User \"{User}\" cannot get path \"/metrics\"");
        var refused = await AsAsync("POST", $"/api/v1/namespaces/{Space.Name}/configmaps", ConfigMap("c"));
        refused.Refused(403, $"configmaps is forbidden: User \"{User}\" cannot create resource \"configmaps\" in API group \"\" {InSpace}");
        Assert.That((refused.Reason, refused.Body.Child("details").Text("kind")), Is.EqualTo(("Forbidden", "configmaps")));
    }

    [Test, Rule("RBAC-discovery")]
    public async Task Everybody_who_is_somebody_may_look_at_what_there_is()
    {
        foreach (var path in (string[])["/api", "/apis", "/apis/apps/v1", "/version", "/healthz", "/readyz", "/livez"])
        {
            Assert.That((await AsAsync("GET", path)).Code, Is.EqualTo(200), path);
        }
    }

    [Test, Rule("RBAC-role")]
    public async Task A_role_counts_in_its_namespace_and_for_its_verbs()
    {
        await GrantAsync("Role", Pods);
        (await AsAsync("GET", $"/api/v1/namespaces/{Space.Name}/pods")).Ok();
        (await AsAsync("GET", $"/api/v1/namespaces/{Space.Name}/pods/x")).Refused(404);
        (await AsAsync("DELETE", $"/api/v1/namespaces/{Space.Name}/pods/x")).Refused(403);
        (await AsAsync("GET", $"/api/v1/namespaces/{Space.Name}/pods/x/log")).Refused(403);
        (await AsAsync("GET", "/api/v1/namespaces/default/pods")).Refused(403);
        (await AsAsync("GET", "/api/v1/pods")).Refused(403);
    }

    [Test, Rule("RBAC-cluster-role")]
    public async Task A_cluster_role_counts_where_it_is_bound()
    {
        await CreateAsync("clusterroles", Role("ClusterRole", Space.Name, Pods));
        await BindAsync("RoleBinding", "ClusterRole", Space.Name, Subject());
        await AllowedAsync("GET", $"/api/v1/namespaces/{Space.Name}/pods");
        (await AsAsync("GET", "/api/v1/namespaces/default/pods")).Refused(403);
        await BindAsync("ClusterRoleBinding", "ClusterRole", Space.Name, Subject());
        await AllowedAsync("GET", "/api/v1/pods");
        await Space.SendAsync("DELETE", $"{Rbac}/clusterrolebindings/{Space.Name}");
        await UntilAsync(async () => (await AsAsync("GET", "/api/v1/pods")).Code == 403);
    }

    [Test, Rule("RBAC-groups")]
    public async Task Groups_and_service_accounts_are_subjects_too()
    {
        await CreateRoleAsync("Role", Pods);
        await BindAsync("RoleBinding", "Role", "r", $$"""{"kind":"Group","name":"devs-{{Space.Name}}"}""", "by-group");
        await BindAsync("RoleBinding", "Role", "r", $$"""{"kind":"ServiceAccount","name":"sa","namespace":"{{Space.Name}}"}""", "by-account");
        var path = $"/api/v1/namespaces/{Space.Name}/pods";
        await UntilAsync(async () => (await AsAsync("GET", path, who: new Impersonation(User, [$"devs-{Space.Name}"], ""))).Code == 200);
        await UntilAsync(async () => (await AsAsync("GET", path, who: new Impersonation($"system:serviceaccount:{Space.Name}:sa", [], ""))).Code == 200);
        (await AsAsync("GET", path, who: new Impersonation($"system:serviceaccount:{Space.Name}:other", [], ""))).Refused(
            403, $"pods is forbidden: User \"system:serviceaccount:{Space.Name}:other\" cannot list resource \"pods\" in API group \"\" {InSpace}");
    }

    [Test, Rule("RBAC-resource-names")]
    public async Task Names_narrow_a_rule_and_a_list_by_name_is_one_of_that_object()
    {
        await GrantAsync("Role", """{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["c"],"verbs":["get","list","update"]}""");
        var path = $"/api/v1/namespaces/{Space.Name}/configmaps";
        (await AsAsync("GET", path + "/c")).Refused(404);
        (await AsAsync("GET", path + "/d")).Refused(403);
        (await AsAsync("GET", path)).Refused(403);
        (await AsAsync("GET", path, query: "fieldSelector=metadata.name%3Dc")).Ok();
        (await AsAsync("GET", path, query: "fieldSelector=metadata.name%3Dd")).Refused(
            403, $"configmaps \"d\" is forbidden: User \"{User}\" cannot list resource \"configmaps\" in API group \"\" {InSpace}");
    }

    [Test, Rule("RBAC-subresources")]
    public async Task A_subresource_is_a_resource_of_its_own()
    {
        await GrantAsync("Role", """{"apiGroups":["apps"],"resources":["statefulsets/scale"],"verbs":["get"]}""", """{"apiGroups":["*"],"resources":["*/status"],"verbs":["get"]}""");
        var path = $"/apis/apps/v1/namespaces/{Space.Name}/statefulsets/x";
        (await AsAsync("GET", path + "/scale")).Refused(404);
        (await AsAsync("GET", path + "/status")).Refused(404);
        (await AsAsync("GET", path)).Refused(403);
    }

    [Test, Rule("RBAC-non-resource-urls")]
    public async Task Paths_are_allowed_by_cluster_roles()
    {
        await CreateAsync("clusterroles", Role("ClusterRole", Space.Name, """{"nonResourceURLs":["/metrics","/logs/*"],"verbs":["get"]}"""));
        await BindAsync("ClusterRoleBinding", "ClusterRole", Space.Name, Subject());
        await AllowedAsync("GET", "/metrics");
        Assert.That((await AsAsync("GET", "/logs/x")).Code, Is.Not.EqualTo(403));
        (await AsAsync("POST", "/metrics")).Refused(403, $"forbidden: User \"{User}\" cannot post path \"/metrics\"");
    }

    [Test, Rule("RBAC-aggregation")]
    public async Task An_aggregated_role_has_the_rules_of_all_that_its_selector_chooses()
    {
        var label = $"aggregate.dev/{Space.Name}";
        await CreateAsync("clusterroles", JsonNode.Parse($$$"""
            {"apiVersion":"{{{Group}}}/v1","kind":"ClusterRole","metadata":{"name":"{{{Space.Name}}}"},"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"{{{label}}}":"true"} }]} }
            """)!.AsObject());
        var part = Role("ClusterRole", $"{Space.Name}-part", Pods);
        part.Metadata()["labels"] = new JsonObject { [label] = "true" };
        await CreateAsync("clusterroles", part);
        await UntilAsync(async () => (await Space.SendAsync("GET", $"{Rbac}/clusterroles/{Space.Name}")).Ok()["rules"] is JsonArray { Count: 1 });
        await BindAsync("ClusterRoleBinding", "ClusterRole", Space.Name, Subject());
        await AllowedAsync("GET", "/api/v1/pods");
        (await Space.SendAsync("DELETE", $"{Rbac}/clusterroles/{Space.Name}-part")).Ok();
        await UntilAsync(async () => (await AsAsync("GET", "/api/v1/pods")).Code == 403);
    }

    [Test, Rule("RBAC-default-roles")]
    public async Task View_edit_and_admin_are_there_from_the_start()
    {
        (string Role, string[] May, string[] MayNot)[] expected =
        [
            ("view", ["list pods", "get statefulsets.apps", "list events.events.k8s.io"], ["list secrets", "create pods", "create pods/eviction", "list roles.rbac.authorization.k8s.io"]),
            ("edit", ["list pods", "get secrets", "patch statefulsets.apps", "create pods/eviction", "update leases.coordination.k8s.io"], ["create roles.rbac.authorization.k8s.io", "list resourcequotas.x"]),
            ("admin", ["list pods", "create rolebindings.rbac.authorization.k8s.io", "deletecollection roles.rbac.authorization.k8s.io"], ["list nodes", "delete namespaces"]),
        ];
        foreach (var (role, may, mayNot) in expected)
        {
            var who = new Impersonation($"{User}-{role}", [], "");
            await BindAsync("RoleBinding", "ClusterRole", role, $$"""{"kind":"User","name":"{{who.User}}"}""", role);
            await UntilAsync(async () => await MayAsync(who, may[0]));
            foreach (var each in may)
            {
                Assert.That(await MayAsync(who, each), Is.True, $"{role} may {each}");
            }

            foreach (var each in mayNot)
            {
                Assert.That(await MayAsync(who, each), Is.False, $"{role} may not {each}");
            }
        }
    }

    [Test, Rule("RBAC-access-review")]
    public async Task A_review_tells_what_is_allowed_and_by_what()
    {
        await GrantAsync("Role", Pods);
        var self = (await AsAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Review("SelfSubjectAccessReview", "list", "pods"))).Ok();
        Assert.That((self.Child("status").Flag("allowed"), self.Child("status").Text("reason")), Is.EqualTo(
            (true, $"RBAC: allowed by RoleBinding \"r/{Space.Name}\" of Role \"r\" to User \"{User}\"")));
        var not = (await AsAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Review("SelfSubjectAccessReview", "delete", "pods"))).Ok();
        Assert.That(not["status"]!.ToJsonString(), Is.EqualTo("""{"allowed":false}"""));
        var admin = (await Space.SendAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body: Review("SelfSubjectAccessReview", "delete", "pods"))).Ok();
        Assert.That(admin["status"]!.ToJsonString(), Is.EqualTo("""{"allowed":true}"""));
        var other = Review("SubjectAccessReview", "get", "pods");
        other["spec"]!["user"] = User;
        Assert.That((bool)(await Space.SendAsync("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body: other)).Ok()["status"]!["allowed"]!, Is.True);
        (await AsAsync("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", other)).Refused(403);
        var empty = new JsonObject { ["apiVersion"] = "authorization.k8s.io/v1", ["kind"] = "SelfSubjectAccessReview", ["spec"] = new JsonObject() };
        (await AsAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", empty)).Refused(
            422, ".authorization.k8s.io \"\" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified");
        Assert.That((await Space.SendAsync("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")).Code, Is.EqualTo(405));
    }

    [Test, Rule("RBAC-rules-review")]
    public async Task A_review_lists_all_rules_in_a_namespace()
    {
        await GrantAsync("Role", Pods);
        var review = JsonNode.Parse($$$"""{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"{{{Space.Name}}}"} }""")!.AsObject();
        var status = (await AsAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)).Ok().Child("status")!;
        var resources = status.List("resourceRules")!.Select(rule => rule!.ToJsonString());
        Assert.That(resources, Does.Contain("""{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]}""")
            .And.Contain("""{"verbs":["create"],"apiGroups":["authorization.k8s.io"],"resources":["selfsubjectaccessreviews","selfsubjectrulesreviews"]}"""));
        Assert.That(status.List("nonResourceRules")!.Select(rule => rule!["nonResourceURLs"]!.ToJsonString()), Does.Contain("""["/healthz","/livez","/readyz","/version","/version/"]"""));
    }

    [Test, Rule("RBAC-whoami")]
    public async Task A_review_tells_who_asks()
    {
        var review = JsonNode.Parse("""{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""")!.AsObject();
        var answer = (await AsAsync("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review, who: new Impersonation(User, ["devs"], "u1"))).Ok();
        Assert.That(JsonNode.DeepEquals(
            answer["status"]!["userInfo"], JsonNode.Parse($$"""{"username":"{{User}}","uid":"u1","groups":["devs","system:authenticated"]}""")), Is.True, answer.ToJsonString());
    }

    [Test, Rule("RBAC-kubectl"), NotOn(ClusterKind.InProcess, "kubectl needs a socket")]
    public async Task Kubectl_tells_what_one_may_do_and_repeats_the_refusal()
    {
        await GrantAsync("Role", Pods);
        Assert.That(await Space.Kubectl.RunAsync($"auth can-i list pods -n {Space.Name} --as {User}"), Is.EqualTo("yes\n"));
        Assert.That((await Space.Kubectl.ExecuteAsync(["auth", "can-i", "delete", "pods", "-n", Space.Name, "--as", User])).Output, Does.StartWith("no"));
        Assert.That(await Space.Kubectl.RunAsync($"auth can-i delete nodes"), Is.EqualTo("yes\n").Or.EndsWith("yes\n"), "the administrator");
        var rules = await Space.Kubectl.RunAsync($"auth can-i --list -n {Space.Name} --as {User}");
        Assert.That(rules.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))), Does.Contain("pods [] [] [get list]"));
        Assert.That(await Space.Kubectl.RunAsync($"get pods -n {Space.Name} --as {User}"), Is.Empty);
        Assert.That(await Space.Kubectl.FailAsync($"get secrets -n {Space.Name} --as {User}"), Does.Contain(
            $"Error from server (Forbidden): secrets is forbidden: User \"{User}\" cannot list resource \"secrets\" in API group \"\" {InSpace}"));
    }

    [Test, Rule("RBAC-escalation")]
    public async Task Nobody_gives_away_what_they_do_not_have()
    {
        await GrantAsync("Role", """{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"],"verbs":["create","patch"]}""", """{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}""");
        var roles = $"{Rbac}/namespaces/{Space.Name}/roles";
        var refused = await AsAsync("POST", roles, Role("Role", "more", """{"apiGroups":["","apps"],"resources":["pods","configmaps"],"verbs":["get","list"]}""", """{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["c"],"verbs":["get"]}"""));
        refused.Refused(403, $"roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"{User}\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
            + "{APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"list\"]}\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\" \"list\"]}\n{APIGroups:[\"apps\"], Resources:[\"configmaps\"], Verbs:[\"get\" \"list\"]}\n{APIGroups:[\"apps\"], Resources:[\"pods\"], Verbs:[\"get\" \"list\"]}");
        (await AsAsync("POST", roles, Role("Role", "same", """{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}"""))).Ok();
        (await AsAsync("PATCH", $"{roles}/same", JsonNode.Parse("""{"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}""")!.AsObject(), contentType: Space.Merge)).Refused(403);
        (await AsAsync("PATCH", $"{roles}/same", JsonNode.Parse("""{"metadata":{"labels":{"a":"b"}}}""")!.AsObject(), contentType: Space.Merge)).Ok();
        var bindings = $"{Rbac}/namespaces/{Space.Name}/rolebindings";
        (await AsAsync("POST", bindings, Binding("RoleBinding", "more", "ClusterRole", "cluster-admin", Subject()))).Refused(403);
        (await AsAsync("POST", bindings, Binding("RoleBinding", "more", "Role", "same", Subject()))).Ok();
        (await AsAsync("POST", bindings, Binding("RoleBinding", "lost", "Role", "nowhere", Subject()))).Refused(404, "rolebindings.rbac.authorization.k8s.io \"nowhere\" not found");
    }

    [Test, Rule("RBAC-escalate-verb")]
    public async Task The_verbs_escalate_and_bind_let_one_give_away_more()
    {
        await GrantAsync("Role", """{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"],"verbs":["create","escalate","bind"]}""");
        (await AsAsync("POST", $"{Rbac}/namespaces/{Space.Name}/roles", Role("Role", "more", Pods))).Ok();
        (await AsAsync("POST", $"{Rbac}/namespaces/{Space.Name}/rolebindings", Binding("RoleBinding", "more", "Role", "more", Subject()))).Ok();
    }

    [Test, Rule("RBAC-apply-creates")]
    public async Task An_apply_that_creates_needs_the_right_to_create()
    {
        await GrantAsync("Role", """{"apiGroups":[""],"resources":["configmaps"],"verbs":["get","patch"]}""");
        var path = $"/api/v1/namespaces/{Space.Name}/configmaps/c";
        var refused = await AsAsync("PATCH", path, ConfigMap("c"), query: "fieldManager=m", contentType: Space.Apply);
        refused.Refused(403);
        Assert.That(refused.Message, Does.Contain("cannot create resource \"configmaps\" in API group \"\""));
        await Space.CreateAsync(ResourceKind.ConfigMaps, ConfigMap("c"));
        (await AsAsync("PATCH", path, ConfigMap("c"), query: "fieldManager=m", contentType: Space.Apply)).Ok();
    }

    [Test, Rule("RBAC-validation")]
    public async Task Roles_and_bindings_that_make_no_sense_are_refused()
    {
        var role = Role("Role", "r", """{"verbs":["get"]}""", """{"apiGroups":[""],"resources":["x"]}""", """{"nonResourceURLs":["/a"],"verbs":["get"]}""");
        Findings(await Space.SendAsync("POST", $"{Rbac}/namespaces/{Space.Name}/roles", body: role),
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
            "rules[0].resources: Required value: resource rules must supply at least one resource",
            "rules[1].verbs: Required value: verbs must contain at least one value",
            "rules[2].nonResourceURLs: Invalid value: [\"/a\"]: namespaced rules cannot apply to non-resource URLs");
        var binding = JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b"},"roleRef":{"apiGroup":"x","kind":"Foo","name":""},
             "subjects":[{"kind":"User","name":""},{"kind":"ServiceAccount","name":"x"},{"kind":"Odd","name":"x"}]}
            """)!.AsObject();
        Findings(await Space.SendAsync("POST", $"{Rbac}/namespaces/{Space.Name}/rolebindings", body: binding),
            "roleRef.apiGroup: Unsupported value: \"x\": supported values: \"rbac.authorization.k8s.io\"",
            "roleRef.kind: Unsupported value: \"Foo\": supported values: \"Role\", \"ClusterRole\"",
            "roleRef.name: Required value",
            "subjects[0].name: Required value",
            "subjects[2].kind: Unsupported value: \"Odd\": supported values: \"ServiceAccount\", \"User\", \"Group\"");
        await CreateAsync($"namespaces/{Space.Name}/rolebindings", Binding("RoleBinding", "b", "ClusterRole", "view", Subject()));
        Findings(await Space.SendAsync("PATCH", $"{Rbac}/namespaces/{Space.Name}/rolebindings/b", body: JsonNode.Parse("""{"roleRef":{"name":"edit"}}"""), contentType: Space.Merge),
            "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"ClusterRole\",\"Name\":\"edit\"}: cannot change roleRef");
    }

    [Test, Rule("RBAC-service-account-token")]
    public async Task A_token_of_a_service_account_is_asked_for_by_its_subresource()
    {
        await Space.CreateAsync(ResourceKind.ServiceAccounts, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = new JsonObject { ["name"] = "sa" } });
        var request = JsonNode.Parse("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}""")!.AsObject();
        var issued = (await Space.SendAsync("POST", Space.Path(ResourceKind.ServiceAccounts, "sa", "token"), body: request)).Ok();
        var token = issued.Child("status").Text("token");
        Assert.That(token, Is.Not.Empty);
        var review = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview", ["spec"] = new JsonObject { ["token"] = token } };
        var user = (await Space.SendAsync("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body: review)).Ok().Child("status")!;
        Assert.That((bool)user["authenticated"]!, Is.True);
        Assert.That(user["user"]!["username"]!.GetValue<string>(), Is.EqualTo($"system:serviceaccount:{Space.Name}:sa"));
        Assert.That(user["user"]!["groups"]!.ToJsonString(), Is.EqualTo($$"""["system:serviceaccounts","system:serviceaccounts:{{Space.Name}}","system:authenticated"]"""));
        review["spec"]!["token"] = "nonsense";
        Assert.That((await Space.SendAsync("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body: review)).Ok().Child("status")?["authenticated"], Is.Null);
        (await Space.SendAsync("POST", Space.Path(ResourceKind.ServiceAccounts, "nobody", "token"), body: request)).Refused(404, "serviceaccounts \"nobody\" not found");
    }

    private static void Findings(Answer refused, params string[] findings)
    {
        refused.Refused(422);
        Assert.That(refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"), Is.EqualTo(findings));
    }

    private static JsonObject ConfigMap(string name) =>
        new() { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name }, ["data"] = new JsonObject { ["k"] = "v" } };

    private static JsonObject Role(string kind, string name, params string[] rules) => JsonNode.Parse(
        $$$"""{"apiVersion":"{{{Group}}}/v1","kind":"{{{kind}}}","metadata":{"name":"{{{name}}}"},"rules":[{{{string.Join(',', rules)}}}] }""")!.AsObject();

    private static JsonObject Binding(string kind, string name, string roleKind, string role, string subject) => JsonNode.Parse($$$"""
        {"apiVersion":"{{{Group}}}/v1","kind":"{{{kind}}}","metadata":{"name":"{{{name}}}"},"roleRef":{"apiGroup":"{{{Group}}}","kind":"{{{roleKind}}}","name":"{{{role}}}"},"subjects":[{{{subject}}}] }
        """)!.AsObject();

    private JsonObject Review(string kind, string verb, string resource) => JsonNode.Parse($$$"""
        {"apiVersion":"authorization.k8s.io/v1","kind":"{{{kind}}}","spec":{"resourceAttributes":{"namespace":"{{{Space.Name}}}","verb":"{{{verb}}}","resource":"{{{resource}}}"} } }
        """)!.AsObject();

    private string Subject() => $$"""{"kind":"User","name":"{{User}}"}""";

    private async Task<Answer> AsAsync(string method, string path, JsonObject? body = null, string query = "", string contentType = "application/json", Impersonation? who = null)
    {
        var call = new ApiCall(method, path, query) { Impersonation = who ?? new Impersonation(User, [], "") };
        if (body is not null)
        {
            call = call with { ContentType = contentType, Body = Encoding.UTF8.GetBytes(body.ToJsonString()) };
        }

        return new Answer(call, await Cluster.Door.SendAsync(call, CancellationToken.None));
    }

    private async Task ForbiddenAsync(string method, string path, string message) => (await AsAsync(method, path)).Refused(403, message);

    // A real server learns of roles and bindings through watches.
    private Task AllowedAsync(string method, string path) => UntilAsync(async () => (await AsAsync(method, path)).Code is not 403);

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        while (!await isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, deadline.Token);
        }
    }

    private async Task<bool> MayAsync(Impersonation who, string what)
    {
        var (verb, rest) = (what.Split(' ')[0], what.Split(' ')[1]);
        var (resource, group) = rest.Contains('.', StringComparison.Ordinal) ? (rest[..rest.IndexOf('.', StringComparison.Ordinal)], rest[(rest.IndexOf('.', StringComparison.Ordinal) + 1)..]) : (rest, "");
        var review = Review("SelfSubjectAccessReview", verb, resource.Split('/')[0]);
        review["spec"]!["resourceAttributes"]!["group"] = group;
        review["spec"]!["resourceAttributes"]!["subresource"] = resource.Contains('/', StringComparison.Ordinal) ? resource.Split('/')[1] : "";
        return (bool)(await AsAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, who: who)).Ok()["status"]!["allowed"]!;
    }

    private async Task CreateAsync(string collection, JsonObject document) => (await Space.SendAsync("POST", $"{Rbac}/{collection}", body: document)).Ok();

    private Task CreateRoleAsync(string kind, params string[] rules) => CreateAsync($"namespaces/{Space.Name}/roles", Role(kind, "r", rules));

    private Task BindAsync(string kind, string roleKind, string role, string subject, string? name = null) => kind == "ClusterRoleBinding"
        ? CreateAsync("clusterrolebindings", Binding(kind, name ?? Space.Name, roleKind, role, subject))
        : CreateAsync($"namespaces/{Space.Name}/rolebindings", Binding(kind, name ?? "r", roleKind, role, subject));

    /// <summary>Gives the user of this test rules in its namespace, and waits until they count.</summary>
    private async Task GrantAsync(string kind, params string[] rules)
    {
        await CreateRoleAsync(kind, rules);
        await BindAsync("RoleBinding", kind, "r", Subject());
        var review = JsonNode.Parse($$$"""{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"{{{Space.Name}}}"} }""")!.AsObject();
        var wanted = rules.Length;
        await UntilAsync(async () => (await AsAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)).Ok().Child("status").List("resourceRules")!.Count >= 2 + wanted);
    }
}
