using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Conformance.Admission;

/// <summary>
/// Admission policies are of the whole cluster: each test's own are bound to its namespace, and go with it. A real server takes up to a second until it
/// asks a new policy, so the first request that shows its effect is sent until it does.
/// </summary>
public abstract class PolicyTests(ClusterKind kind) : ConformanceTests(kind)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly List<string> made = [];

    protected static ResourceKind Policies { get; } = new("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false);

    protected static ResourceKind Bindings { get; } = new("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false);

    /// <summary>Gets the name of this test's policy and of its binding.</summary>
    protected string PolicyName => $"{Space.Name}.test.dev";

    /// <summary>Creates a policy about the ConfigMaps of this namespace, and binds it.</summary>
    /// <param name="spec">What it says beside <c>matchConstraints</c>.</param>
    /// <param name="binding">What its binding says beside <c>policyName</c>; it denies unless this says otherwise.</param>
    protected async Task BindAsync(string spec, string binding = """{"validationActions":["Deny"]}""")
    {
        await MakeAsync(Policies, Policy(spec));
        await MakeAsync(Bindings, Binding(binding));
    }

    /// <summary>Builds a policy about the ConfigMaps of this namespace.</summary>
    protected JsonObject Policy(string spec)
    {
        var document = JsonNode.Parse(spec)!.AsObject();
        document["matchConstraints"] ??= JsonNode.Parse(
            $$$"""
            {"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"{{{Space.Name}}}"}},
             "resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["configmaps"]}]}
            """);
        return Named("ValidatingAdmissionPolicy", document);
    }

    /// <summary>Builds the binding of this test's policy.</summary>
    protected JsonObject Binding(string spec)
    {
        var document = JsonNode.Parse(spec)!.AsObject();
        document["policyName"] ??= PolicyName;
        return Named("ValidatingAdmissionPolicyBinding", document);
    }

    /// <summary>Creates a cluster-scoped object that is deleted at the end of the test.</summary>
    protected async Task<JsonObject> MakeAsync(ResourceKind kind, JsonObject document)
    {
        made.Add(kind.ObjectPath(new ObjectKey("", document.Name())));
        return (await Space.SendAsync("POST", kind.CollectionPath(), body: document)).Ok();
    }

    /// <summary>Asks for a ConfigMap with some data, as a dry run.</summary>
    protected Task<Answer> TryAsync(string data, string query = "dryRun=All") =>
        Space.PostAsync(ResourceKind.ConfigMaps, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "a" }, ["data"] = JsonNode.Parse(data) }, query);

    /// <summary>Sends a request until its answer shows that the policy is asked.</summary>
    protected static async Task<Answer> UntilAsync(Func<Task<Answer>> send, Predicate<Answer> shows)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await send();
            if (shows(answer) || TimeProvider.System.GetElapsedTime(began) > Longest)
            {
                Assert.That(shows(answer), Is.True, $"the policy has no effect: {answer.Code} {answer.Text}");
                return answer;
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>Sends a request until it is denied.</summary>
    protected static Task<Answer> UntilDeniedAsync(Func<Task<Answer>> send) => UntilAsync(send, answer => answer.Code >= 400);

    /// <summary>Gets the words of a denial by this test's policy.</summary>
    protected string Denied(string why) => $"ValidatingAdmissionPolicy '{PolicyName}' with binding '{PolicyName}' denied request: {why}";

    /// <inheritdoc/>
    protected override async ValueTask CloseAsync()
    {
        foreach (var path in Enumerable.Reverse(made))
        {
            await Space.SendAsync("DELETE", path);
        }

        made.Clear();
    }

    private JsonObject Named(string kind, JsonObject spec) => new()
    {
        ["apiVersion"] = "admissionregistration.k8s.io/v1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = PolicyName },
        ["spec"] = spec,
    };
}
