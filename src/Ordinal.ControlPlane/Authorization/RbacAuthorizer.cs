using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Authorization;

/// <summary>
/// Decides by Roles, ClusterRoles and their bindings. What they say is read once and again after each change of one of them; members
/// of <c>system:masters</c> may do everything without a look.
/// </summary>
internal sealed class RbacAuthorizer(RevisionedStore store, TypeRegistry types)
{
    private const string Group = "rbac.authorization.k8s.io";

    private int _changes;
    private volatile Known _known = new(-1, []);

    /// <summary>Tells that a role or a binding has changed.</summary>
    public void Forget() => Interlocked.Increment(ref _changes);

    /// <summary>Decides about a request.</summary>
    /// <returns>Why it is allowed, which may be empty; null when it is not.</returns>
    public string? Allows(UserInfo user, RequestAttributes request)
    {
        if (user.IsMaster)
        {
            return "";
        }

        foreach (Grant grant in Grants())
        {
            if (grant.Reaches(request.Namespace) && grant.SubjectOf(user) is { } subject && grant.Rules.Any(r => r.Allows(request)))
            {
                return $"RBAC: allowed by {grant.Description} to {subject}";
            }
        }

        return null;
    }

    /// <summary>Gets all rules that a user has in a namespace; with an empty one those for the whole cluster.</summary>
    public IEnumerable<PolicyRule> RulesOf(UserInfo user, string @namespace) =>
        Grants().Where(g => g.Reaches(@namespace) && g.SubjectOf(user) is not null).SelectMany(g => g.Rules);

    /// <summary>Gets the rules of a role; null when there is no such role.</summary>
    public IReadOnlyList<PolicyRule>? RulesOfRole(string kind, string @namespace, string name) =>
        Find(kind == "ClusterRole" ? "clusterroles" : "roles", kind == "ClusterRole" ? "" : @namespace, name) is { } role ? PolicyRule.ReadAll(role) : null;

    private IReadOnlyList<Grant> Grants()
    {
        // The count comes first: a change while we read makes what we read old, and the next caller reads again.
        int changes = Volatile.Read(ref _changes);
        Known known = _known;
        if (known.Changes != changes)
        {
            known = new Known(changes, [.. Bindings("clusterrolebindings"), .. Bindings("rolebindings")]);
            _known = known;
        }

        return known.Grants;
    }

    private IEnumerable<Grant> Bindings(string plural)
    {
        ResourceType type = types.FindAnyVersion(Group, plural)!;
        foreach (StoredObject stored in store.Snapshot(type.StorageName, "").Objects())
        {
            JsonObject binding = stored.Parse();
            JsonObject? role = binding.Child("roleRef");
            if (RulesOfRole(role.Text("kind") ?? "", stored.Key.Namespace, role.Text("name") ?? "") is { } rules)
            {
                yield return new Grant(stored.Key, role, binding.List("subjects") ?? [], rules);
            }
        }
    }

    private JsonObject? Find(string plural, string @namespace, string name)
    {
        ResourceType type = types.FindAnyVersion(Group, plural)!;
        return store.Find(new StoreKey(type.StorageName, @namespace, name))?.Parse();
    }

    /// <summary>What was read after so many changes.</summary>
    private sealed record Known(int Changes, IReadOnlyList<Grant> Grants);

    /// <summary>One binding with the rules of its role.</summary>
    private sealed class Grant(StoreKey key, JsonObject? role, JsonArray subjects, IReadOnlyList<PolicyRule> rules)
    {
        public IReadOnlyList<PolicyRule> Rules => rules;

        public string Description => key.Namespace.Length == 0
            ? $"ClusterRoleBinding \"{key.Name}\" of {role.Text("kind")} \"{role.Text("name")}\""
            : $"RoleBinding \"{key.Name}/{key.Namespace}\" of {role.Text("kind")} \"{role.Text("name")}\"";

        public bool Reaches(string @namespace) => key.Namespace.Length == 0 || key.Namespace == @namespace;

        /// <summary>Finds the subject that a user is or is in, and describes it.</summary>
        public string? SubjectOf(UserInfo user)
        {
            foreach (JsonObject subject in subjects.OfType<JsonObject>())
            {
                string name = subject.Text("name") ?? "";
                string @namespace = subject.Text("namespace") ?? key.Namespace;
                switch (subject.Text("kind"))
                {
                    case "User" when user.Name == name:
                    case "Group" when user.Groups.Contains(name):
                        return $"{subject.Text("kind")} \"{name}\"";
                    case "ServiceAccount" when user.Name == $"{UserInfo.ServiceAccountPrefix}{@namespace}:{name}":
                        return $"ServiceAccount \"{name}/{@namespace}\"";
                }
            }

            return null;
        }
    }
}
