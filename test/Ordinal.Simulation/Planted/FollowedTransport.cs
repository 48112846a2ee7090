using Ordinal.Runtime.Client;
using Ordinal.Simulation.Harness;

namespace Ordinal.Simulation.Planted;

/// <summary>A bug in the operator that sends what nobody asked for, some time after something that was.</summary>
/// <param name="inner">The network.</param>
/// <param name="follows">What follows a request that was carried out; null for nothing.</param>
/// <param name="after">How long after it.</param>
internal sealed class FollowedTransport(IApiTransport inner, SimulatedWorld world, Func<ApiRequest, ApiRequest?> follows, TimeSpan after) : IApiTransport
{
    public async Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        ApiResponse response = await inner.SendAsync(request, cancellationToken);
        if (response.IsSuccess && follows(request) is { } more)
        {
            _ = world.Start(() => SendLaterAsync(more));
        }

        return response;
    }

    public Task<ApiStreamOpening> OpenAsync(ApiRequest request, CancellationToken cancellationToken) => inner.OpenAsync(request, cancellationToken);

    private async Task SendLaterAsync(ApiRequest request)
    {
        await Task.Delay(after, world.Time, CancellationToken.None);
        await inner.SendAsync(request, CancellationToken.None);
    }
}
