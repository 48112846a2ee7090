using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>One entry of a Status' <c>details.causes</c>.</summary>
/// <param name="Reason">Machine-readable reason: FieldValueInvalid, DisruptionBudget, FieldManagerConflict; empty for none.</param>
/// <param name="Message">Human-readable message.</param>
/// <param name="Field">Path of the field; null when the cause is not about one.</param>
public sealed record StatusCause(string Reason, string Message, string? Field = null);

/// <summary>
/// A refusal in the words of a real API server: becomes a <c>Status</c> body. An exception only inside the server; every door
/// turns it into an answer.
/// </summary>
public sealed class ApiRefusalException(int code, string reason, string message) : Exception(message)
{
    /// <summary>Gets the HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary>Gets the machine-readable reason.</summary>
    public string Reason { get; } = reason;

    /// <summary>Gets the name in the details.</summary>
    public string? Name { get; init; }

    /// <summary>Gets the group in the details.</summary>
    public string? Group { get; init; }

    /// <summary>Gets the kind in the details; the API puts the plural resource here as often as the kind.</summary>
    public string? Kind { get; init; }

    /// <summary>Gets the causes in the details.</summary>
    public IReadOnlyList<StatusCause> Causes { get; init; } = [];

    /// <summary>Gets the seconds after which a retry makes sense; 0 for none.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>Gets a value indicating whether details are written though they are empty.</summary>
    public bool EmptyDetails { get; init; }

    /// <summary>Gets the warnings that go with the refusal.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Puts warnings on the refusal; the first ones stay.</summary>
    internal ApiRefusalException Warning(IReadOnlyList<string> warnings)
    {
        Warnings = Warnings.Count > 0 ? Warnings : [.. warnings];
        return this;
    }

    /// <summary>Builds the Status document.</summary>
    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0)
        {
            status["reason"] = Reason;
        }

        var details = new JsonObject();
        SetIfAny(details, "name", Name);
        SetIfAny(details, "group", Group);
        SetIfAny(details, "kind", Kind);
        if (Causes.Count > 0)
        {
            var causes = new JsonArray();
            foreach (StatusCause cause in Causes)
            {
                var entry = new JsonObject();
                SetIfAny(entry, "reason", cause.Reason);
                entry["message"] = cause.Message;
                SetIfAny(entry, "field", cause.Field);
                causes.Add((JsonNode)entry);
            }

            details["causes"] = causes;
        }

        if (RetryAfterSeconds > 0)
        {
            details["retryAfterSeconds"] = RetryAfterSeconds;
        }

        if (details.Count > 0 || EmptyDetails)
        {
            status["details"] = details;
        }

        status["code"] = Code;
        return status;
    }

    /// <summary>Builds the answer that a door sends.</summary>
    public ApiAnswer ToAnswer() => new(Code, JsonText.Write(ToStatus()))
    {
        Warnings = Warnings,
        RetryAfter = RetryAfterSeconds > 0 ? TimeSpan.FromSeconds(RetryAfterSeconds) : null,
    };

    private static void SetIfAny(JsonObject target, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            target[name] = value;
        }
    }
}
