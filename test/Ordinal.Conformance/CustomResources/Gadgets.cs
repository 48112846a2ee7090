using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Cache;

namespace Ordinal.Conformance.CustomResources;

/// <summary>A kind that has a little of everything that a schema can say.</summary>
internal static class Gadgets
{
    public static readonly ResourceKind Kind = new("test.dev/v1", "Gadget", "gadgets");

    public static JsonObject Definition() => JsonNode.Parse("""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.test.dev"},
         "spec":{"group":"test.dev","scope":"Namespaced","names":{"plural":"gadgets","kind":"Gadget","shortNames":["gd"],"categories":["toys"]},
          "versions":[{"name":"v1","served":true,"storage":true,
           "subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.ready","labelSelectorPath":".status.selector"}},
           "additionalPrinterColumns":[
            {"name":"Size","type":"integer","jsonPath":".spec.size"},
            {"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"},
            {"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"},
            {"name":"Wait","type":"string","jsonPath":".spec.wait","priority":1}],
           "schema":{"openAPIV3Schema":{"type":"object","required":["spec"],
            "x-kubernetes-validations":[{"rule":"self.metadata.name.size() < 10","message":"name too long"}],
            "properties":{
             "spec":{"type":"object","required":["size"],
              "x-kubernetes-validations":[
               {"rule":"self.size != 7"},
               {"rule":"!has(self.mode) || self.mode != 'Manual' || self.size < 5","messageExpression":"'size is too much for ' + self.mode","fieldPath":".size","reason":"FieldValueForbidden"},
               {"rule":"oldSelf.hasValue() || self.size != 6","optionalOldSelf":true,"message":"never born with six"}],
              "properties":{
               "size":{"type":"integer","format":"int32","minimum":1,"maximum":10,
                "x-kubernetes-validations":[{"rule":"self >= oldSelf","message":"size never shrinks"},{"rule":"self != 8","message":"not eight"}]},
               "mode":{"type":"string","enum":["Auto","Manual"],"default":"Auto"},
               "wait":{"type":"string","pattern":"^[0-9]+s$","maxLength":5},
               "when":{"type":"string","format":"date-time"},
               "maybe":{"type":"string","nullable":true},
               "any":{"type":"string","anyOf":[{"minLength":3},{"pattern":"^x"}]},
               "one":{"type":"string","oneOf":[{"minLength":3},{"pattern":"^x"}]},
               "all":{"type":"string","allOf":[{"minLength":3},{"pattern":"^x"}]},
               "no":{"type":"string","not":{"pattern":"^x"}},
               "least":{"type":"array","minItems":1,"items":{"type":"string"}},
               "even":{"type":"integer","multipleOf":2},
               "most":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
               "loose":{"x-kubernetes-int-or-string":true,"x-kubernetes-validations":[{"rule":"self > 1"}]},
               "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
               "inner":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
               "labels":{"type":"object","maxProperties":1,"additionalProperties":{"type":"string","minLength":1}},
               "tags":{"type":"array","x-kubernetes-list-type":"set","maxItems":10,"items":{"type":"string","maxLength":10},
                "x-kubernetes-validations":[{"rule":"self.all(t, t != 'bad')","message":"no bad tags"}]},
               "update":{"type":"object","default":{},"properties":{"pace":{"type":"integer","default":1}}},
               "parts":{"type":"array","maxItems":3,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
                "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string","maxLength":10},
                 "weight":{"type":"integer","maximum":100,"x-kubernetes-validations":[{"rule":"self >= oldSelf","message":"weight never shrinks"}]}}}}}},
             "status":{"type":"object","properties":{"ready":{"type":"integer"},"selector":{"type":"string"},"phase":{"type":"string","enum":["A","B"]},
              "conditions":{"type":"array","items":{"type":"object","properties":{"type":{"type":"string"},"status":{"type":"string"}}}}}}}}}}]}}
        """)!.AsObject();

    public static JsonObject Document(string spec, string name = "g") => JsonNode.Parse(
        $$$"""{"apiVersion":"test.dev/v1","kind":"Gadget","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}} }""")!.AsObject();
}
