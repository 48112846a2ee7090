using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Api;

/// <summary>Who writes, how and when: what a write needs beside its document.</summary>
/// <param name="Manager">Field manager.</param>
/// <param name="Now">Time of the request.</param>
internal sealed record WriteContext(string Manager, DateTimeOffset Now)
{
    /// <summary>Gets the name of the subresource that is written; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>Gets the apiVersion in which the writer speaks.</summary>
    public string ApiVersion { get; init; } = "";

    /// <summary>Gets who writes.</summary>
    public UserInfo User { get; init; } = UserInfo.Admin;

    /// <summary>Gets the verb that the writer was let in for: an object that a patch or a replacement makes needs <c>create</c> too.</summary>
    public string Verb { get; init; } = "create";

    public bool IsDryRun { get; init; }

    /// <summary>Gets a value indicating whether this is a server-side apply, which computes managed fields itself.</summary>
    public bool IsApply { get; init; }

    /// <summary>Gets a value indicating whether a whole object is put in place of the stored one.</summary>
    public bool IsReplace { get; init; }

    /// <summary>Gets Strict, Warn or Ignore.</summary>
    public string FieldValidation { get; init; } = "Warn";

    /// <summary>Gets the warnings to send back.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Gets a value indicating whether spec and status are written together, as a binding does.</summary>
    public bool WritesSpecAndStatus { get; init; }

    public bool IsStatusWrite => Subresource == "status";
}
