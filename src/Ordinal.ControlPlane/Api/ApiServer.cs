using System.Text;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// The API server: answers calls on the objects of one store. Both doors end here. It owns no thread and no socket, takes its
/// time from the provider and its uids from a seed, so a simulation can repeat it; calls may come from many threads at once.
/// </summary>
public sealed class ApiServer
{
    private readonly ApiServerOptions _options;
    private readonly RequestDispatcher _dispatcher;
    private readonly AccessControl _access;

    /// <summary>Creates a server with an empty store and the namespaces that every cluster has.</summary>
    public ApiServer(TimeProvider timeProvider, ApiServerOptions options)
    {
        _options = options;
        Store = new RevisionedStore(options.Store);
        Types = new TypeRegistry(timeProvider, options.KeepsMaxUnavailable);
        Logs = new LogSources();
        Requests = new RequestCounts();
        Tokens = new TokenAuthenticator(timeProvider);
        var authorizer = new RbacAuthorizer(Store, Types);
        _access = new AccessControl(authorizer);
        _dispatcher = new RequestDispatcher(timeProvider, options, Store, Types, Logs, authorizer, Tokens);
        _dispatcher.CreateSystemObjects();
    }

    /// <summary>Gets the store, for faults (compaction) and for tests.</summary>
    public RevisionedStore Store { get; }

    /// <summary>Gets the resources that are served.</summary>
    public TypeRegistry Types { get; }

    /// <summary>Gets where kubelets register the logs of their pods.</summary>
    public LogSources Logs { get; }

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

            request = _access.Check(request);
            answer = request.Segments is ["metrics"] && apiCall.Method == "GET" ? Metrics() : request.Target?.Subresource == "log" && apiCall.Method == "GET"
                ? await _dispatcher.ReadLogAsync(request, cancellationToken)
                : _dispatcher.Answer(request);
        }
        catch (ApiRefusalException refusal)
        {
            answer = refusal.ToAnswer();
        }

        Requests.Add(request, apiCall.Method, answer.StatusCode);
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

    private ApiAnswer Metrics() => new(200, Encoding.UTF8.GetBytes(Requests.ToPrometheus(Store.Revision))) { ContentType = "text/plain; version=0.0.4" };

    // On one object's path a real API server does not look at the parameter.
    private static bool IsWatch(ApiRequest request) => request.Flag("watch") && request.Target?.Name is null or "";
}
