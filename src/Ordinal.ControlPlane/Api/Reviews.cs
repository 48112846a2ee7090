using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Answers reviews: questions that are written as objects and not stored.</summary>
internal sealed class Reviews(TimeProvider timeProvider, RevisionedStore store, TypeRegistry types, RbacAuthorizer authorizer, TokenAuthenticator tokens)
{
    private const string Audience = "https://kubernetes.default.svc";
    private const long ShortestToken = 600;
    private const long DefaultToken = 3600;
    private const long LongestToken = 1L << 32;

    /// <summary>Answers a review, or null when the request is none.</summary>
    /// <exception cref="ApiRefusalException">The review asks for nothing, or for a token of an account that is not there.</exception>
    public ApiAnswer? Answer(ApiRequest request)
    {
        if (request is not { Call.Method: "POST", Target: { } target })
        {
            return null;
        }

        UserInfo user = request.Call.User;
        JsonObject? review = (target.Group, target.Resource, target.Name, target.Subresource) switch
        {
            ("authorization.k8s.io", "selfsubjectaccessreviews", "", "") => Access(Body(request, "authorization.k8s.io/v1", "SelfSubjectAccessReview"), user, ""),
            ("authorization.k8s.io", "subjectaccessreviews", "", "") => OfSubject(Body(request, "authorization.k8s.io/v1", "SubjectAccessReview"), ""),
            ("authorization.k8s.io", "localsubjectaccessreviews", "", "") => OfSubject(Body(request, "authorization.k8s.io/v1", "LocalSubjectAccessReview"), target.Namespace),
            ("authorization.k8s.io", "selfsubjectrulesreviews", "", "") => Rules(Body(request, "authorization.k8s.io/v1", "SelfSubjectRulesReview"), user),
            ("authentication.k8s.io", "selfsubjectreviews", "", "") => Self(Body(request, "authentication.k8s.io/v1", "SelfSubjectReview"), user),
            ("authentication.k8s.io", "tokenreviews", "", "") => Token(Body(request, "authentication.k8s.io/v1", "TokenReview")),
            ("", "serviceaccounts", { Length: > 0 }, "token") => Issue(Body(request, "authentication.k8s.io/v1", "TokenRequest"), target),
            _ => null,
        };
        return review is null ? null : new ApiAnswer(201, JsonText.Write(review));
    }

    private static JsonObject Body(ApiRequest request, string apiVersion, string kind)
    {
        JsonObject body = Bodies.Parse(request);
        body["apiVersion"] = apiVersion;
        body["kind"] = kind;
        body.Ensure("metadata");
        return body;
    }

    private static JsonArray List(IEnumerable<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);

    private static JsonObject UserDocument(UserInfo user)
    {
        var document = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0)
        {
            document["uid"] = user.Uid;
        }

        document["groups"] = List(user.Groups);
        return document;
    }

    private JsonObject OfSubject(JsonObject review, string @namespace)
    {
        JsonObject? spec = review.Child("spec");
        if (@namespace.Length > 0 && spec.Child("resourceAttributes").Text("namespace") is { } other && other != @namespace)
        {
            throw Refuse.Invalid(
                "authorization.k8s.io", "", "",
                [new FieldError("FieldValueInvalid", "spec.resourceAttributes.namespace", $"Invalid value: {JsonText.WriteString(other)}: must match metadata.namespace")]);
        }

        string name = spec.Text("user") ?? "";
        string[] groups = [.. (spec.List("groups") ?? []).Select(g => g.AsText() ?? "")];
        if (name.Length == 0 && groups.Length == 0)
        {
            throw Refuse.Invalid("authorization.k8s.io", "", "", [new FieldError("FieldValueInvalid", "spec.user", "Invalid value: \"\": at least one of user or group must be specified")]);
        }

        return Access(review, new UserInfo(name, groups), @namespace);
    }

    private JsonObject Access(JsonObject review, UserInfo user, string @namespace)
    {
        JsonObject? resource = review.Child("spec").Child("resourceAttributes");
        JsonObject? path = review.Child("spec").Child("nonResourceAttributes");
        if (resource is null == path is null)
        {
            throw Refuse.Invalid(
                "authorization.k8s.io", "", "",
                [new FieldError("FieldValueInvalid", "spec.resourceAttributes", "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified")]);
        }

        var attributes = new RequestAttributes((resource ?? path).Text("verb") ?? "")
        {
            Path = path?.Text("path") ?? (path is null ? null : ""),
            Group = resource.Text("group") ?? "",
            Resource = resource.Text("resource") ?? "",
            Subresource = resource.Text("subresource") ?? "",
            Namespace = resource.Text("namespace") ?? @namespace,
            Name = resource.Text("name") ?? "",
        };
        string? reason = authorizer.Allows(user, attributes);
        var status = new JsonObject { ["allowed"] = reason is not null };
        if (!string.IsNullOrEmpty(reason))
        {
            status["reason"] = reason;
        }

        review["status"] = status;
        return review;
    }

    private JsonObject Rules(JsonObject review, UserInfo user)
    {
        string @namespace = review.Child("spec").Text("namespace") ?? "";
        if (@namespace.Length == 0)
        {
            throw Refuse.BadRequest("no namespace on request");
        }

        PolicyRule[] rules = [.. authorizer.RulesOf(user, @namespace)];
        review["spec"] = new JsonObject();
        review["status"] = new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules.Where(r => r.Resources.Count > 0).Select(r => (JsonNode)r.ToDocument())]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(r => r.NonResourceUrls.Count > 0).Select(r => (JsonNode)r.ToDocument())]),
            ["incomplete"] = false,
        };
        return review;
    }

    private JsonObject Self(JsonObject review, UserInfo user)
    {
        review.Metadata()["creationTimestamp"] = JsonNodes.Timestamp(timeProvider.GetUtcNow());
        review["status"] = new JsonObject { ["userInfo"] = UserDocument(user) };
        return review;
    }

    private JsonObject Token(JsonObject review)
    {
        string token = review.Child("spec").Text("token") is { Length: > 0 } given ? given : throw Refuse.BadRequest("token is required for TokenReview in authentication");
        review["status"] = tokens.Find(token) is { } user
            ? new JsonObject { ["authenticated"] = true, ["user"] = UserDocument(user), ["audiences"] = new JsonArray(Audience) }
            : new JsonObject { ["user"] = new JsonObject(), ["error"] = "invalid bearer token" };
        return review;
    }

    /// <summary>A token may be bound to what is there. Here it is checked, and the token outlives it.</summary>
    private void CheckBound(JsonObject? bound, RequestTarget target)
    {
        if (bound is null)
        {
            return;
        }

        string kind = bound.Text("kind") ?? "";
        string apiVersion = bound.Text("apiVersion") ?? "";
        ResourceType type = (apiVersion, kind) switch
        {
            ("v1", "Pod") => types.FindAnyVersion("", "pods")!,
            ("v1", "Secret") => types.FindAnyVersion("", "secrets")!,
            ("v1", "Node") => types.FindAnyVersion("", "nodes")!,
            _ => throw Refuse.BadRequest($"cannot bind token to object of type {(apiVersion.Contains('/') ? "" : "/")}{apiVersion}, Kind={kind}"),
        };
        string name = bound.Text("name") ?? "";
        StoredObject stored = store.Find(new StoreKey(type.StorageName, type.Namespaced ? target.Namespace : "", name)) ?? throw Refuse.NotFound(type, name);
        string uid = stored.Parse().Metadata().Text("uid") ?? "";
        if (bound.Text("uid") is { Length: > 0 } wanted && wanted != uid)
        {
            throw Refuse.Conflict(type, name, $"the UID in the bound object reference ({wanted}) does not match the UID in record. The object might have been deleted and then recreated");
        }
    }

    private JsonObject Issue(JsonObject review, RequestTarget target)
    {
        ResourceType accounts = types.FindAnyVersion("", "serviceaccounts")!;
        StoredObject account = store.Find(new StoreKey(accounts.StorageName, target.Namespace, target.Name)) ?? throw Refuse.NotFound(accounts, target.Name);
        JsonObject spec = review.Ensure("spec");
        long seconds = spec.Number("expirationSeconds") ?? DefaultToken;
        if (seconds < ShortestToken)
        {
            throw Refuse.Invalid(
                "authentication.k8s.io", "TokenRequest", "",
                [new FieldError("FieldValueInvalid", "spec.expirationSeconds", $"Invalid value: {seconds}: may not specify a duration less than 10 minutes")]);
        }

        if (seconds > LongestToken)
        {
            throw Refuse.Invalid(
                "authentication.k8s.io", "TokenRequest", "",
                [new FieldError("FieldValueInvalid", "spec.expirationSeconds", $"Invalid value: {seconds}: may not specify a duration larger than 2^32 seconds")]);
        }

        CheckBound(spec.Child("boundObjectRef"), target);
        string uid = account.Parse().Metadata().Text("uid") ?? "";
        (string token, DateTimeOffset until) = tokens.Issue(UserInfo.OfServiceAccount(target.Namespace, target.Name, uid), TimeSpan.FromSeconds(seconds));
        spec.Default("audiences", new JsonArray(Audience));
        spec["expirationSeconds"] = seconds;
        spec.TryAdd("boundObjectRef", null);
        review["metadata"] = new JsonObject
        {
            ["name"] = target.Name, ["namespace"] = target.Namespace, ["uid"] = uid, ["creationTimestamp"] = JsonNodes.Timestamp(timeProvider.GetUtcNow()),
        };
        review["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = JsonNodes.Timestamp(until) };
        return review;
    }
}
