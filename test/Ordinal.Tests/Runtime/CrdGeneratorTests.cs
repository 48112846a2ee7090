using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using NUnit.Framework;
using Ordinal.Runtime.Crds;
using Ordinal.Runtime.Entities;
using Ordinal.Runtime.Rbac;
using CategoryAttribute = Ordinal.Runtime.Entities.CategoryAttribute;
using DescriptionAttribute = Ordinal.Runtime.Entities.DescriptionAttribute;

namespace Ordinal.Tests.Runtime;

public sealed class CrdGeneratorTests
{
    [Test]
    public void A_class_gives_its_definition_to_the_letter() => Assert.That(CrdGenerator.GenerateYaml(typeof(V1Widget)), Is.EqualTo("""
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata:
          name: widgets.example.dev
        spec:
          group: example.dev
          scope: Namespaced
          names:
            kind: Widget
            listKind: WidgetList
            plural: widgets
            singular: widget
            shortNames:
            - wd
            categories:
            - toys
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              status: {}
              scale:
                specReplicasPath: .spec.replicas
                statusReplicasPath: .status.replicas
                labelSelectorPath: .status.selector
            additionalPrinterColumns:
            - name: Mode
              type: string
              jsonPath: .spec.mode
              description: How it works.
            - name: Since
              type: date
              jsonPath: .status.since
              priority: 1
            - name: Age
              type: date
              jsonPath: .metadata.creationTimestamp
            schema:
              openAPIV3Schema:
                description: A widget, for show.
                type: object
                x-kubernetes-validations:
                - rule: size(self.metadata.name) <= 63
                  message: the name is used as a label value
                required:
                - spec
                properties:
                  apiVersion:
                    type: string
                  kind:
                    type: string
                  metadata:
                    type: object
                  spec:
                    type: object
                    x-kubernetes-validations:
                    - rule: '!has(self.replicas) || self.replicas > 0 || self.mode == ''Slow'''
                      message: 'only a slow widget may rest: set mode'
                    required:
                    - parts
                    properties:
                      mode:
                        description: How it works.
                        type: string
                        enum:
                        - Auto
                        - 'On'
                        - Slow
                        default: Auto
                      replicas:
                        type: integer
                        format: int32
                        minimum: 0
                        maximum: 1000
                      maxUnavailable:
                        x-kubernetes-int-or-string: true
                        anyOf:
                        - type: integer
                        - type: string
                        default: 1
                        maxLength: 4
                        x-kubernetes-validations:
                        - rule: 'type(self) == int ? self >= 1 : self.matches(''^[1-9][0-9]?%$'')'
                          message: a number of at least 1, or a percentage
                      timeout:
                        type: string
                        default: '10s'
                        pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$'
                        maxLength: 20
                      parts:
                        type: array
                        minItems: 1
                        maxItems: 16
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys:
                        - name
                        items:
                          type: object
                          required:
                          - name
                          properties:
                            name:
                              type: string
                              pattern: '^[a-z]+$'
                              minLength: 1
                              maxLength: 63
                            weight:
                              type: number
                              minimum: 0
                              exclusiveMinimum: true
                      days:
                        type: array
                        maxItems: 7
                        x-kubernetes-list-type: set
                        items:
                          type: string
                          enum:
                          - Mon
                          - Tue
                      labels:
                        type: object
                        maxProperties: 8
                        x-kubernetes-map-type: atomic
                        additionalProperties:
                          type: string
                          maxLength: 63
                      anything:
                        type: object
                        x-kubernetes-preserve-unknown-fields: true
                  status:
                    type: object
                    properties:
                      replicas:
                        type: integer
                        format: int32
                      selector:
                        type: string
                      since:
                        type: string
                        format: date-time
                      generation:
                        type: integer
                        format: int64

        """));

    [Test]
    public void What_is_generated_reads_back_as_the_same_value()
    {
        var generated = CrdGenerator.Generate(typeof(V1Widget));
        var crd = KubernetesYaml.Deserialize<V1CustomResourceDefinition>(CrdGenerator.GenerateYaml(typeof(V1Widget)));

        var schema = crd.Spec.Versions[0].Schema.OpenAPIV3Schema;
        Assert.That(schema.Properties["spec"].XKubernetesValidations[0].Rule, Is.EqualTo((string)generated["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["x-kubernetes-validations"]![0]!["rule"]!));
        Assert.That(schema.Properties["spec"].Properties["mode"].EnumProperty.Select(value => value.ToString()), Is.EqualTo(new[] { "Auto", "On", "Slow" }), "YAML 1.1's booleans are quoted");
        Assert.That(crd.Spec.Versions[0].Subresources.Scale.SpecReplicasPath, Is.EqualTo(".spec.replicas"));
    }

    [Test]
    public void A_class_that_refers_to_itself_is_refused_by_name() =>
        Assert.That(() => CrdGenerator.Generate(typeof(V1Loop)), Throws.ArgumentException.With.Message.Contain("LoopSpec → LoopSpec"));

    [Test]
    public void A_time_span_is_refused() => Assert.That(() => CrdGenerator.Generate(typeof(V1Timed)), Throws.ArgumentException.With.Message.Contain("[Duration]"));

    [TestCase("plain words, fine", "plain words, fine")]
    [TestCase("", "''")]
    [TestCase("yes", "'yes'")]
    [TestCase("12", "'12'")]
    [TestCase("a: b", "'a: b'")]
    [TestCase("a #b", "'a #b'")]
    [TestCase("it's", "it's")]
    [TestCase("it's: so", "'it''s: so'")]
    [TestCase(" padded", "' padded'")]
    [TestCase("padded ", "'padded '")]
    [TestCase("line\nbreak", "\"line\\nbreak\"")]
    [TestCase("- dash", "'- dash'")]
    [TestCase("*", "'*'")]
    [TestCase(".spec.replicas", ".spec.replicas")]
    [TestCase(".NaN", "'.NaN'")]
    [TestCase(".5", "'.5'")]
    public void Text_is_quoted_where_yaml_would_take_it_for_something_else(string text, string expected)
    {
        var yaml = YamlWriter.Write(new JsonObject { ["a"] = text });
        Assert.That(yaml, Is.EqualTo($"a: {expected}\n"));
        Assert.That(KubernetesYaml.Deserialize<Dictionary<string, string>>(yaml)["a"], Is.EqualTo(text));
    }

    [Test]
    public void Roles_join_and_sort_what_classes_declare() => Assert.That(RbacGenerator.GenerateYaml([typeof(Reader), typeof(Writer)], "", "operator"), Is.EqualTo("""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: operator
        rules:
        - apiGroups:
          - ''
          resources:
          - pods
          - services
          verbs:
          - get
          - list
          - watch
        - apiGroups:
          - apps
          resources:
          - statefulsets
          verbs:
          - get
          - list
          - patch
          - watch
        - apiGroups:
          - example.dev
          resources:
          - widgets/status
          verbs:
          - patch

        """));

    [Test]
    public void Rules_of_a_role_that_is_opted_into_stay_out_of_the_base_role() => Assert.That(RbacGenerator.GenerateYaml([typeof(Writer)], "evict", "operator-evict", "system"), Is.EqualTo("""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: operator-evict
          namespace: system
        rules:
        - apiGroups:
          - ''
          resources:
          - pods/eviction
          verbs:
          - create
        - apiGroups:
          - ''
          resources:
          - secrets
          resourceNames:
          - a
          - b
          verbs:
          - get

        """));

    [EntityRbac(typeof(V1StatefulSet), typeof(V1Pod), Verbs = RbacVerb.Read)]
    [PolicyRule(Groups = [""], Resources = ["services"], Verbs = RbacVerb.Read)]
    private sealed class Reader;

    [EntityRbac(typeof(V1StatefulSet), Verbs = RbacVerb.Patch | RbacVerb.Get)]
    [EntityRbac(typeof(V1Widget), Verbs = RbacVerb.Patch, Subresource = "status")]
    [PolicyRule(Groups = [""], Resources = ["pods/eviction"], Verbs = RbacVerb.Create, Role = "evict")]
    [PolicyRule(Groups = [""], Resources = ["secrets"], ResourceNames = ["b", "a"], Verbs = RbacVerb.Get, Role = "evict")]
    private sealed class Writer;

    [KubernetesEntity(Group = "example.dev", ApiVersion = "v1", Kind = "Widget", PluralName = "widgets")]
    [Description("A widget, for show.")]
    [ShortName("wd")]
    [Category("toys")]
    [ScaleSubresource(".spec.replicas", ".status.replicas", ".status.selector")]
    [GenericAdditionalPrinterColumn(".metadata.creationTimestamp", "Age", "date", 9)]
    [ValidationRule("size(self.metadata.name) <= 63", "the name is used as a label value")]
    private sealed class V1Widget : CustomKubernetesEntity<WidgetSpec, WidgetStatus>;

    private static class Modes
    {
        public const string Auto = "Auto";
        public const string On = "On";
        public const string Slow = "Slow";
    }

    [ValidationRule("!has(self.replicas) || self.replicas > 0 || self.mode == 'Slow'", "only a slow widget may rest: set mode")]
    private sealed class WidgetSpec
    {
        [Description("How it works.")]
        [EmbeddedEnum(typeof(Modes))]
        [Default("\"Auto\"")]
        [AdditionalPrinterColumn("Mode", 1)]
        public string? Mode { get; set; }

        [RangeMinimum(0)]
        [RangeMaximum(1000)]
        public int? Replicas { get; set; }

        [IntOrString]
        [Length(0, 4)]
        [Default("1")]
        [ValidationRule("type(self) == int ? self >= 1 : self.matches('^[1-9][0-9]?%$')", "a number of at least 1, or a percentage")]
        public IntOrString? MaxUnavailable { get; set; }

        [Duration]
        [Default("\"10s\"")]
        public string? Timeout { get; set; }

        [Required]
        [Items(1, 16)]
        [ListMapKeys("name")]
        public IList<Part>? Parts { get; set; }

        [Items(0, 7)]
        [ListType(ListKind.Set)]
        [EmbeddedEnum("Mon", "Tue", OnItems = true)]
        public IReadOnlyList<string>? Days { get; set; }

        [Items(0, 8)]
        [Length(0, 63, OnItems = true)]
        [AtomicMap]
        public IDictionary<string, string>? Labels { get; set; }

        public JsonNode? Anything { get; set; }
    }

    private sealed class Part
    {
        [Required]
        [Length(1, 63)]
        [Pattern("^[a-z]+$")]
        public string? Name { get; set; }

        [RangeMinimum(0, ExclusiveMinimum = true)]
        public double? Weight { get; set; }
    }

    private sealed class WidgetStatus
    {
        public int? Replicas { get; set; }

        public string? Selector { get; set; }

        [AdditionalPrinterColumn("Since", 5, Priority = 1)]
        public DateTime? Since { get; set; }

        public long? Generation { get; set; }
    }

    [KubernetesEntity(Group = "example.dev", ApiVersion = "v1", Kind = "Loop", PluralName = "loops")]
    private sealed class V1Loop : CustomKubernetesEntity<LoopSpec, WidgetStatus>;

    private sealed class LoopSpec
    {
        public LoopSpec? Inner { get; set; }
    }

    [KubernetesEntity(Group = "example.dev", ApiVersion = "v1", Kind = "Timed", PluralName = "timeds")]
    private sealed class V1Timed : CustomKubernetesEntity<TimedSpec, WidgetStatus>;

    private sealed class TimedSpec
    {
        public TimeSpan? Timeout { get; set; }
    }
}
