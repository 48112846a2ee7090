using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.ControlPlane.Cache;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.CustomResources;

/// <summary>Examples of what the CEL rules of the operator's kinds accept and refuse, on creation and on update.</summary>
public abstract class RuleExamples(ClusterKind kind) : CustomResourceTests(kind)
{
    private const string Policy = """
        {"apiVersion":"ordinal.dev/v1alpha1","kind":"RolloutPolicy","metadata":{"name":"p"},"spec":{"targets":{"statefulSets":[{"name":"web"}]}}}
        """;

    private const string Rollout = """
        {"apiVersion":"ordinal.dev/v1alpha1","kind":"StatefulSetRollout","metadata":{"name":"r"},"spec":{"policyRef":{"name":"p"},"type":"Restart"}}
        """;

    [SetUp]
    public Task InstallAsync() => InstallOwnAsync();

    /// <summary>Holds that a policy with a patched spec is taken.</summary>
    protected Task PolicyTakenAsync(string spec) => TakenAsync(Policies, Policy, Spec(spec));

    /// <summary>Holds that a policy with a patched spec is refused with exactly these findings.</summary>
    protected Task PolicyRefusedAsync(string spec, params string[] findings) => RefusedAsync(Policies, Policy, Spec(spec), findings);

    /// <summary>Holds that a rollout with a patched spec is taken.</summary>
    protected Task RolloutTakenAsync(string spec) => TakenAsync(Rollouts, Rollout, Spec(spec));

    /// <summary>Holds that a rollout with a patched spec is refused with exactly these findings.</summary>
    protected Task RolloutRefusedAsync(string spec, params string[] findings) => RefusedAsync(Rollouts, Rollout, Spec(spec), findings);

    /// <summary>Holds that an object of this name is taken.</summary>
    protected Task NameTakenAsync(ResourceKind kind, string name) => TakenAsync(kind, DocumentOf(kind), Name(name));

    /// <summary>Holds that an object of this name is refused.</summary>
    protected Task NameRefusedAsync(ResourceKind kind, string name, string finding) => RefusedAsync(kind, DocumentOf(kind), Name(name), finding);

    /// <summary>Creates a rollout with a patched spec, once in a test.</summary>
    protected Task CreateRolloutAsync(string spec) => Space.CreateAsync(Rollouts, With(Rollout, Spec(spec)));

    /// <summary>Holds that the rollout's spec may be patched so; nothing is changed.</summary>
    protected async Task ChangeTakenAsync(string spec) => (await TryChangeAsync(spec)).Ok();

    /// <summary>Holds that the rollout's spec may not be patched so.</summary>
    protected async Task ChangeRefusedAsync(string spec, params string[] findings) =>
        (await TryChangeAsync(spec)).Refused(422, Message(Rollouts, "r", findings));

    private static string Spec(string spec) => $$"""{"spec":{{spec}} }""";

    private static string Name(string name) => $$$"""{"metadata":{"name":"{{{name}}}"} }""";

    private static string DocumentOf(ResourceKind kind) => kind == Policies ? Policy : Rollout;

    private static string Message(ResourceKind kind, string name, string[] findings) =>
        $"{kind.Kind}.ordinal.dev \"{name}\" is invalid: {(findings.Length == 1 ? findings[0] : $"[{string.Join(", ", findings)}]")}";

    private Task<Answer> TryChangeAsync(string spec) => Space.TryPatchAsync(Rollouts, "r", Spec(spec), query: "dryRun=All");

    private async Task TakenAsync(ResourceKind kind, string document, string patch) =>
        (await Space.PostAsync(kind, With(document, patch), "dryRun=All&fieldValidation=Strict")).Ok();

    private async Task RefusedAsync(ResourceKind kind, string document, string patch, params string[] findings)
    {
        JsonObject changed = With(document, patch);
        var refused = await Space.PostAsync(kind, changed, "dryRun=All&fieldValidation=Strict");
        refused.Refused(422, Message(kind, changed.Metadata().Text("name")!, findings));
        Assert.That(refused.Causes.Select(cause => $"{cause.Field}: {cause.Message}"), Is.EqualTo(findings));
        Assert.That(refused.Causes.Select(cause => cause.Reason), Is.All.EqualTo("FieldValueInvalid"));
    }
}
