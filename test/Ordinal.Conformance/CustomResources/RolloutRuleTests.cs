using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;

namespace Ordinal.Conformance.CustomResources;

/// <summary>Each CEL rule of StatefulSetRollout with examples on both sides; those about changes are tried on an object that is there.</summary>
public sealed class RolloutRuleTests(ClusterKind kind) : RuleExamples(kind)
{
    private const string Immutable = "the request is immutable; only suspend, approvedStep, cancel, force, reason and ttlSecondsAfterFinished may change";
    private const string Uid = "11111111-2222-3333-4444-555555555555";

    [Test, Rule("CEL-rollout-name")]
    public async Task The_name_can_be_a_label_value()
    {
        await NameTakenAsync(Rollouts, new string('a', 63));
        await NameRefusedAsync(Rollouts, new string('a', 64), "<nil>: Invalid value: the name is used as a label value, so 63 characters at most");
    }

    [Test, Rule("CEL-rollout-scale-union")]
    public async Task Scale_goes_with_its_type()
    {
        await RolloutTakenAsync("""{"type":"Scale","scale":{"replicas":5}}""");
        const string Finding = "spec: Invalid value: scale is set if, and only if, type is Scale";
        await RolloutRefusedAsync("""{"type":"Scale"}""", Finding);
        await RolloutRefusedAsync("""{"scale":{"replicas":5}}""", Finding);
    }

    [Test, Rule("CEL-rollout-rollback-union")]
    public async Task Rollback_goes_with_its_type()
    {
        await RolloutTakenAsync("""{"type":"Rollback","rollback":{}}""");
        const string Finding = "spec: Invalid value: rollback is set if, and only if, type is Rollback";
        await RolloutRefusedAsync("""{"type":"Rollback"}""", Finding);
        await RolloutRefusedAsync("""{"rollback":{}}""", Finding);
    }

    [Test, Rule("CEL-rollout-update-union")]
    public async Task Update_goes_with_its_type()
    {
        await RolloutTakenAsync("""{"type":"Update","update":{}}""");
        await RolloutTakenAsync("""{"type":"Update"}""");
        await RolloutRefusedAsync("""{"update":{}}""", "spec: Invalid value: update is only for type Update");
    }

    [Test, Rule("CEL-rollout-no-late-members")]
    public async Task Members_of_the_request_never_appear_or_vanish_later()
    {
        await CreateRolloutAsync("""{"type":"Update","update":{},"targets":["a"],"overrides":{"justification":"on purpose"}}""");
        await ChangeTakenAsync("""{"suspend":true,"reason":"lunch","ttlSecondsAfterFinished":60}""");
        await ChangeRefusedAsync("""{"targets":null}""", $"spec: Invalid value: {Immutable}");
        await ChangeRefusedAsync("""{"update":null}""", $"spec: Invalid value: {Immutable}");
        await ChangeRefusedAsync("""{"overrides":null}""", $"spec: Invalid value: {Immutable}");
    }

    [Test, Rule("CEL-rollout-no-late-members")]
    public async Task Members_that_were_not_there_cannot_be_added()
    {
        await CreateRolloutAsync("""{"type":"Update"}""");
        await ChangeRefusedAsync("""{"update":{}}""", $"spec: Invalid value: {Immutable}");
        await ChangeRefusedAsync("""{"overrides":{}}""", $"spec: Invalid value: {Immutable}");
        await ChangeRefusedAsync("""{"targets":["a"]}""", $"spec: Invalid value: {Immutable}");
    }

    [Test, Rule("CEL-rollout-policy-immutable"), Rule("CEL-rollout-targets-immutable"), Rule("CEL-rollout-update-immutable"), Rule("CEL-rollout-overrides-immutable")]
    public async Task The_request_cannot_be_changed()
    {
        await CreateRolloutAsync("""{"type":"Update","targets":["a"],"update":{"images":[{"container":"c","image":"i:1"}]},"overrides":{"justification":"on purpose"}}""");
        await ChangeTakenAsync("""{"policyRef":{"name":"p"},"targets":["a"],"update":{"images":[{"container":"c","image":"i:1"}]},"overrides":{"justification":"on purpose"}}""");
        await ChangeRefusedAsync("""{"policyRef":{"name":"q"}}""", "spec.policyRef: Invalid value: policyRef is immutable");
        await ChangeRefusedAsync("""{"targets":["a","b"]}""", "spec.targets: Invalid value: targets is immutable");
        await ChangeRefusedAsync("""{"update":{"images":[{"container":"c","image":"i:2"}]}}""", "spec.update: Invalid value: update is immutable");
        await ChangeRefusedAsync("""{"overrides":{"justification":"another reason"}}""", "spec.overrides: Invalid value: overrides is immutable");
    }

    [Test, Rule("CEL-rollout-targets-immutable")]
    public async Task The_order_of_targets_does_not_matter()
    {
        await CreateRolloutAsync("""{"targets":["a","b"]}""");
        await ChangeTakenAsync("""{"targets":["b","a"]}""");
    }

    [Test, Rule("CEL-rollout-type-immutable")]
    public async Task The_type_cannot_be_changed()
    {
        await CreateRolloutAsync("{}");
        await ChangeRefusedAsync("""{"type":"Update"}""", "spec.type: Invalid value: \"Update\": type is immutable");
    }

    [Test, Rule("CEL-rollout-scale-immutable")]
    public async Task The_wanted_size_cannot_be_changed()
    {
        await CreateRolloutAsync("""{"type":"Scale","scale":{"replicas":5}}""");
        await ChangeTakenAsync("""{"scale":{"replicas":5}}""");
        await ChangeRefusedAsync("""{"scale":{"replicas":6}}""", "spec.scale: Invalid value: scale is immutable");
    }

    [Test, Rule("CEL-rollout-rollback-immutable")]
    public async Task The_revision_to_return_to_cannot_be_changed()
    {
        await CreateRolloutAsync("""{"type":"Rollback","rollback":{"revisions":[{"target":"web","revision":"web-1"}]}}""");
        await ChangeTakenAsync("""{"suspend":true}""");
        await ChangeRefusedAsync("""{"rollback":{"revisions":[{"target":"web","revision":"web-2"}]}}""", "spec.rollback: Invalid value: rollback is immutable");
    }

    [Test, Rule("CEL-rollout-force-append-only"), Rule("CEL-rollout-force-stays")]
    public async Task Force_entries_are_added_and_nothing_else()
    {
        await CreateRolloutAsync($$"""{"force":[{{Force("A", "for a good reason")}}]}""");
        await ChangeTakenAsync($$"""{"force":[{{Force("A", "for a good reason")}},{{Force("B", "for a good reason")}}]}""");
        await ChangeTakenAsync($$"""{"force":[{{Force("B", "for a good reason")}},{{Force("A", "for a good reason")}}]}""");
        await ChangeRefusedAsync($$"""{"force":[{{Force("B", "for a good reason")}}]}""", "spec.force: Invalid value: force entries cannot be changed or taken back");
        await ChangeRefusedAsync($$"""{"force":[{{Force("A", "for another reason")}}]}""", "spec.force: Invalid value: force entries cannot be changed or taken back");
        await ChangeRefusedAsync("""{"force":null}""", "spec: Invalid value: force entries cannot be taken back");
    }

    [Test, Rule("CEL-rollout-approved-step")]
    public async Task An_approval_is_never_taken_back()
    {
        await CreateRolloutAsync("""{"approvedStep":2}""");
        await ChangeTakenAsync("""{"approvedStep":3}""");
        await ChangeRefusedAsync("""{"approvedStep":1}""", "spec.approvedStep: Invalid value: 1: approvedStep can only go up");
        await ChangeRefusedAsync("""{"approvedStep":null}""", "spec.approvedStep: Invalid value: 0: approvedStep can only go up");
    }

    [Test, Rule("CEL-rollout-cancel")]
    public async Task A_cancel_goes_on_but_not_back()
    {
        await CreateRolloutAsync("""{"cancel":"Halt"}""");
        await ChangeTakenAsync("""{"cancel":"Revert"}""");
        await ChangeRefusedAsync("""{"cancel":"None"}""", "spec.cancel: Invalid value: \"None\": a cancel cannot be taken back; create a new rollout");
        await Space.PatchAsync(Rollouts, "r", """{"spec":{"cancel":"Revert"}}""");
        await ChangeRefusedAsync("""{"cancel":"Halt"}""", "spec.cancel: Invalid value: \"Halt\": a cancel cannot be taken back; create a new rollout");
    }

    [Test, Rule("CEL-rollout-override-justified")]
    public async Task An_override_needs_a_justification()
    {
        await RolloutTakenAsync("""{"overrides":{"ignoreWindows":true,"justification":"an outage"}}""".Replace("an outage", "an outage!", StringComparison.Ordinal));
        await RolloutTakenAsync("""{"overrides":{"ignoreWindows":false}}""");
        const string Finding = "spec.overrides: Invalid value: ignoring a window needs a justification of at least 10 characters";
        await RolloutRefusedAsync("""{"overrides":{"ignoreWindows":true}}""", Finding);
        await RolloutRefusedAsync("""{"overrides":{"ignoreWindows":true,"justification":"hurry"}}""", Finding);
    }

    [Test, Rule("CEL-rollout-finished")]
    public async Task A_finished_rollout_takes_no_more_intents()
    {
        await CreateRolloutAsync("{}");
        await Space.PatchAsync(Rollouts, "r", """{"status":{"completionTime":"2026-01-01T00:00:00Z"}}""", subresource: "status");
        await ChangeTakenAsync("""{"reason":"for the record","ttlSecondsAfterFinished":1}""");
        const string Finding = "<nil>: Invalid value: this rollout has finished; create a new one";
        await ChangeRefusedAsync("""{"suspend":true}""", Finding);
        await ChangeRefusedAsync("""{"approvedStep":1}""", Finding);
        await ChangeRefusedAsync("""{"cancel":"Halt"}""", Finding);
        await ChangeRefusedAsync($$"""{"force":[{{Force("A", "for a good reason")}}]}""", Finding);
    }

    private static string Force(string reason, string justification) => $$"""{"podUID":"{{Uid}}","reason":"{{reason}}","justification":"{{justification}}"}""";
}
