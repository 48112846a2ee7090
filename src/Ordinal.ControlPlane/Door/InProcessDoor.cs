using Ordinal.ControlPlane.Api;

namespace Ordinal.ControlPlane.Door;

/// <summary>The door without a socket: calls the API server on the caller's thread and passes nothing but bytes.</summary>
/// <param name="server">The API server.</param>
/// <param name="userAgent">User-Agent of calls that carry none; the default field manager is its part before a slash.</param>
public sealed class InProcessDoor(ApiServer server, string userAgent = "ordinal-control-plane") : IClusterDoor
{
    public Task<ApiAnswer> SendAsync(ApiCall apiCall, CancellationToken cancellationToken) =>
        server.HandleAsync(WithAgent(apiCall), cancellationToken);

    public Task<StreamOpening> OpenAsync(ApiCall apiCall, CancellationToken cancellationToken) =>
        server.OpenAsync(WithAgent(apiCall), cancellationToken);

    private ApiCall WithAgent(ApiCall apiCall) => apiCall.UserAgent is null ? apiCall with { UserAgent = userAgent } : apiCall;
}
