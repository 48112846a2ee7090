namespace Ordinal.Core.Reasons;

/// <content>What the generic gates (Http, Prometheus, Grpc, Exec) may say.</content>
public static partial class ReasonCodes
{
    // ---- any of them ----
    public static ReasonCode ProbeUnreachable { get; } = Add("ProbeUnreachable", ReasonArea.Gate, false, "What the gate asks gave no answer in time: refused, no route, no such name, or silence.", "Look at the pod or server that the message names, at the gate's address and port, and at the network policies between the operator and it.");

    public static ReasonCode ProbeTlsFailed { get; } = Add("ProbeTlsFailed", ReasonArea.Gate, true, "The TLS handshake with what the gate asks failed.", "Check the gate's scheme, port, certificate authority, server name and client certificate against the server's own; renew a certificate that has expired.");

    public static ReasonCode ProbeAccessDenied { get; } = Add("ProbeAccessDenied", ReasonArea.Gate, true, "What the gate asks refused its credentials, or wants some.", "Put valid credentials into the Secret that the gate names, and give its user the right to read what the gate asks for.");

    public static ReasonCode ProbeWrongProtocol { get; } = Add("ProbeWrongProtocol", ReasonArea.Gate, true, "What answers at the gate's address speaks another protocol.", "Check the gate's scheme, port and path.");

    public static ReasonCode ProbePodAbsent { get; } = Add("ProbePodAbsent", ReasonArea.Gate, false, "A pod that the gate asks does not exist now, or has no address yet.", "Wait until the pod is there; if it does not come, look at the StatefulSet's events.");

    public static ReasonCode ProbeNobodyToAsk { get; } = Add("ProbeNobodyToAsk", ReasonArea.Gate, true, "The gate's scope leaves no pod to ask.", "Choose another scope: OtherPods needs a StatefulSet of at least two pods.");

    // ---- HTTP ----
    public static ReasonCode HttpStatusRefused { get; } = Add("HttpStatusRefused", ReasonArea.Gate, false, "The HTTP status says no: 503, or a success that is not among the gate's statuses.", "Wait, or look at the pod that the message names.");

    public static ReasonCode HttpServerError { get; } = Add("HttpServerError", ReasonArea.Gate, false, "The server failed to answer (408, 429, or 5xx other than 503), so its state is unknown.", "Look at the log of the pod or server that the message names.");

    public static ReasonCode HttpRequestWrong { get; } = Add("HttpRequestWrong", ReasonArea.Gate, true, "The server does not serve what the gate asks for: 404, or another 4xx.", "Check the gate's port, path and headers.");

    public static ReasonCode HttpRedirected { get; } = Add("HttpRedirected", ReasonArea.Gate, true, "The server points to another host, or in a circle; the gate goes to no other host, since its credentials would go with it.", "Let the gate ask the address that the message names.");

    public static ReasonCode HttpBodyMismatch { get; } = Add("HttpBodyMismatch", ReasonArea.Gate, false, "The body does not say what the gate's condition wants.", "Wait, or look at what the message shows of the body.");

    public static ReasonCode HttpBodyUnreadable { get; } = Add("HttpBodyUnreadable", ReasonArea.Gate, false, "The body has nothing that the gate's condition could be held against: it is no JSON, or the path finds nothing.", "Check the condition's jsonPath against a real answer; a server that is starting may answer otherwise than later.");

    public static ReasonCode HttpBodyTooLarge { get; } = Add("HttpBodyTooLarge", ReasonArea.Gate, true, "The body is longer than a gate reads.", "Let the gate ask for something smaller, or leave the condition out.");

    // ---- Prometheus ----
    public static ReasonCode PrometheusNoData { get; } = Add("PrometheusNoData", ReasonArea.Gate, false, "The query has no result, or fewer series than minSeries: no data is never good news.", "Check that the metric exists and that its target is up; a sum over series that are missing is empty too.");

    public static ReasonCode PrometheusNotANumber { get; } = Add("PrometheusNotANumber", ReasonArea.Gate, false, "The query's result is NaN or infinite, which no limit can be held against.", "Avoid division by zero in the query, or wait until there is traffic to measure.");

    public static ReasonCode PrometheusStale { get; } = Add("PrometheusStale", ReasonArea.Gate, false, "The result is older than maxAge, or from a clock that differs by more than that.", "Look at the server's clock and at any cache before it.");

    public static ReasonCode PrometheusPartial { get; } = Add("PrometheusPartial", ReasonArea.Gate, false, "The server warns that the result may be incomplete.", "Look at the warning that the message shows; a store behind the server may be down.");

    public static ReasonCode PrometheusUnavailable { get; } = Add("PrometheusUnavailable", ReasonArea.Gate, false, "The server could not evaluate the query just now.", "Look at the Prometheus server: it may be starting, overloaded, or the query may be too dear.");

    public static ReasonCode PrometheusQueryInvalid { get; } = Add("PrometheusQueryInvalid", ReasonArea.Gate, true, "The server cannot read the query, or its result is not an instant vector or scalar.", "Try the query in the server's own console and correct it in the policy.");

    public static ReasonCode PrometheusOutOfRange { get; } = Add("PrometheusOutOfRange", ReasonArea.Gate, false, "A series lies outside of the gate's min and max.", "Wait until it is back within, or look at what it measures.");

    // ---- gRPC health ----
    public static ReasonCode GrpcNotServing { get; } = Add("GrpcNotServing", ReasonArea.Gate, false, "The health service says NOT_SERVING.", "Wait, or look at the pod that the message names.");

    public static ReasonCode GrpcUnavailable { get; } = Add("GrpcUnavailable", ReasonArea.Gate, false, "The health service gave no verdict: UNKNOWN, or an error that may pass.", "Look at the log of the pod that the message names.");

    public static ReasonCode GrpcServiceUnknown { get; } = Add("GrpcServiceUnknown", ReasonArea.Gate, true, "The server has no grpc.health.v1 service, or its health service does not know the gate's service.", "Check the gate's port and service name; an empty service asks for the server as a whole.");

    // ---- exec ----
    public static ReasonCode ExecDenied { get; } = Add("ExecDenied", ReasonArea.Gate, false, "The command in the pod says no: it ended with 1.", "Wait, or run the command by hand (kubectl exec) and look at what it says.");

    public static ReasonCode ExecInconclusive { get; } = Add("ExecInconclusive", ReasonArea.Gate, false, "The command in the pod ended with neither 0 nor 1, was killed, or its connection broke, so nothing is known.", "Run the command by hand (kubectl exec); it must end with 0 for yes and 1 for no, within the gate's requestTimeout.");

    public static ReasonCode ExecCommandMissing { get; } = Add("ExecCommandMissing", ReasonArea.Gate, true, "The container has no such command, may not run it, or the pod has no such container.", "Check the gate's container and command against the pod's image.");

    public static ReasonCode ExecNotAllowed { get; } = Add("ExecNotAllowed", ReasonArea.Gate, true, "The operator may not run commands in pods of this namespace.", "Bind the Role of config/components/exec in the policy's namespace, or use another type of gate.");
}
