using System.Globalization;
using System.Text;
using NUnit.Framework;
using Ordinal.Conformance.Clusters;
using Ordinal.Conformance.Rules;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Conformance.Api;

/// <summary>Random and mutated requests, seeded and bounded: whatever is sent, the server answers, says nothing of a mistake of its own, and stays up.</summary>
[NotOn(ClusterKind.Real, "its mistakes are not ours to find")]
public sealed class FuzzTests(ClusterKind kind) : ConformanceTests(kind)
{
    private const int Requests = 1500;
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    private static readonly string[] Types =
    [
        "application/json", "application/yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
        "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "text/plain",
    ];

    private static readonly string[] Queries =
    [
        "", "fieldManager=f&force=true", "fieldValidation=Strict", "dryRun=All", "limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0", "labelSelector=a+in+(b",
        "fieldSelector=metadata.name%3Da%5C", "resourceVersion=-1", "resourceVersion=3&resourceVersionMatch=Exact", "gracePeriodSeconds=0", "propagationPolicy=Orphan",
        "fieldManager=f&fieldValidation=Warn&dryRun=All", "includeObject=Object", "timeoutSeconds=99999999999999999999", "tailLines=1&limitBytes=9999999999", "%zz=%zz&a;b",
    ];

    private static readonly string[] Bodies =
    [
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"a":"b"}},"data":{"k":"v"},"binaryData":{"b":"AAAA"}}""",
        """{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"a"},"spec":{"replicas":0,"serviceName":"a","selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}],"env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],"readinessProbe":{"httpGet":{"port":"x"}}}],"volumes":[{"name":"v","emptyDir":{}}],"tolerations":[{"key":"k","operator":"Exists"}]}}}}""",
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"schedulerName":"nobody","containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1"}}}]}}""",
        """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80,"targetPort":"x"}],"selector":{"a":"b"}}}""",
        """{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"a"},"spec":{"minAvailable":"50%","selector":{"matchExpressions":[{"key":"a","operator":"In","values":["b"]}]}}}""",
        """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"a"},"deleteOptions":{"preconditions":{"uid":"x"},"dryRun":["All"]}}""",
        """{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a"},"spec":{"replicas":1}}""",
        """[{"op":"test","path":"/spec/replicas","value":0},{"op":"move","from":"/metadata/labels","path":"/spec"},{"op":"add","path":"/metadata/finalizers/-","value":"x"}]""",
        """{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"c"}],"containers":[{"name":"c","$patch":"delete"}]}}},"status":{"conditions":[{"type":"x","status":1}]}}""",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: &m\n  name: a\ndata: {k: v, <<: *m}\n---\nx: 1\n",
        """{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Foreground","preconditions":{"resourceVersion":"1"}}""",
        """{"metadata":{"managedFields":[{"manager":"m","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"k:{\"a\":1}":{}}}}]}}""",
    ];

    [Test, Rule("API-fuzz")]
    public async Task No_request_makes_the_server_fail()
    {
        var random = new Random(20261127);
        var failures = new List<string>();
        for (var i = 0; i < Requests; i++)
        {
            var call = Next(random);
            ApiAnswer answer;
            try
            {
                using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
                answer = await Space.Cluster.Door.SendAsync(call, deadline.Token);
            }
            catch (HttpRequestException e) when (Kind is ClusterKind.Https && call.Path.Any(c => c is < '!' or > '~'))
            {
                // The web server refuses such a line before anything of ours sees it.
                TestContext.Out.WriteLine($"{call.Path}: {e.Message}");
                continue;
            }

            // A real API server answers some mistakes of the caller with 500, and then without a reason; its own have one.
            var text = Encoding.UTF8.GetString(answer.Body.Span);
            var isOurs = answer.StatusCode >= 500 && answer.StatusCode is not (503 or 504) && text.Contains("\"reason\"", StringComparison.Ordinal);
            if (isOurs)
            {
                failures.Add(string.Create(CultureInfo.InvariantCulture, $"request {i}: {call.Method} {call.Path}?{call.Query} ({call.ContentType}) {Encoding.UTF8.GetString(call.Body.Span)}\n  {text}"));
            }
        }

        Assert.That(failures, Is.Empty, string.Join('\n', failures));
        (await Space.SendAsync("GET", $"/api/v1/namespaces/{Space.Name}")).Ok();
    }

    private static string One(Random random, string[] items) => items[random.Next(items.Length)];

    private ApiCall Next(Random random)
    {
        string[] resources =
        [
            "/api/v1/namespaces/{ns}/configmaps", "/apis/apps/v1/namespaces/{ns}/statefulsets", "/api/v1/namespaces/{ns}/pods", "/api/v1/namespaces/{ns}/services",
            "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", "/api/v1/namespaces/{ns}/events", "/apis/events.k8s.io/v1/namespaces/{ns}/events",
            "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases", "/api/v1/namespaces/{ns}/secrets", "/api/v1/namespaces/{ns}/persistentvolumeclaims", "/api", "/apis", "/healthz", "/nope",
        ];
        string[] suffixes = ["", "/a", "/a", "/a/status", "/a/scale", "/a/eviction", "/a/binding", "/a/log", "/../x", "//", "/%2e%2e", "/a%2Fstatus", "/%C3%A4"];
        var path = One(random, resources).Replace("{ns}", Space.Name, StringComparison.Ordinal) + One(random, suffixes);
        var body = Encoding.UTF8.GetBytes(One(random, Bodies));
        for (var mutations = random.Next(4); mutations > 0; mutations--)
        {
            body = Mutated(random, body);
        }

        return new ApiCall(One(random, Methods), path, One(random, Queries))
        {
            ContentType = One(random, Types),
            Accept = random.Next(4) == 0 ? "application/json;as=Table;v=v1;g=meta.k8s.io" : null,
            Body = random.Next(8) == 0 ? default : body,
        };
    }

    private static byte[] Mutated(Random random, byte[] body)
    {
        var at = random.Next(body.Length);
        switch (random.Next(6))
        {
            case 0:
                body[at] = (byte)random.Next(256);
                return body;
            case 1:
                return body.Length > 1 ? body[..Math.Max(1, at)] : body;
            case 2:
                return [.. body[..at], .. body[at..Math.Min(body.Length, at + 20)], .. body[at..]];
            case 3:
                return Replaced(body, "\"", random.Next(2) == 0 ? "1" : "{}");
            case 4:
                return Replaced(body, ":", One(random, [": null,\"x\":", ":-1,\"y\":", ":[],\"z\":", ":9999999999999999999,\"w\":"]));
            default:
                return [.. body[..at], .. Encoding.UTF8.GetBytes("\ud83d\ude00\\ud800"), .. body[at..]];
        }

        byte[] Replaced(byte[] source, string old, string fresh)
        {
            var text = Encoding.Latin1.GetString(source);
            var found = text.IndexOf(old, at, StringComparison.Ordinal);
            return found < 0 ? source : Encoding.Latin1.GetBytes(text[..found] + fresh + text[(found + old.Length)..]);
        }
    }
}
