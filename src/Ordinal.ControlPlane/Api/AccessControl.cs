using Ordinal.ControlPlane.Authorization;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Decides who a caller is and whether it may do what it asks for, before anything else looks at the request.</summary>
internal sealed class AccessControl(RbacAuthorizer authorizer)
{
    /// <summary>Gets the request as the user that it is carried out for.</summary>
    /// <exception cref="ApiRefusalException">The user may not do this (403), or asks for a user without a name (400).</exception>
    public ApiRequest Check(ApiRequest request)
    {
        ApiRequest asUser = request.Call.Impersonation is { } wanted ? Impersonate(request, wanted) : request;
        UserInfo user = asUser.Call.User;
        if (user.IsMaster)
        {
            return asUser;
        }

        var attributes = RequestAttributes.Of(asUser);
        return authorizer.Allows(user, attributes) is null ? throw Forbidden(user, attributes) : asUser;
    }

    /// <summary>Builds the refusal in the words of a real API server.</summary>
    public static ApiRefusalException Forbidden(UserInfo user, RequestAttributes wanted)
    {
        if (wanted.Path is { } path)
        {
            return new ApiRefusalException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {wanted.Verb} path \"{path}\"") { EmptyDetails = true };
        }

        string resource = wanted.Group.Length == 0 ? wanted.Resource : $"{wanted.Resource}.{wanted.Group}";
        string subject = wanted.Name.Length == 0 ? resource : $"{resource} \"{wanted.Name}\"";
        string where = wanted.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{wanted.Namespace}\"";
        return new ApiRefusalException(
            403, "Forbidden", $"{subject} is forbidden: User \"{user.Name}\" cannot {wanted.Verb} resource \"{wanted.FullResource}\" in API group \"{wanted.Group}\" {where}")
        {
            Name = wanted.Name,
            Group = wanted.Group,
            Kind = wanted.Resource,
        };
    }

    private ApiRequest Impersonate(ApiRequest request, Impersonation wanted)
    {
        UserInfo caller = request.Call.User;
        if (wanted.User.Length == 0)
        {
            string asked = wanted.Groups.Count == 0 ? "[]string(nil)" : $"[]string{{{string.Join(", ", wanted.Groups.Select(g => JsonText.WriteString(g)))}}}";
            throw Refuse.BadRequest(
                $"requested &user.DefaultInfo{{Name:\"\", UID:{JsonText.WriteString(wanted.Uid)}, Groups:{asked}, Extra:map[string][]string(nil)}} without impersonating a user name");
        }

        bool isAccount = wanted.User.StartsWith(UserInfo.ServiceAccountPrefix, StringComparison.Ordinal);
        string[] account = isAccount ? wanted.User[UserInfo.ServiceAccountPrefix.Length..].Split(':', 2) : [];
        bool isAllowed = account.Length == 2
            ? May("serviceaccounts", account[0], account[1])
            : May("users", "", wanted.User);
        if (!isAllowed || !wanted.Groups.All(g => May("groups", "", g)) || !(wanted.Uid.Length == 0 || May("uids", "", wanted.Uid)))
        {
            var attributes = RequestAttributes.Of(request);
            string mode = account.Length == 2 ? "serviceaccount" : "user-info";
            throw Forbidden(caller, attributes with { Verb = $"impersonate-on:{mode}:{attributes.Verb}" });
        }

        string[] groups = wanted.Groups.Count > 0 || account.Length != 2 ? [.. wanted.Groups] : ["system:serviceaccounts", $"system:serviceaccounts:{account[0]}"];
        if (wanted.User != UserInfo.Anonymous.Name && !groups.Contains(UserInfo.Authenticated))
        {
            groups = [.. groups, UserInfo.Authenticated];
        }

        var user = new UserInfo(wanted.User, groups) { Uid = wanted.Uid };
        return request with { Call = request.Call with { User = user, Impersonation = null } };

        bool May(string resource, string @namespace, string name) => authorizer.Allows(
            caller, new RequestAttributes("impersonate") { Resource = resource, Namespace = @namespace, Name = name, Group = resource == "uids" ? "authentication.k8s.io" : "" }) is not null;
    }
}
