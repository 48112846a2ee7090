namespace Ordinal.Runtime.Client;

/// <summary>What kind of refusal or failure a request met.</summary>
public enum ApiErrorKind
{
    /// <summary>404: the object, or its whole kind, is not there.</summary>
    NotFound,

    /// <summary>409 with reason AlreadyExists.</summary>
    AlreadyExists,

    /// <summary>409: a precondition (uid, resourceVersion) or a field owner stands against the write.</summary>
    Conflict,

    /// <summary>422 to a JSON patch without causes: one of its tests failed. Expected; read again.</summary>
    PatchTestFailed,

    /// <summary>400 or 422: the server does not accept the object or the request.</summary>
    Invalid,

    /// <summary>410: the resourceVersion or the continue token is too old; list again.</summary>
    Gone,

    /// <summary>403.</summary>
    Forbidden,

    /// <summary>401.</summary>
    Unauthorized,

    /// <summary>429 of the server's own flow control.</summary>
    TooManyRequests,

    /// <summary>429 with cause DisruptionBudget: a PodDisruptionBudget does not allow the eviction now.</summary>
    DisruptionBudget,

    /// <summary>The request's own time was up, or the server said 504. Whether it was carried out is unknown.</summary>
    Timeout,

    /// <summary>500.</summary>
    InternalError,

    /// <summary>502, 503 and other 5xx.</summary>
    Unavailable,

    /// <summary>The connection failed or broke. Whether the request was carried out is unknown.</summary>
    Connection,

    /// <summary>Any other status, or an answer that cannot be read.</summary>
    Other,
}

/// <summary>What to do about a failed request.</summary>
public enum ApiErrorClass
{
    /// <summary>Try the same again later, with back-off.</summary>
    Transient,

    /// <summary>Expected: what was known is out of date. Read again, then decide again.</summary>
    Conflict,

    /// <summary>The version asked for is no longer kept. List again.</summary>
    Gone,

    /// <summary>The same request will fail again until a person changes something.</summary>
    Terminal,
}
