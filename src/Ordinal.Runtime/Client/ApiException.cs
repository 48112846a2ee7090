using System.Text.Json;

namespace Ordinal.Runtime.Client;

/// <summary>One cause in the details of a Status.</summary>
/// <param name="Reason">Machine-readable reason, such as <c>DisruptionBudget</c> or <c>FieldValueInvalid</c>.</param>
/// <param name="Field">The field concerned; may be empty.</param>
/// <param name="Message">The server's words.</param>
public sealed record ApiErrorCause(string Reason, string Field, string Message);

/// <summary>
/// The only exception that leaves <see cref="IKubernetesApi"/> beside cancellation. It holds the server's Status and never the
/// request's body, headers or credentials.
/// </summary>
public sealed class ApiException : Exception
{
    /// <summary>Creates the error of a refusal.</summary>
    public ApiException(ApiErrorKind kind, string message, int statusCode = 0, string reason = "", IReadOnlyList<ApiErrorCause>? causes = null, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        StatusCode = statusCode;
        Reason = reason;
        Causes = causes ?? [];
        RetryAfter = retryAfter;
    }

    /// <summary>Gets the kind of refusal.</summary>
    public ApiErrorKind Kind { get; }

    /// <summary>Gets the HTTP status; 0 when there was no answer.</summary>
    public int StatusCode { get; }

    /// <summary>Gets the Status's reason as the server spelled it; empty when it gave none.</summary>
    public string Reason { get; }

    /// <summary>Gets the Status's causes.</summary>
    public IReadOnlyList<ApiErrorCause> Causes { get; }

    /// <summary>Gets how long the server asks to be left alone; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Gets what to do about it.</summary>
    public ApiErrorClass Class => Kind switch
    {
        ApiErrorKind.NotFound or ApiErrorKind.AlreadyExists or ApiErrorKind.Conflict or ApiErrorKind.PatchTestFailed => ApiErrorClass.Conflict,
        ApiErrorKind.Gone => ApiErrorClass.Gone,
        ApiErrorKind.Invalid or ApiErrorKind.Forbidden or ApiErrorKind.Unauthorized => ApiErrorClass.Terminal,
        ApiErrorKind.TooManyRequests or ApiErrorKind.DisruptionBudget or ApiErrorKind.Timeout or ApiErrorKind.InternalError
            or ApiErrorKind.Unavailable or ApiErrorKind.Connection or ApiErrorKind.Other => ApiErrorClass.Transient,
    };

    /// <summary>Gets a value indicating whether the request may have been carried out although it failed here.</summary>
    public bool IsOutcomeUnknown => Kind is ApiErrorKind.Timeout or ApiErrorKind.Connection or ApiErrorKind.InternalError or ApiErrorKind.Unavailable or ApiErrorKind.Other;

    /// <summary>Reads the refusal of a request.</summary>
    /// <param name="request">The request; only its method and path are used in the message.</param>
    /// <param name="response">An answer that is not 2xx.</param>
    public static ApiException From(ApiRequest request, ApiResponse response)
    {
        var status = StatusBody.Read(response.Body.Span);
        return new ApiException(
            KindOf(request, response.StatusCode, status),
            $"{request}: {response.StatusCode} {status.Reason}: {status.Message}".TrimEnd(' ', ':'),
            response.StatusCode,
            status.Reason,
            status.Causes,
            response.RetryAfter ?? status.RetryAfter);
    }

    /// <summary>Reads the Status object of an ERROR event inside a watch.</summary>
    public static ApiException FromWatchError(ApiRequest request, JsonElement statusObject)
    {
        var status = StatusBody.Read(statusObject);
        return new ApiException(
            KindOf(request, status.Code, status),
            $"{request}: the watch ended with {status.Code} {status.Reason}: {status.Message}".TrimEnd(' ', ':'),
            status.Code,
            status.Reason,
            status.Causes,
            status.RetryAfter);
    }

    private static ApiErrorKind KindOf(ApiRequest request, int code, StatusBody status) => code switch
    {
        400 => ApiErrorKind.Invalid,
        401 => ApiErrorKind.Unauthorized,
        403 => ApiErrorKind.Forbidden,
        404 => ApiErrorKind.NotFound,
        409 => status.Reason == "AlreadyExists" ? ApiErrorKind.AlreadyExists : ApiErrorKind.Conflict,
        410 => ApiErrorKind.Gone,
        // A failed test in a JSON patch is told from a bad object only by its empty details (seen on 1.36.2).
        422 => request.ContentType == PatchTypes.Json && status.Causes.Count == 0 && !status.NamesObject ? ApiErrorKind.PatchTestFailed : ApiErrorKind.Invalid,
        429 => status.Causes.Any(cause => cause.Reason == "DisruptionBudget") ? ApiErrorKind.DisruptionBudget : ApiErrorKind.TooManyRequests,
        500 => ApiErrorKind.InternalError,
        504 => ApiErrorKind.Timeout,
        >= 500 => ApiErrorKind.Unavailable,
        // 405, 406, 413, 415: the same request will be refused again.
        >= 400 => ApiErrorKind.Invalid,
        _ => ApiErrorKind.Other,
    };
}
