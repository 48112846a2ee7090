using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Admission;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Finds the handler of a request. Paths are case-sensitive, as Kubernetes' are.</summary>
internal sealed class RequestDispatcher
{
    private readonly TimeProvider _timeProvider;
    private readonly TypeRegistry _types;
    private readonly ObjectWriter _writer;
    private readonly Reader _reader;
    private readonly Writes _writes;
    private readonly Scales _scales;
    private readonly Bindings _bindings;
    private readonly Evictions _evictions;
    private readonly Discovery _discovery;
    private readonly PodLogs _logs;
    private readonly PodExecs _execs;
    private readonly RevisionedStore _store;
    private readonly Reviews _reviews;

    public RequestDispatcher(
        TimeProvider timeProvider, ApiServerOptions options, RevisionedStore store, TypeRegistry types, LogSources logs, ExecSources execs, RbacAuthorizer authorizer, TokenAuthenticator tokens)
    {
        _timeProvider = timeProvider;
        _types = types;
        _store = store;
        var identity = new ObjectIdentity(options.Seed);
        _writer = new ObjectWriter(store, identity, types.FindAnyVersion);
        var deleter = new Deleter(store, _writer);
        var customResources = new CustomResources(store, types, timeProvider);
        var policies = new PolicyAdmission(store, types);
        _writer.Observer = (type, key, isGone) =>
        {
            if (type.Strategy is RbacStrategy)
            {
                authorizer.Forget();
            }
            else if (PolicyAdmission.IsPolicy(type))
            {
                policies.Forget();
            }
            else if (type.Strategy is CrdStrategy)
            {
                customResources.Refresh(key.Name);
                customResources.CleanUp(key.Name, _writer, deleter);
            }
            else if (isGone && type.Strategy is CustomResourceStrategy)
            {
                customResources.CleanUp($"{type.Plural}.{type.Group}", _writer, deleter);
            }
        };
        var escalation = new EscalationCheck(authorizer);
        _writer.Admission = (type, document, old, context) =>
        {
            Admit(authorizer, escalation, type, document, old, context);
            if (context.Subresource is "" or "status" or "finalize")
            {
                policies.Check(new AdmissionAttributes(old is null ? "CREATE" : "UPDATE", type, document, old, context));
            }
            else if (context.Subresource == "scale" && old is not null)
            {
                policies.Check(new AdmissionAttributes("UPDATE", type, Scales.ToScale(type, document), Scales.ToScale(type, old), context));
            }
        };
        _reviews = new Reviews(timeProvider, store, types, authorizer, tokens);
        _reader = new Reader(timeProvider, options, store);
        _writes = new Writes(timeProvider, store, _writer, deleter, _reader, policies);
        _scales = new Scales(store, _writer, _writes);
        _bindings = new Bindings(_writer, _writes);
        _evictions = new Evictions(timeProvider, store, _writer, deleter, types);
        _discovery = new Discovery(types, new OpenApiV2(customResources.SchemaOf, options.GitVersion), new OpenApiV3(customResources.SchemaOf, options.GitVersion), options);
        ResourceType nodes = types.Find("", "v1", "nodes")!;
        _logs = new PodLogs(timeProvider, store, nodes, logs);
        _execs = new PodExecs(store, nodes, authorizer, execs);
    }

    /// <summary>Creates the namespaces, roles and bindings of every cluster.</summary>
    public void CreateSystemObjects()
    {
        ResourceType namespaces = _types.Find("", "v1", "namespaces")!;
        foreach (string name in (ReadOnlySpan<string>)["default", "kube-node-lease", "kube-public", "kube-system"])
        {
            var document = new JsonObject { ["kind"] = "Namespace", ["apiVersion"] = "v1", ["metadata"] = new JsonObject { ["name"] = name } };
            _writer.Create(namespaces, "", document, new WriteContext("kube-apiserver", _timeProvider.GetUtcNow()) { ApiVersion = "v1" });
        }

        foreach ((string plural, JsonObject document) in BootstrapRoles.Documents())
        {
            ResourceType type = _types.FindAnyVersion("rbac.authorization.k8s.io", plural)!;
            _writer.Create(type, "", document, new WriteContext("kube-apiserver", _timeProvider.GetUtcNow()) { ApiVersion = type.ApiVersion });
        }
    }

    /// <summary>What must be known of the object to be decided: who makes one by a patch, and who gives rights away.</summary>
    private static void Admit(RbacAuthorizer authorizer, EscalationCheck escalation, ResourceType type, JsonObject document, JsonObject? old, WriteContext context)
    {
        if (context.User.IsMaster)
        {
            return;
        }

        if (old is null && context.Verb != "create")
        {
            var wanted = new RequestAttributes("create")
            {
                Group = type.Group,
                Resource = type.Plural,
                Namespace = document.Metadata().Text("namespace") ?? "",
                Name = document.Metadata().Text("name") ?? "",
            };
            if (authorizer.Allows(context.User, wanted) is null)
            {
                throw AccessControl.Forbidden(context.User, wanted);
            }
        }

        if (type.Strategy is RbacStrategy)
        {
            escalation.Check(type, document, old, context.User);
        }
    }

    /// <summary>Answers everything that is not a stream.</summary>
    public ApiAnswer Answer(ApiRequest request)
    {
        if (request.Target is not { } target || !_types.All.Any(t => t.Group == target.Group))
        {
            return _discovery.Answer(request) ?? Discovery.NotFound(request, _types);
        }

        Representations.CheckAccept(request, target.Name.Length == 0 && request.Call.Method == "GET");
        if (request.IsWatchPath && request.Call.Method is not ("GET" or "HEAD"))
        {
            // Before anything is written: the collection that such a path names is not the path's to change.
            _ = Resolve(target);
            throw Refuse.MethodNotAllowed();
        }

        if (_reviews.Answer(request) is { } review)
        {
            return review;
        }

        if (target is { Group: "", Version: "v1", Resource: "bindings", Name: "", Namespace.Length: > 0 })
        {
            return request.Call.Method == "POST" ? _bindings.Create(_types.Find("", "v1", "pods")!, target, request) : throw Refuse.MethodNotAllowed();
        }

        ResourceType type = Resolve(target);
        if (type.Verbs == ResourceVerbs.CreateOnly)
        {
            throw target.Name.Length > 0 ? Refuse.NoSuchResource() : Refuse.MethodNotAllowed();
        }

        CheckNames(target);
        if (target.Subresource.Length > 0)
        {
            return AnswerSubresource(type, target, request);
        }

        return (request.Call.Method, target.Name.Length > 0) switch
        {
            ("GET", true) => _reader.Get(type, target, request),
            ("GET", false) => _reader.List(type, target, request),
            ("POST", false) => _writes.Create(type, target, request),
            ("PUT", true) => _writes.Replace(type, target, request),
            ("PATCH", true) => _writes.Patch(type, target, request),
            ("DELETE", true) => _writes.Delete(type, target, request),
            ("DELETE", false) => _writes.DeleteCollection(type, target, request),
            _ => throw Refuse.MethodNotAllowed(),
        };
    }

    private static void CheckNames(RequestTarget target)
    {
        if (Names.PathSegmentProblem(target.Namespace) is { } problem)
        {
            throw Refuse.BadRequest($"Namespace parameter invalid: {JsonText.WriteString(target.Namespace)}: {problem}");
        }

        if (Names.PathSegmentProblem(target.Name) is { } nameProblem)
        {
            throw Refuse.BadRequest($"Name parameter invalid: {JsonText.WriteString(target.Name)}: {nameProblem}");
        }
    }

    private ApiAnswer AnswerSubresource(ResourceType type, RequestTarget target, ApiRequest request)
    {
        string method = request.Call.Method;
        bool isPod = type is { Group: "", Plural: "pods" };
        switch (target.Subresource)
        {
            case "status" when type.HasStatus:
                return method switch
                {
                    "GET" => _reader.Get(type, target, request),
                    "PUT" => _writes.Replace(type, target, request),
                    "PATCH" => _writes.Patch(type, target, request),
                    _ => throw Refuse.MethodNotAllowed(),
                };
            case "scale" when type.Scale is not null:
                return method switch
                {
                    "GET" => _scales.Get(type, target),
                    "PUT" or "PATCH" => _scales.Write(type, target, request),
                    _ => throw Refuse.MethodNotAllowed(),
                };
            case "binding" when isPod:
                return method == "POST" ? _bindings.Create(type, target, request) : throw Refuse.MethodNotAllowed();
            case "eviction" when isPod:
                return method == "POST" ? _evictions.Create(type, target, request) : throw Refuse.MethodNotAllowed();
            case "exec" when isPod && method is "GET" or "POST":
                return _execs.Open(type, target, request).Refused ?? throw Refuse.BadRequest("Upgrade request required");
            case "attach" or "portforward" when isPod && method is "GET" or "POST":
                _ = _reader.Get(type, target, request);
                KubeletAddress.Check(_store, _types.Find("", "v1", "nodes")!, _store.Find(new StoreKey(type.StorageName, target.Namespace, target.Name))!.Parse());
                throw Refuse.NotServed(target.Subresource);
            case "log" or "exec" or "attach" or "portforward" when isPod:
                throw Refuse.MethodNotAllowed();
            case "proxy" when isPod || type is { Group: "", Plural: "services" }:
                _ = _reader.Get(type, target, request);
                throw new ApiRefusalException(503, "ServiceUnavailable", $"no endpoints available for {type.Singular} \"{target.Name}\"");
            case "token" when type is { Group: "", Plural: "serviceaccounts" } && method != "POST":
                throw Refuse.MethodNotAllowed();
            case "finalize" when type.Strategy is NamespaceStrategy:
                return method == "PUT" ? _writes.Finalize(type, target, request) : throw Refuse.MethodNotAllowed();
            default:
                throw Refuse.NoSuchResource();
        }
    }

    public IApiFeed OpenWatch(ApiRequest request)
    {
        RequestTarget target = request.Target ?? throw Refuse.NoSuchResource();
        Representations.CheckAccept(request, isCollection: true);
        ResourceType type = Resolve(target);
        CheckNames(target);
        return _reader.Watch(type, target, request);
    }

    /// <summary>Opens a log as a stream; null when there is nothing to read.</summary>
    public Task<IApiFeed?> OpenLogAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        RequestTarget target = request.Target!;
        return _logs.OpenAsync(ResolveLog(target), target, request, cancellationToken);
    }

    /// <summary>Answers with a whole log.</summary>
    public Task<ApiAnswer> ReadLogAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        RequestTarget target = request.Target!;
        return _logs.ReadAsync(ResolveLog(target), target, request, cancellationToken);
    }

    /// <summary>Finds who runs a command in a container.</summary>
    public ExecOpening OpenExec(ApiRequest request)
    {
        RequestTarget target = request.Target!;
        CheckNames(target);
        return _execs.Open(ResolveLog(target), target, request);
    }

    private ResourceType ResolveLog(RequestTarget target) =>
        Resolve(target) is { Plural: "pods", Group: "" } pods ? pods : throw Refuse.NoSuchResource();

    private ResourceType Resolve(RequestTarget target)
    {
        ResourceType type = _types.Find(target.Group, target.Version, target.Resource) ?? throw Refuse.NoSuchResource();
        bool fits = type.Namespaced || target.Namespace.Length == 0;
        bool names = type.Namespaced && target.Name.Length > 0 && target.Namespace.Length == 0;
        bool isHole = target.Name.Length == 0 && target.Subresource.Length > 0;
        return fits && !names && !isHole ? type : throw Refuse.NoSuchResource();
    }
}
