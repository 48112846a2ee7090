using System.Text.Json;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Cache;

/// <summary>The API server refused a request of a controller or a kubelet.</summary>
public sealed class ApiFailureException : Exception
{
    private ApiFailureException(int statusCode, string reason, string message)
        : base(message)
    {
        StatusCode = statusCode;
        Reason = reason;
    }

    /// <summary>Gets the HTTP status code.</summary>
    public int StatusCode { get; }

    /// <summary>Gets the reason of the Status body, <c>AlreadyExists</c>; empty when the body is none.</summary>
    public string Reason { get; }

    /// <summary>Gets the message of the Status body alone, which is what events quote.</summary>
    public string StatusMessage { get; private init; } = "";

    public bool IsNotFound => StatusCode == 404;

    public bool IsConflict => StatusCode == 409 && Reason != "AlreadyExists";

    public bool IsAlreadyExists => StatusCode == 409 && Reason == "AlreadyExists";

    /// <summary>Gets a value indicating whether the namespace of the new object is being deleted: trying again is of no use.</summary>
    public bool IsNamespaceTerminating => StatusCode == 403 && Message.Contains("because it is being terminated", StringComparison.Ordinal);

    /// <summary>Reads the refusal out of an answer.</summary>
    public static ApiFailureException From(ApiCall call, ApiAnswer answer)
    {
        string reason = "";
        string message = "";
        try
        {
            JsonElement status = JsonElement.Parse(answer.Body.Span);
            reason = status.TextAt("reason") ?? "";
            message = status.TextAt("message") ?? "";
        }
        catch (JsonException)
        {
            // A proxy or a broken server answers with something else; the code alone has to do.
        }

        return new ApiFailureException(answer.StatusCode, reason, $"{call.Method} {call.Path}: {answer.StatusCode} {reason}: {message}")
        {
            StatusMessage = message.Length > 0 ? message : $"the server answered {answer.StatusCode}",
        };
    }
}
