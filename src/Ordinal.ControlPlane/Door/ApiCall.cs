namespace Ordinal.ControlPlane.Door;

/// <summary>One request to the API server, whichever door it came through.</summary>
/// <param name="Method">Upper-case HTTP method: GET, POST, PUT, PATCH or DELETE.</param>
/// <param name="Path">Absolute path as sent, still percent-encoded, without the query: <c>/api/v1/namespaces/default/pods</c>. Case matters.</param>
/// <param name="Query">Query string without the question mark, still percent-encoded; empty when there is none.</param>
public sealed record ApiCall(string Method, string Path, string Query = "")
{
    /// <summary>Gets the media type of <see cref="Body"/>; it chooses the kind of patch.</summary>
    public string? ContentType { get; init; }

    /// <summary>Gets the Accept header as sent; it chooses between objects and tables.</summary>
    public string? Accept { get; init; }

    /// <summary>Gets the User-Agent, from which the default field manager is taken (the part before the first slash).</summary>
    public string? UserAgent { get; init; }

    /// <summary>Gets the request body.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Gets the authenticated user. Doors set it; a caller in process is a member of the control plane.</summary>
    public UserInfo User { get; init; } = UserInfo.Admin;

    /// <summary>Gets a value indicating whether a long answer may come in pieces (<see cref="ApiAnswer.Pieces"/>), so that it need not be put together.</summary>
    public bool TakesPieces { get; init; }

    /// <summary>Gets who the caller wants to be instead; null for itself. It needs the right to.</summary>
    public Impersonation? Impersonation { get; init; }
}
