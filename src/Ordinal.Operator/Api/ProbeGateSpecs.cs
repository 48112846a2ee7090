using Ordinal.Runtime.Entities;

namespace Ordinal.Operator.Api;

/// <summary>Asks over HTTP.</summary>
[ValidationRule("self.scope == 'Url' ? has(self.url) : (has(self.port) && has(self.path))", "scope Url needs url; every other scope needs port and path")]
public sealed class HttpGateSpec
{
    [EmbeddedEnum("Pod", "OtherPods", "AllPods", "Url")]
    [Default("\"Pod\"")]
    [Description("Whom to ask: the pod in question, all others, all, or one address for the whole workload.")]
    public string? Scope { get; set; }

    [EmbeddedEnum("All", "Majority", "Any")]
    [Default("\"All\"")]
    [Description("How many of those that are asked must pass.")]
    public string? Quorum { get; set; }

    [Length(1, 2048)]
    [Description("The whole address under scope Url, with {namespace}, {statefulset} and {service} replaced.")]
    public string? Url { get; set; }

    [EmbeddedEnum("http", "https")]
    [Default("\"http\"")]
    public string? Scheme { get; set; }

    [RangeMinimum(1)]
    [RangeMaximum(65535)]
    public int? Port { get; set; }

    [Length(1, 1024)]
    [Description("Path and query, with {pod}, {ordinal}, {address}, {namespace}, {statefulset} and {service} replaced.")]
    public string? Path { get; set; }

    [Length(1, 512)]
    [Description("Host of one pod, as {pod}.{service}.{namespace}.svc; the same words are replaced. Absent: the pod's address.")]
    public string? HostTemplate { get; set; }

    [Items(1, 16)]
    [ListType(ListKind.Set)]
    [Length(1, 7, OnItems = true)]
    [Pattern("^[1-5][0-9]{2}(-[1-5][0-9]{2})?$", OnItems = true)]
    [Default("[\"200-299\"]")]
    [Description("Statuses that pass, as 204 or 200-299.")]
    public IReadOnlyList<string>? Statuses { get; set; }

    [Items(1, 16)]
    [ListMapKeys("name")]
    public IReadOnlyList<HeaderSpec>? Headers { get; set; }

    [Description("What the body must say; absent: only the status counts.")]
    public BodySpec? Body { get; set; }

    public TlsSpec? Tls { get; set; }

    public HttpCredentialsSpec? Credentials { get; set; }

    [Duration]
    [Default("\"5s\"")]
    [Description("Longest time for one answer, at most 60s.")]
    public string? RequestTimeout { get; set; }
}

/// <summary>One header of a request.</summary>
[ValidationRule("has(self.value) != has(self.secret)", "set exactly one of value or secret")]
public sealed class HeaderSpec
{
    [Required]
    [Length(1, 128)]
    public string Name { get; set; } = "";

    [Length(1, 1024)]
    [Description("The value, for everybody to read; the words of path are replaced.")]
    public string? Value { get; set; }

    [Description("Secret and key of a value that nobody may read.")]
    public SecretKeySpec? Secret { get; set; }
}

/// <summary>One key of a Secret.</summary>
public sealed class SecretKeySpec
{
    [Required]
    [Length(1, 253)]
    public string SecretName { get; set; } = "";

    [Required]
    [Length(1, 253)]
    public string Key { get; set; } = "";
}

/// <summary>What a body must say: all that is given, for every value that is found.</summary>
[ValidationRule("has(self.expect) || has(self.matches) || has(self.min) || has(self.max)", "give expect, matches, min or max")]
[ValidationRule("has(self.jsonPath) || !(has(self.min) || has(self.max))", "min and max need a jsonPath", Order = 1)]
public sealed class BodySpec
{
    [Length(1, 512)]
    [Description("Where to look in a JSON body, as .status or .nodes[*].state. Absent: the body as text.")]
    public string? JsonPath { get; set; }

    [Length(0, 1024)]
    [Description("Text that a value must be; numbers, true, false and null as JSON writes them.")]
    public string? Expect { get; set; }

    [Length(1, 512)]
    [Description("Regular expression that must match somewhere; anchor it with ^ and $.")]
    public string? Matches { get; set; }

    [Length(1, 32)]
    public string? Min { get; set; }

    [Length(1, 32)]
    public string? Max { get; set; }
}

/// <summary>Asks a Prometheus server.</summary>
[ValidationRule("has(self.max) || has(self.min)", "without max or min any value would pass")]
public sealed class PrometheusGateSpec
{
    [Required]
    [Length(1, 2048)]
    [Description("The server's address, with the path before /api/v1 if there is one; {namespace} is replaced.")]
    public string Address { get; set; } = "";

    [Required]
    [Length(1, 4096)]
    [Description("Instant query. {namespace}, {statefulset}, {service}, and {pod}, {ordinal}, {address} are replaced; with one of the last three it is asked for each pod of scope.")]
    public string Query { get; set; } = "";

    [Length(1, 32)]
    [Description("Greatest value that passes, for every series; a text, because a float does not survive every tool.")]
    public string? Max { get; set; }

    [Length(1, 32)]
    [Description("Least value that passes.")]
    public string? Min { get; set; }

    [RangeMinimum(1)]
    [RangeMaximum(1000)]
    [Default("1")]
    [Description("Fewest series that the result must have. No result never passes.")]
    public int? MinSeries { get; set; }

    [Duration]
    [Default("\"5m\"")]
    [Description("Oldest sample that counts; twice the scrape interval is good. The server's clock must not differ by more.")]
    public string? MaxAge { get; set; }

    [EmbeddedEnum("Pod", "OtherPods", "AllPods")]
    [Default("\"Pod\"")]
    [Description("For which pods to ask, where the query names one.")]
    public string? Scope { get; set; }

    [EmbeddedEnum("All", "Majority", "Any")]
    [Default("\"All\"")]
    [Description("For how many of them the answer must pass.")]
    public string? Quorum { get; set; }

    public TlsSpec? Tls { get; set; }

    public HttpCredentialsSpec? Credentials { get; set; }

    [Duration]
    [Default("\"5s\"")]
    [Description("Longest time for one answer, at most 60s.")]
    public string? RequestTimeout { get; set; }
}

/// <summary>Asks grpc.health.v1.Health/Check of pods.</summary>
public sealed class GrpcGateSpec
{
    [EmbeddedEnum("Pod", "OtherPods", "AllPods")]
    [Default("\"Pod\"")]
    public string? Scope { get; set; }

    [EmbeddedEnum("All", "Majority", "Any")]
    [Default("\"All\"")]
    public string? Quorum { get; set; }

    [EmbeddedEnum("http", "https")]
    [Default("\"http\"")]
    [Description("http is HTTP/2 without TLS.")]
    public string? Scheme { get; set; }

    [Required]
    [RangeMinimum(1)]
    [RangeMaximum(65535)]
    public int Port { get; set; }

    [Length(1, 253)]
    [Description("Service that is asked about. Absent: the server as a whole.")]
    public string? Service { get; set; }

    [Length(1, 512)]
    [Description("Host of one pod, as {pod}.{service}.{namespace}.svc; the words in braces are replaced. Absent: the pod's address.")]
    public string? HostTemplate { get; set; }

    public TlsSpec? Tls { get; set; }

    public HttpCredentialsSpec? Credentials { get; set; }

    [Duration]
    [Default("\"5s\"")]
    [Description("Longest time for one answer, at most 60s.")]
    public string? RequestTimeout { get; set; }
}

/// <summary>Runs a command in pods: 0 is yes, 1 is no. Needs the Role of config/components/exec.</summary>
public sealed class ExecGateSpec
{
    [EmbeddedEnum("Pod", "OtherPods", "AllPods")]
    [Default("\"Pod\"")]
    public string? Scope { get; set; }

    [EmbeddedEnum("All", "Majority", "Any")]
    [Default("\"All\"")]
    public string? Quorum { get; set; }

    [Length(1, 63)]
    [Description("Container. Absent: the pod's default or only one.")]
    public string? Container { get; set; }

    [Required]
    [Items(1, 32)]
    [ListType(ListKind.Atomic)]
    [Length(0, 1024, OnItems = true)]
    [Description("The words, the program first; no shell reads them. {pod}, {ordinal}, {address}, {namespace}, {statefulset} and {service} are replaced.")]
    public IReadOnlyList<string> Command { get; set; } = [];

    [Duration]
    [Default("\"5s\"")]
    [Description("Longest time for one command, at most 60s.")]
    public string? RequestTimeout { get; set; }
}
