using System.Text;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Nodes.Processes;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The API server: answers calls on the objects of one store. Both doors end here. It owns no thread and no socket, takes its
/// time from the provider and its uids from a seed, so a simulation can repeat it; calls may come from many threads at once.
/// </summary>
public sealed class ApiServer
{
    private const string EndpointsWarning = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

    private readonly ApiServerOptions _options;
    private readonly RequestDispatcher _dispatcher;
    private readonly AccessControl _access;
    private readonly StoreUpkeep _upkeep;
    private volatile Func<string>? _more;

    /// <summary>Creates a server with an empty store and the namespaces that every cluster has.</summary>
    public ApiServer(TimeProvider timeProvider, ApiServerOptions options)
    {
        _options = options;
        Store = new RevisionedStore(options.Store);
        _upkeep = new StoreUpkeep(Store, options.EventLife, timeProvider);
        Types = new TypeRegistry(timeProvider, options.KeepsMaxUnavailable);
        Logs = new LogSources();
        Execs = new ExecSources();
        Requests = new RequestCounts();
        Tokens = new TokenAuthenticator(timeProvider);
        var authorizer = new RbacAuthorizer(Store, Types);
        _access = new AccessControl(authorizer);
        _dispatcher = new RequestDispatcher(timeProvider, options, Store, Types, Logs, Execs, authorizer, Tokens);
        _dispatcher.CreateSystemObjects();
    }

    /// <summary>Gets the store, for faults (compaction) and for tests.</summary>
    public RevisionedStore Store { get; }

    /// <summary>Gets the resources that are served.</summary>
    public TypeRegistry Types { get; }

    /// <summary>Gets where kubelets register the logs of their pods.</summary>
    public LogSources Logs { get; }

    /// <summary>Gets where kubelets register that run commands in their pods.</summary>
    public ExecSources Execs { get; }

    /// <summary>Gets who holds which bearer token; a host asks it.</summary>
    public TokenAuthenticator Tokens { get; }

    /// <summary>Gets the counts of answered requests.</summary>
    public RequestCounts Requests { get; }

    /// <summary>Whether a call opens a stream: a watch, or a followed log.</summary>
    public static bool IsStream(ApiCall apiCall)
    {
        if (apiCall.Method != "GET")
        {
            return false;
        }

        ApiRequest request = ApiRequest.Parse(apiCall);
        return IsWatch(request) || (request.Target?.Subresource == "log" && request.Flag("follow"));
    }

    /// <summary>Answers one call. A refusal is an answer too.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">An injected fault lost the connection.</exception>
    public async Task<ApiAnswer> HandleAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (await _options.Faults.BeforeAsync(apiCall, cancellationToken) is { } instead)
        {
            return instead;
        }

        if (!ApiRequest.IsDecodable(apiCall.Path))
        {
            return new ApiAnswer(400, "400 Bad Request"u8.ToArray()) { ContentType = "text/plain; charset=utf-8" };
        }

        ApiRequest request = ApiRequest.Parse(apiCall);
        ApiAnswer answer;
        try
        {
            if (apiCall.Body.Length > _options.MaxBodyBytes)
            {
                throw Refuse.TooLong(_options.MaxBodyBytes);
            }

            CheckTimeout(request);
            request = _access.Check(request);
            answer = request.Segments is ["metrics"] && apiCall.Method == "GET" ? Metrics() : request.Target?.Subresource == "log" && apiCall.Method == "GET"
                ? await _dispatcher.ReadLogAsync(request, cancellationToken)
                : _dispatcher.Answer(request);
        }
        catch (ApiRefusalException refusal)
        {
            answer = refusal.ToAnswer();
        }

        if (request.Target is { Group: "", Version: "v1", Resource: "endpoints" })
        {
            answer = answer with { Warnings = [EndpointsWarning, .. answer.Warnings] };
        }

        Requests.Add(request, apiCall.Method, answer.StatusCode);
        if (apiCall.Method == "HEAD")
        {
            answer = answer with { Body = default, Pieces = [] };
        }

        return await _options.Faults.AfterAsync(apiCall, answer, cancellationToken);
    }

    /// <summary>Opens a watch or a followed log.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">An injected fault lost the connection.</exception>
    public async Task<StreamOpening> OpenAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (await _options.Faults.BeforeAsync(apiCall, cancellationToken) is { } instead)
        {
            return new StreamOpening(instead, null);
        }

        ApiRequest request = ApiRequest.Parse(apiCall);
        try
        {
            request = _access.Check(request);
            if (request.Target?.Subresource == "log")
            {
                IApiFeed? log = await _dispatcher.OpenLogAsync(request, cancellationToken);
                return log is null ? new StreamOpening(new ApiAnswer(204, default), null) : new StreamOpening(null, log);
            }

            IApiFeed feed = IsWatch(request)
                ? new FaultyFeed(_dispatcher.OpenWatch(request), apiCall, _options.Faults)
                : throw Refuse.BadRequest("the request is not a watch and not a log");
            Requests.Add(request, "WATCH", 200);
            return new StreamOpening(null, feed);
        }
        catch (ApiRefusalException refusal)
        {
            Requests.Add(request, "WATCH", refusal.Code);
            return new StreamOpening(refusal.ToAnswer(), null);
        }
    }

    /// <summary>Whether a call asks for a command in a container: the host then turns the connection into one of streams.</summary>
    public static bool IsExec(ApiCall apiCall) =>
        apiCall.Path.EndsWith("/exec", StringComparison.Ordinal) && apiCall.Method is "GET" or "POST" && ApiRequest.IsDecodable(apiCall.Path)
        && ApiRequest.Parse(apiCall) is { IsWatchPath: false, Target: { Group: "", Resource: "pods", Subresource: "exec" } };

    /// <summary>Finds who runs a command in a container.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="HttpRequestException">An injected fault lost the connection.</exception>
    public async Task<ExecOpening> OpenExecAsync(ApiCall apiCall, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (await _options.Faults.BeforeAsync(apiCall, cancellationToken) is { } instead)
        {
            return new ExecOpening(instead, null, null);
        }

        ApiRequest request = ApiRequest.Parse(apiCall);
        ExecOpening opening;
        try
        {
            request = _access.Check(request);
            opening = _dispatcher.OpenExec(request);
        }
        catch (ApiRefusalException refusal)
        {
            opening = new ExecOpening(refusal.ToAnswer(), null, null);
        }

        Requests.Add(request, "CONNECT", opening.Refused?.StatusCode ?? 101);
        return opening;
    }

    /// <summary>Lets go what the store of a real one forgets as time passes, until the token is cancelled; that is a normal return. Without it events stay.</summary>
    public Task RunUpkeepAsync(CancellationToken cancellationToken) => _upkeep.RunAsync(cancellationToken);

    /// <summary>A time-out in the query is not kept to, since answers take no time; but it must be one.</summary>
    private static void CheckTimeout(ApiRequest request)
    {
        if (request.Text("timeout") is { } timeout && !GoDuration.TryParse(timeout, out _))
        {
            string why = timeout.All(char.IsAsciiDigit) ? "missing unit in duration" : "invalid duration";
            throw Refuse.BadRequest($"invalid timeout specified in the request URL - time: {why} {JsonText.WriteString(timeout)}");
        }
    }

    /// <summary>Adds to <c>/metrics</c> what else runs in this process: a real cluster's controllers have an address of their own for it.</summary>
    public void AddMetrics(Func<string> write) => _more = write;

    private ApiAnswer Metrics() => new(200, Encoding.UTF8.GetBytes(Requests.ToPrometheus(Store.Revision) + _more?.Invoke())) { ContentType = "text/plain; version=0.0.4" };

    // On one object's path a real API server does not look at the parameter.
    private static bool IsWatch(ApiRequest request) => request.Flag("watch") && request.Target?.Name is null or "";
}
