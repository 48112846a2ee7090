using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Admission;

/// <summary>
/// Asks the ValidatingAdmissionPolicies of the cluster about each write, as <c>admission/plugin/policy/validating</c> does. They are read once and again
/// after each change of one of them or of a binding; a real server is up to a second behind. Unlike a real one, it knows the policies in the order of
/// their names, and has no <c>authorizer</c> for expressions to ask.
/// </summary>
internal sealed class PolicyAdmission(RevisionedStore store, TypeRegistry types)
{
    private const string Group = "admissionregistration.k8s.io";
    private int _changes;
    private volatile Known _known = new(-1, []);

    /// <summary>Tells that a policy or a binding has changed.</summary>
    public void Forget() => Interlocked.Increment(ref _changes);

    /// <summary>Tells whether a resource is one whose objects are policies or bindings: those are never asked about.</summary>
    public static bool IsPolicy(ResourceType type) => type.Group == Group && type.Plural.Contains("admissionpolic", StringComparison.Ordinal);

    /// <summary>Asks about a write.</summary>
    /// <exception cref="ApiRefusalException">A policy denies it.</exception>
    public void Check(AdmissionAttributes attributes)
    {
        IReadOnlyList<(ValidatingPolicy Policy, IReadOnlyList<Binding> Bindings)> policies = Policies();
        if (policies.Count == 0 || IsPolicy(attributes.Type))
        {
            return;
        }

        JsonObject? space = attributes.IsNamespace ? attributes.Object ?? attributes.OldObject : attributes.Namespace.Length > 0 ? Find("", "namespaces", "", attributes.Namespace) : null;
        ApiRefusalException? first = null;
        foreach ((ValidatingPolicy policy, IReadOnlyList<Binding> bindings) in policies)
        {
            if (!policy.Match.Matches(attributes, space))
            {
                continue;
            }

            foreach (Binding binding in bindings.Where(binding => binding.Match.Matches(attributes, space)))
            {
                foreach (PolicyDenial denial in Ask(policy, binding, attributes, attributes.IsNamespace ? null : space))
                {
                    if (binding.Actions.Contains("Warn"))
                    {
                        attributes.Context.Warnings.Add($"Validation failed for ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}': {denial.Message}");
                    }

                    if (binding.Actions.Contains("Deny"))
                    {
                        first ??= Denied(attributes, $"ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}' denied request: {denial.Message}", denial.Reason);
                    }
                }
            }
        }

        if (first is not null)
        {
            throw first;
        }
    }

    private static ApiRefusalException Denied(AdmissionAttributes attributes, string message, string reason)
    {
        ApiRefusalException forbidden = Refuse.Forbidden(attributes.Type, attributes.Name, message);
        (int code, string shown) = reason switch
        {
            "Forbidden" => (403, reason),
            "RequestEntityTooLarge" => (413, reason),
            _ => (422, "Invalid"),
        };
        return new ApiRefusalException(code, shown, forbidden.Message) { Name = forbidden.Name, Group = forbidden.Group, Kind = forbidden.Kind, Causes = [new StatusCause("", message)] };
    }

    private IEnumerable<PolicyDenial> Ask(ValidatingPolicy policy, Binding binding, AdmissionAttributes attributes, JsonObject? space)
    {
        (IReadOnlyList<JsonObject?> parameters, string? problem) = Parameters(policy, binding, attributes);
        if (problem is not null)
        {
            return policy.IsFailing ? [new PolicyDenial($"failed to configure binding: {problem}", "")] : [];
        }

        return parameters.SelectMany(each => policy.Evaluate(attributes, space, each));
    }

    /// <summary>Finds the parameters of a binding (CollectParams): a list with null when the policy is to be evaluated without.</summary>
    private (IReadOnlyList<JsonObject?> Parameters, string? Problem) Parameters(ValidatingPolicy policy, Binding binding, AdmissionAttributes attributes)
    {
        if (policy.ParamKind is not { } kind || binding.ParamRef is not { } reference)
        {
            return ([null], null);
        }

        if (types.All.FirstOrDefault(type => type.ApiVersion == kind.ApiVersion && type.Kind == kind.Kind) is not { } known)
        {
            return ([], $"failed to find resource referenced by paramKind: '{GroupVersionKind(kind)}'");
        }

        string @namespace = "";
        if (known.Namespaced)
        {
            @namespace = reference.Text("namespace") is { Length: > 0 } named ? named : attributes.Namespace;
            if (@namespace.Length == 0)
            {
                return ([], "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
            }
        }
        else if (!string.IsNullOrEmpty(reference.Text("namespace")))
        {
            return ([], "paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
        }

        JsonObject?[] found = reference.Text("name") is { Length: > 0 } name
            ? [.. new[] { Find(known.Group, known.Plural, @namespace, name) }.OfType<JsonObject>()]
            : [.. Select(known, @namespace, reference.Child("selector"))];
        return found.Length == 0 && reference.Text("parameterNotFoundAction") == "Deny"
            ? ([], "no params found for policy binding with `Deny` parameterNotFoundAction")
            : (found, null);
    }

    private static string GroupVersionKind((string ApiVersion, string Kind) kind)
    {
        int slash = kind.ApiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? $"/{kind.ApiVersion}, Kind={kind.Kind}" : $"{kind.ApiVersion}, Kind={kind.Kind}";
    }

    private IEnumerable<JsonObject> Select(ResourceType type, string @namespace, JsonObject? selector)
    {
        LabelSelector wanted = LabelSelector.FromDocument(selector) ?? LabelSelector.Everything;
        return store.Snapshot(type.StorageName, @namespace).Objects().Where(stored => wanted.Matches(stored.Labels)).Select(stored => stored.Parse());
    }

    private JsonObject? Find(string group, string plural, string @namespace, string name) =>
        types.FindAnyVersion(group, plural) is { } type ? store.Find(new StoreKey(type.StorageName, @namespace, name))?.Parse() : null;

    private IReadOnlyList<(ValidatingPolicy Policy, IReadOnlyList<Binding> Bindings)> Policies()
    {
        // The count comes first: a change while we read makes what we read old, and the next caller reads again.
        int changes = Volatile.Read(ref _changes);
        Known known = _known;
        if (known.Changes != changes)
        {
            ILookup<string, Binding> bindings = Objects("validatingadmissionpolicybindings").Select(document => new Binding(document)).ToLookup(binding => binding.PolicyName);
            known = new Known(changes, [.. Objects("validatingadmissionpolicies")
                .Where(document => bindings.Contains(document.Metadata().Text("name") ?? ""))
                .Select(document => new ValidatingPolicy(document))
                .Select(policy => (policy, (IReadOnlyList<Binding>)[.. bindings[policy.Name]]))]);
            _known = known;
        }

        return known.Policies;
    }

    private IEnumerable<JsonObject> Objects(string plural) => store.Snapshot(types.FindAnyVersion(Group, plural)!.StorageName, "").Objects().Select(stored => stored.Parse());

    private sealed record Known(int Changes, IReadOnlyList<(ValidatingPolicy Policy, IReadOnlyList<Binding> Bindings)> Policies);

    /// <summary>A ValidatingAdmissionPolicyBinding.</summary>
    private sealed class Binding(JsonObject document)
    {
        public string Name { get; } = document.Child("metadata").Text("name") ?? "";

        public string PolicyName { get; } = document.Child("spec").Text("policyName") ?? "";

        public MatchResources Match { get; } = new(document.Child("spec").Child("matchResources"));

        public JsonObject? ParamRef { get; } = document.Child("spec").Child("paramRef");

        public IReadOnlyList<string> Actions { get; } = [.. (document.Child("spec").List("validationActions") ?? []).Select(action => action.AsText() ?? "")];
    }
}
