using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;

namespace Ordinal.Conformance.CustomResources;

/// <summary>Each CEL rule of RolloutPolicy with examples on both sides.</summary>
public sealed class PolicyRuleTests(ClusterKind kind) : RuleExamples(kind)
{
    [Test, Rule("CEL-policy-name")]
    public async Task The_name_leaves_room_for_those_of_rollouts()
    {
        await NameTakenAsync(Policies, new string('a', 52));
        await NameRefusedAsync(Policies, new string('a', 53), "<nil>: Invalid value: the name is part of the names of its rollouts, so 52 characters at most");
    }

    [Test, Rule("CEL-policy-replicas-gated")]
    public async Task Replicas_need_gated_scaling()
    {
        await PolicyTakenAsync("""{"replicas":3,"scale":{"mode":"Gate"}}""");
        const string Finding = "spec: Invalid value: spec.replicas needs spec.scale.mode=Gate, otherwise two writers would own .spec.replicas";
        await PolicyRefusedAsync("""{"replicas":3}""", Finding);
        await PolicyRefusedAsync("""{"replicas":3,"scale":{"mode":"Ignore"}}""", Finding);
    }

    [Test, Rule("CEL-policy-replicas-one-target")]
    public async Task Replicas_need_exactly_one_listed_StatefulSet()
    {
        await PolicyTakenAsync("""{"replicas":3,"scale":{"mode":"Gate"},"targets":{"statefulSets":[{"name":"db"}]}}""");
        const string Finding = "spec: Invalid value: spec.replicas needs exactly one StatefulSet listed in spec.targets.statefulSets";
        await PolicyRefusedAsync("""{"replicas":3,"scale":{"mode":"Gate"},"targets":{"statefulSets":[{"name":"a"},{"name":"b"}]}}""", Finding);
        await PolicyRefusedAsync("""{"replicas":3,"scale":{"mode":"Gate"},"targets":{"statefulSets":null,"selector":{"matchLabels":{"app":"a"}}}}""", Finding);
    }

    [Test, Rule("CEL-policy-targets-union")]
    public async Task Targets_are_listed_or_selected_not_both_and_not_neither()
    {
        await PolicyTakenAsync("""{"targets":{"statefulSets":null,"selector":{"matchLabels":{"app":"a"}}}}""");
        const string Finding = "spec.targets: Invalid value: set exactly one of statefulSets or selector";
        await PolicyRefusedAsync("""{"targets":{"statefulSets":null}}""", Finding);
        await PolicyRefusedAsync("""{"targets":{"selector":{"matchLabels":{"app":"a"}}}}""", Finding);
    }

    [Test, Rule("CEL-policy-zone-label")]
    public async Task A_zone_label_goes_with_a_selector()
    {
        await PolicyTakenAsync("""{"targets":{"statefulSets":null,"selector":{"matchLabels":{"app":"a"}},"zoneLabel":"zone"}}""");
        await PolicyRefusedAsync("""{"targets":{"zoneLabel":"zone"}}""", "spec.targets: Invalid value: zoneLabel goes with selector; list entries name their zone themselves");
    }

    [Test, Rule("CEL-policy-selector-empty")]
    public async Task An_empty_selector_takes_nothing()
    {
        await PolicyTakenAsync("""{"targets":{"statefulSets":null,"selector":{"matchExpressions":[{"key":"app","operator":"Exists"}]}}}""");
        await PolicyRefusedAsync("""{"targets":{"statefulSets":null,"selector":{}}}""", "spec.targets.selector: Invalid value: an empty selector would take every StatefulSet of the namespace");
    }

    [Test, Rule("CEL-policy-selector-values")]
    public async Task Operators_of_a_selector_have_values_or_none()
    {
        await PolicyTakenAsync(Expression("""{"key":"app","operator":"In","values":["a"]}"""));
        await PolicyTakenAsync(Expression("""{"key":"app","operator":"DoesNotExist"}"""));
        const string Finding = "spec.targets.selector.matchExpressions[0]: Invalid value: In and NotIn need values, Exists and DoesNotExist take none";
        await PolicyRefusedAsync(Expression("""{"key":"app","operator":"NotIn"}"""), Finding);
        await PolicyRefusedAsync(Expression("""{"key":"app","operator":"In","values":[]}"""), Finding);
        await PolicyRefusedAsync(Expression("""{"key":"app","operator":"Exists","values":["a"]}"""), Finding);
    }

    [Test, Rule("CEL-policy-pod-order")]
    public async Task Only_some_drivers_know_another_order()
    {
        await PolicyTakenAsync("""{"update":{"podOrder":"LeaderLast","driver":"OnDelete"}}""");
        await PolicyTakenAsync("""{"update":{"podOrder":"LeaderLast"}}""");
        await PolicyTakenAsync("""{"update":{"driver":"Native"}}""");
        const string Finding = "spec.update: Invalid value: only drivers Auto and OnDelete can take pods in an order other than OrdinalDescending";
        await PolicyRefusedAsync("""{"update":{"podOrder":"LeaderLast","driver":"Partition"}}""", Finding);
        await PolicyRefusedAsync("""{"update":{"podOrder":"OrdinalAscending","driver":"Native"}}""", Finding);
    }

    [Test, Rule("CEL-policy-pod-deadline")]
    public async Task A_pod_gets_more_time_than_it_must_stay_ready()
    {
        await PolicyTakenAsync("""{"update":{"podDeadline":"61s","minReadyDuration":"1m"}}""");
        const string Finding = "spec.update: Invalid value: podDeadline must be longer than minReadyDuration";
        await PolicyRefusedAsync("""{"update":{"podDeadline":"60s","minReadyDuration":"1m"}}""", Finding);
        await PolicyRefusedAsync("""{"update":{"minReadyDuration":"15m"}}""", Finding);
    }

    [Test, Rule("CEL-policy-max-unavailable")]
    public async Task MaxUnavailable_is_a_number_or_a_percentage()
    {
        foreach (var value in (string[])["1", "100", "\"1%\"", "\"100%\""])
        {
            await PolicyTakenAsync($$"""{"update":{"maxUnavailable":{{value}} } }""");
        }

        foreach (var value in (string[])["0", "-1", "\"0%\"", "\"101%\"", "\"1\"", "\"\""])
        {
            await PolicyRefusedAsync(
                $$"""{"update":{"maxUnavailable":{{value}} } }""",
                $"spec.update.maxUnavailable: Invalid value: {value}: maxUnavailable is a whole number of at least 1, or a percentage");
        }
    }

    [Test, Rule("CEL-policy-step-pods")]
    public async Task A_step_is_a_number_or_a_percentage()
    {
        await PolicyTakenAsync("""{"update":{"steps":[{"pods":1},{"pods":"50%"}]}}""");
        await PolicyRefusedAsync("""{"update":{"steps":[{"pods":0}]}}""", "spec.update.steps[0].pods: Invalid value: 0: pods is a whole number of at least 1, or a percentage");
        await PolicyRefusedAsync("""{"update":{"steps":[{"pods":1},{"pods":"all"}]}}""", "spec.update.steps[1].pods: Invalid value: \"all\": pods is a whole number of at least 1, or a percentage");
    }

    [Test, Rule("CEL-policy-steps-cumulative")]
    public async Task Steps_never_go_down()
    {
        await PolicyTakenAsync("""{"update":{"steps":[{"pods":1},{"pods":"10%"},{"pods":1},{"pods":3}]}}""");
        await PolicyRefusedAsync("""{"update":{"steps":[{"pods":3},{"pods":"10%"},{"pods":2}]}}""", "spec.update.steps: Invalid value: steps are cumulative: a later step needs at least as many pods");
    }

    [Test, Rule("CEL-gate-union")]
    public async Task A_gate_has_the_member_of_its_type_and_no_other()
    {
        await PolicyTakenAsync(Gate("""{"name":"g","type":"Etcd","etcd":{}}"""));
        await PolicyTakenAsync(Gate("""{"name":"g","type":"Kafka","kafka":{"bootstrapServers":"k:9092"}}"""));
        const string Finding = "spec.gates[0]: Invalid value: set exactly the member that matches type";
        await PolicyRefusedAsync(Gate("""{"name":"g","type":"Etcd"}"""), Finding);
        await PolicyRefusedAsync(Gate("""{"name":"g","type":"Etcd","zookeeper":{}}"""), Finding);
        await PolicyRefusedAsync(Gate("""{"name":"g","type":"Etcd","etcd":{},"zookeeper":{}}"""), Finding);
        await PolicyTakenAsync(Gate("""{"name":"g","type":"Grpc","grpc":{"port":9000}}"""));
        await PolicyTakenAsync(Gate("""{"name":"g","type":"Exec","exec":{"command":["true"]}}"""));
        await PolicyRefusedAsync(Gate("""{"name":"g","type":"Grpc","exec":{"command":["true"]}}"""), Finding);
        await PolicyRefusedAsync(Gate("""{"name":"g","type":"Exec","grpc":{"port":9000}}"""), Finding);
    }

    [Test, Rule("CEL-gate-zookeeper-canary")]
    public async Task A_canary_keeps_out_of_zookeepers_own_nodes()
    {
        await PolicyTakenAsync(Canary("/app"));
        await PolicyTakenAsync(Canary("/zookeeper-canary"));
        const string Finding = "spec.gates[0].zookeeper.writeCanary: Invalid value: path begins with / and lies outside /zookeeper";
        await PolicyRefusedAsync(Canary("app"), Finding);
        await PolicyRefusedAsync(Canary("/zookeeper"), Finding);
        await PolicyRefusedAsync(Canary("/zookeeper/config"), Finding);

        static string Canary(string path) => Gate($$$"""{"name":"g","type":"ZooKeeper","zookeeper":{"writeCanary":{"path":"{{{path}}}"} } }""");
    }

    [Test, Rule("CEL-gate-http-scope")]
    public async Task An_http_gate_has_what_its_scope_needs()
    {
        await PolicyTakenAsync(Gate("""{"name":"g","type":"Http","http":{"scope":"Url","url":"http://x"}}"""));
        await PolicyTakenAsync(Gate("""{"name":"g","type":"Http","http":{"port":80,"path":"/"}}"""));
        const string Finding = "spec.gates[0].http: Invalid value: scope Url needs url; every other scope needs port and path";
        await PolicyRefusedAsync(Gate("""{"name":"g","type":"Http","http":{"scope":"Url","port":80,"path":"/"}}"""), Finding);
        await PolicyRefusedAsync(Gate("""{"name":"g","type":"Http","http":{"scope":"AllPods","port":80}}"""), Finding);
    }

    [Test, Rule("CEL-gate-http-credentials")]
    public async Task Http_credentials_are_of_one_kind()
    {
        await PolicyTakenAsync(Credentials("""{"bearer":{"secretName":"s"}}"""));
        const string Finding = "spec.gates[0].http.credentials: Invalid value: set exactly one of basic or bearer";
        await PolicyRefusedAsync(Credentials("{}"), Finding);
        await PolicyRefusedAsync(Credentials("""{"bearer":{"secretName":"s"},"basic":{"secretName":"s"}}"""), Finding);
    }

    [Test, Rule("CEL-gate-http-header")]
    public async Task A_header_has_a_value_or_a_secret()
    {
        await PolicyTakenAsync(Headers("""{"name":"X-Tenant","value":"a"},{"name":"X-Key","secret":{"secretName":"s","key":"k"}}"""));
        const string Finding = "spec.gates[0].http.headers[0]: Invalid value: set exactly one of value or secret";
        await PolicyRefusedAsync(Headers("""{"name":"X-Key"}"""), Finding);
        await PolicyRefusedAsync(Headers("""{"name":"X-Key","value":"a","secret":{"secretName":"s","key":"k"}}"""), Finding);
    }

    [Test, Rule("CEL-gate-http-body")]
    public async Task A_body_wants_something()
    {
        await PolicyTakenAsync(Body("""{"jsonPath":".status","expect":"green"}"""));
        await PolicyTakenAsync(Body("""{"matches":"^ok"}"""));
        await PolicyRefusedAsync(Body("""{"jsonPath":".status"}"""), "spec.gates[0].http.body: Invalid value: give expect, matches, min or max");
        await PolicyRefusedAsync(Body("""{"min":"1"}"""), "spec.gates[0].http.body: Invalid value: min and max need a jsonPath");
    }

    [Test, Rule("CEL-gate-sasl")]
    public async Task Sasl_has_the_secret_of_its_mechanism()
    {
        await PolicyTakenAsync(Sasl("""{"mechanism":"PLAIN","credentials":{"secretName":"s"}}"""));
        await PolicyTakenAsync(Sasl("""{"mechanism":"OAUTHBEARER","token":{"secretName":"s"}}"""));
        const string Finding = "spec.gates[0].kafka.sasl: Invalid value: OAUTHBEARER needs token, every other mechanism needs credentials";
        await PolicyRefusedAsync(Sasl("""{"mechanism":"OAUTHBEARER","credentials":{"secretName":"s"}}"""), Finding);
        await PolicyRefusedAsync(Sasl("""{"mechanism":"PLAIN","credentials":{"secretName":"s"},"token":{"secretName":"s"}}"""), Finding);
        await PolicyRefusedAsync(Sasl("""{"mechanism":"SCRAM-SHA-512"}"""), Finding);
    }

    [Test, Rule("CEL-gate-prometheus-bound")]
    public async Task A_query_has_a_bound()
    {
        await PolicyTakenAsync(Gate("""{"name":"g","type":"Prometheus","prometheus":{"address":"http://p","query":"up","min":"1"}}"""));
        await PolicyRefusedAsync(
            Gate("""{"name":"g","type":"Prometheus","prometheus":{"address":"http://p","query":"up"}}"""),
            "spec.gates[0].prometheus: Invalid value: without max or min any value would pass");
    }

    private static string Expression(string expression) => $$"""{"targets":{"statefulSets":null,"selector":{"matchExpressions":[{{expression}}]} } }""";

    private static string Gate(string gate) => $$"""{"gates":[{{gate}}]}""";

    private static string Sasl(string sasl) => Gate($$"""{"name":"g","type":"Kafka","kafka":{"bootstrapServers":"k:9092","sasl":{{sasl}} } }""");

    private static string Headers(string headers) => Gate($$"""{"name":"g","type":"Http","http":{"port":80,"path":"/","headers":[{{headers}}] } }""");

    private static string Body(string body) => Gate($$"""{"name":"g","type":"Http","http":{"port":80,"path":"/","body":{{body}} } }""");

    private static string Credentials(string credentials) => Gate($$"""{"name":"g","type":"Http","http":{"port":80,"path":"/","credentials":{{credentials}} } }""");
}
