using Ordinal.ControlPlane.Api.Resources;

namespace Ordinal.ControlPlane.Api;

/// <summary>The refusals of the API, one method each, with the wording of a real API server.</summary>
internal static class Refuse
{
    public static ApiRefusalException NotFound(ResourceType type, string name) =>
        new(404, "NotFound", $"{type.Qualified} \"{name}\" not found") { Name = name, Group = type.Group, Kind = type.Plural };

    public static ApiRefusalException NoSuchResource() =>
        new(404, "NotFound", "the server could not find the requested resource") { EmptyDetails = true };

    public static ApiRefusalException AlreadyExists(ResourceType type, string name) =>
        new(409, "AlreadyExists", $"{type.Qualified} \"{name}\" already exists") { Name = name, Group = type.Group, Kind = type.Plural };

    public static ApiRefusalException Modified(ResourceType type, string name) =>
        Conflict(type, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiRefusalException Conflict(ResourceType type, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {type.Qualified} \"{name}\": {why}")
        {
            Name = name, Group = type.Group, Kind = type.Plural,
        };

    /// <summary>A delete's failed precondition names the kind, not the plural.</summary>
    public static ApiRefusalException Precondition(ResourceType type, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {type.QualifiedKind} \"{name}\": {why}")
        {
            Name = name, Group = type.Group, Kind = type.Kind,
        };

    public static ApiRefusalException Invalid(ResourceType type, string name, IReadOnlyList<FieldError> errors) =>
        Invalid(type.Group, type.Kind, name, errors);

    public static ApiRefusalException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        string[] texts = [.. errors.Select(e => $"{e.Field}: {e.Message}")];
        string all = texts.Length == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        string qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        return new ApiRefusalException(422, "Invalid", $"{qualified} \"{name}\" is invalid: {all}")
        {
            Name = name,
            Group = group,
            Kind = kind,
            Causes = [.. errors.Select(e => new StatusCause(e.Reason, e.Message, e.Field))],
        };
    }

    public static ApiRefusalException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiRefusalException Forbidden(ResourceType type, string name, string why) =>
        new(403, "Forbidden", $"{type.Qualified} \"{name}\" is forbidden: {why}") { Name = name, Group = type.Group, Kind = type.Plural };

    public static ApiRefusalException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource") { EmptyDetails = true };

    public static ApiRefusalException UnsupportedMediaType(string accepted) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}");

    /// <summary>A body that is too long.</summary>
    public static ApiRefusalException TooLong(long limit) => new(413, "RequestEntityTooLarge", $"Request entity too large: limit is {limit}");

    public static ApiRefusalException Expired(string message) => new(410, "Expired", message);

    public static ApiRefusalException TooOld(long asked, long oldest) => Expired($"too old resource version: {asked} ({oldest})");

    public static ApiRefusalException TooLarge(long asked, long current) =>
        new(504, "Timeout", $"Timeout: Too large resource version: {asked}, current: {current}")
        {
            Causes = [new StatusCause("ResourceVersionTooLarge", "Too large resource version")],
            RetryAfterSeconds = 1,
        };

    /// <summary>The result of a patch that cannot be read: 422 without a name, whose only cause is the patch.</summary>
    public static ApiRefusalException BadPatch(string shown, string why)
    {
        string message = $"Invalid value: {Text.JsonText.WriteString(shown)}: {why}";
        return new ApiRefusalException(422, "Invalid", $" \"\" is invalid: patch: {message}") { Causes = [new StatusCause("FieldValueInvalid", message, "patch")] };
    }

    /// <summary>What a real API server answers where it forgot to say what kind of error it is: 500 without a reason.</summary>
    public static ApiRefusalException Plain(string message) => new(500, "", message);

    /// <summary>A PUT of a kind that does not take one without a version; names the resource where others name the kind.</summary>
    public static ApiRefusalException NeedsVersion(ResourceType type, string name)
    {
        const string Message = "Invalid value: 0: must be specified for an update";
        return new ApiRefusalException(422, "Invalid", $"{type.Qualified} \"{name}\" is invalid: metadata.resourceVersion: {Message}")
        {
            Name = name, Group = type.Group, Kind = type.Plural, Causes = [new StatusCause("FieldValueInvalid", Message, "metadata.resourceVersion")],
        };
    }

    /// <summary>A number that is none, where a resourceVersion was wanted.</summary>
    public static string NoVersion(string text) => $"strconv.ParseUint: parsing {Text.JsonText.WriteString(text)}: invalid syntax";

    /// <summary>A uid that is not the object's, in the words of the storage.</summary>
    public static ApiRefusalException WrongUid(ResourceType type, Storage.StoreKey key, string wanted, string actual) => Conflict(
        type,
        key.Name,
        $"StorageError: invalid object, Code: 4, Key: /registry/{type.RegistryName}/{(key.Namespace.Length == 0 ? "" : key.Namespace + "/")}{key.Name}, ResourceVersion: 0, "
            + $"AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {actual}");

    /// <summary>A failed <c>test</c>, or a patch that does not fit the object: 422 with empty details.</summary>
    public static ApiRefusalException UnprocessablePatch() =>
        new(422, "Invalid", "the server rejected our request due to an error in our request") { EmptyDetails = true };

    /// <summary>An object that does not say its name, where the path does.</summary>
    public static ApiRefusalException NoName(string inPath) =>
        BadRequest($"the name of the object ({inPath} based on URL) was undeterminable: name must be provided");

    /// <summary>A subresource of pods that needs a way into a container.</summary>
    public static ApiRefusalException NotServed(string subresource) =>
        new(501, "NotImplemented", subresource == "exec"
            ? "pods/exec is served only for pods that are processes (--kubelet process); a simulated pod has no container to go into"
            : $"pods/{subresource} is not served by an embedded cluster: it has no way into a container; use kubectl exec or kubectl logs");
}
