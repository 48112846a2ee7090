using System.Text;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Faults;

/// <summary>The refusals of faults, in the words of a real API server.</summary>
internal static class FaultAnswers
{
    /// <summary>Makes the answer of a code.</summary>
    public static ApiAnswer Make(int code, TimeSpan? retryAfter, ApiCall call)
    {
        RequestTarget? target = ApiRequest.Parse(call).Target;
        string resource = target is null ? "" : target.Group.Length > 0 ? $"{target.Resource}.{target.Group}" : target.Resource;
        if (code == 429)
        {
            // Flow control answers in plain text and without causes: that is how it is told from a disruption budget.
            return new ApiAnswer(429, Encoding.UTF8.GetBytes("Too many requests, please try again later.\n"))
            {
                ContentType = "text/plain; charset=utf-8",
                RetryAfter = retryAfter ?? TimeSpan.FromSeconds(1),
            };
        }

        (string reason, string message) = code switch
        {
            403 => ("Forbidden", $"{resource} \"{target?.Name}\" is forbidden: an injected fault"),
            409 => ("Conflict", $"Operation cannot be fulfilled on {resource} \"{target?.Name}\": the object has been modified; please apply your changes to the latest version and try again"),
            410 => ("Expired", "The provided resource version is too old (an injected fault)"),
            500 => ("InternalError", "Internal error occurred: an injected fault"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "Timeout: request did not complete within the allotted timeout"),
            _ => ("", "an injected fault"),
        };
        ApiRefusalException refusal = new(code, reason, message)
        {
            Name = code is 403 or 409 ? target?.Name : null,
            Group = code is 403 or 409 && target is { Group.Length: > 0 } ? target.Group : null,
            Kind = code is 403 or 409 ? target?.Resource : null,
            RetryAfterSeconds = (int)Math.Ceiling(retryAfter?.TotalSeconds ?? 0),
        };
        return refusal.ToAnswer() with { RetryAfter = retryAfter };
    }
}
