using System.Text.Json;
using NUnit.Framework;
using Ordinal.Core.Model;
using Ordinal.Operator.Observing;
using Ordinal.Runtime.Cache;

namespace Ordinal.Tests.Operating;

/// <summary>Managed fields as a real 1.36.2 records them (trace field-ownership), and what may be concluded from them.</summary>
public sealed class StrategyOwnershipTests
{
    /// <summary>What a maker owns after a create that names no strategy: both are the server's defaults.</summary>
    private const string Defaulted = """{"f:type":{},"f:rollingUpdate":{".":{},"f:partition":{}}}""";

    /// <summary>What a maker owns after naming the type alone: the server adds rollingUpdate only when it also adds the type.</summary>
    private const string TypeOnly = """{"f:type":{}}""";

    [Test]
    public void A_bare_create_that_names_no_strategy_declares_no_type()
    {
        var (types, partitions) = Read(Entry("maker", "Update", Defaulted));
        Assert.That(types, Is.Empty);
        Assert.That(partitions, Is.EqualTo(["maker"]), "it owns the defaulted partition, which is shown");
    }

    [Test]
    public void A_create_that_names_the_type_declares_it() =>
        Assert.That(Read(Entry("maker", "Update", TypeOnly)).Types, Is.EqualTo(["maker"]));

    [Test]
    public void Client_side_apply_is_judged_by_its_document()
    {
        var silent = """{"spec":{"replicas":3}}""";
        var naming = """{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}""";
        Assert.That(Read(Entry("kubectl-client-side-apply", "Update", Defaulted), lastApplied: silent).Types, Is.Empty);
        Assert.That(Read(Entry("kubectl-client-side-apply", "Update", TypeOnly), lastApplied: silent).Types, Is.Empty, "the document does not name it, whatever the entry owns");
        Assert.That(Read(Entry("kubectl-client-side-apply", "Update", TypeOnly), lastApplied: naming).Types, Has.Length.EqualTo(1));
    }

    [Test]
    public void The_document_counts_even_when_we_have_taken_the_field_over() =>
        Assert.That(Read(Entry("ordinal-controller", "Update", Defaulted), lastApplied: """{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}""").Types, Has.Length.EqualTo(1));

    [Test]
    public void A_server_side_apply_declares_what_it_names()
    {
        Assert.That(Read(Entry("kustomize-controller", "Apply", TypeOnly)).Types, Is.EqualTo(["kustomize-controller"]));
        Assert.That(Read(Entry("kustomize-controller", "Apply", """{"f:rollingUpdate":{"f:partition":{}}}"""), labels: """{"kustomize.toolkit.fluxcd.io/name":"apps"}""").Types, Is.Empty);
    }

    [Test]
    public void A_tool_that_repeats_its_manifest_declares_what_cannot_be_told()
    {
        Assert.That(Read(Entry("helm", "Update", Defaulted), labels: """{"app.kubernetes.io/managed-by":"Helm"}""").Types, Is.EqualTo(["Helm (meta.helm.sh/release-name)"]));
        Assert.That(Read(Entry("argocd-controller", "Update", Defaulted), annotations: """{"argocd.argoproj.io/tracking-id":"x"}""").Types, Has.Length.EqualTo(1));
    }

    [Test]
    public void Our_own_entry_and_those_of_subresources_do_not_count()
    {
        Assert.That(Read(Entry("ordinal-controller", "Update", Defaulted)).Types, Is.Empty);
        Assert.That(Read(Entry("ordinal-controller", "Update", Defaulted)).Partitions, Is.Empty);
        Assert.That(Read(Entry("kube-controller-manager", "Update", TypeOnly, "status")).Types, Is.Empty);
    }

    [Test]
    public void Whoever_declares_OnDelete_does_no_harm() =>
        Assert.That(Read(Entry("maker", "Update", TypeOnly), strategy: """{"type":"OnDelete"}""").Types, Is.Empty);

    [Test]
    public void T24_who_declares_OnDelete_is_known_and_a_switch_of_ours_is_nobody_elses()
    {
        const string OnDelete = """{"type":"OnDelete"}""";
        Assert.That(Snapshot(Entry("gitops", "Update", TypeOnly), strategy: OnDelete).OnDeleteDeclaredBy, Is.EqualTo(["gitops"]));
        Assert.That(Snapshot(Entry("ordinal-controller", "Update", TypeOnly), strategy: OnDelete).OnDeleteDeclaredBy, Is.Empty);
        Assert.That(Snapshot(Entry("ordinal-controller", "Update", TypeOnly), """{"spec":{"updateStrategy":{"type":"OnDelete"}}}""", strategy: OnDelete).OnDeleteDeclaredBy, Is.EqualTo(["kubectl apply (last-applied)"]));
        Assert.That(Snapshot(Entry("gitops", "Update", TypeOnly)).OnDeleteDeclaredBy, Is.Empty);
    }

    [Test]
    public void An_unreadable_document_is_none() =>
        Assert.That(Read(Entry("kubectl", "Update", TypeOnly), lastApplied: "{").Types, Is.EqualTo(["kubectl"]));

    private static (string[] Types, string[] Partitions) Read(
        string entry, string? lastApplied = null, string labels = "{}", string annotations = "{}", string strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":0}}""") =>
        Snapshot(entry, lastApplied, labels, annotations, strategy) is var snapshot ? ([.. snapshot.StrategyTypeDeclaredBy], [.. snapshot.PartitionOwnedBy]) : default;

    private static StatefulSetSnapshot Snapshot(
        string entry, string? lastApplied = null, string labels = "{}", string annotations = "{}", string strategy = """{"type":"RollingUpdate","rollingUpdate":{"partition":0}}""")
    {
        var notes = System.Text.Json.Nodes.JsonNode.Parse(annotations)!.AsObject();
        if (lastApplied is not null)
        {
            notes["kubectl.kubernetes.io/last-applied-configuration"] = lastApplied;
        }

        using var document = JsonDocument.Parse($$$"""
            {"metadata":{"name":"web","namespace":"prod","labels":{{{labels}}},"annotations":{{{notes.ToJsonString()}}},"managedFields":[{{{entry}}}]},
             "spec":{"updateStrategy":{{{strategy}}}}}
            """);
        return StatefulSetItem.Read(document.RootElement, new StringPool()).Snapshot;
    }

    private static string Entry(string manager, string operation, string strategy, string subresource = "") =>
        $$$$"""{"manager":"{{{{manager}}}}","operation":"{{{{operation}}}}","subresource":"{{{{subresource}}}}","fieldsV1":{"f:spec":{"f:updateStrategy":{{{{strategy}}}}}}}""";
}
