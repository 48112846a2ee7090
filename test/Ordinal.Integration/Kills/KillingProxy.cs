using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Door;

namespace Ordinal.Integration.Kills;

/// <summary>
/// The operators' way to a real API server, on loopback: it knows each by its token, tells the killer of each request as the embedded server does, and asks the server as the
/// administrator.
/// </summary>
internal sealed class KillingProxy : IAsyncDisposable
{
    private readonly WebApplication application;

    private KillingProxy(WebApplication application) => this.application = application;

    /// <summary>Gets where it listens.</summary>
    public string Url => application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts it.</summary>
    /// <param name="door">The real server.</param>
    /// <param name="killer">Who is told.</param>
    /// <param name="userOf">The user of a bearer token; null for one that nobody has.</param>
    public static async Task<KillingProxy> StartAsync(IClusterDoor door, WriteKiller killer, Func<string, string?> userOf, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var application = builder.Build();
        application.Run(context => HandleAsync(context, door, killer, userOf));
        await application.StartAsync(cancellationToken);
        return new KillingProxy(application);
    }

    public async ValueTask DisposeAsync()
    {
        // Watches end when their callers do; who is left is not waited for.
        using var now = new CancellationTokenSource(TimeSpan.Zero, TimeProvider.System);
        await application.StopAsync(now.Token);
        await application.DisposeAsync();
    }

    private static async Task HandleAsync(HttpContext context, IClusterDoor door, WriteKiller killer, Func<string, string?> userOf)
    {
        var token = context.Request.Headers.Authorization.ToString();
        if (userOf(token.StartsWith("Bearer ", StringComparison.Ordinal) ? token["Bearer ".Length..] : "") is not { } user)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        try
        {
            var call = await CallAsync(context, user);
            if (ApiServer.IsStream(call))
            {
                await StreamAsync(context, door, killer, call);
                return;
            }

            var answer = await killer.BeforeAsync(call, context.RequestAborted)
                ?? await killer.AfterAsync(call, await door.SendAsync(call, CancellationToken.None), context.RequestAborted);
            context.Response.StatusCode = answer.StatusCode;
            context.Response.ContentType = answer.ContentType;
            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            context.Abort();
        }
    }

    private static async Task<ApiCall> CallAsync(HttpContext context, string user)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?', 2);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return new ApiCall(context.Request.Method, target[0], target.Length > 1 ? target[1] : "")
        {
            ContentType = context.Request.ContentType,
            Accept = context.Request.Headers.Accept,
            UserAgent = context.Request.Headers.UserAgent,
            Body = body.ToArray(),
            User = new UserInfo(user, []),
        };
    }

    private static async Task StreamAsync(HttpContext context, IClusterDoor door, WriteKiller killer, ApiCall call)
    {
        _ = await killer.BeforeAsync(call, context.RequestAborted);
        var opening = await door.OpenAsync(call, context.RequestAborted);
        if (opening.Feed is not { } opened)
        {
            context.Response.StatusCode = opening.Refused!.StatusCode;
            await context.Response.Body.WriteAsync(opening.Refused.Body, context.RequestAborted);
            return;
        }

        await using var feed = opened;
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        while (await feed.ReadAsync(context.RequestAborted) is { } frame)
        {
            context.Response.BodyWriter.Write(frame.Span);
            context.Response.BodyWriter.Write("\n"u8);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }
}
