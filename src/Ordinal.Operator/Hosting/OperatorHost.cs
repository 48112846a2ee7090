using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Ordinal.Operator.Cli;
using Ordinal.Operator.Metrics;
using Ordinal.Operator.Reconciling;
using Ordinal.Runtime.Client;
using Ordinal.Runtime.Metrics;

namespace Ordinal.Operator.Hosting;

/// <summary>The operator as a process: a connection, logs, probes and metrics around <see cref="OperatorComposition"/>.</summary>
internal static partial class OperatorHost
{
    /// <summary>Runs until the token is cancelled. The lease is given back before this returns.</summary>
    /// <returns>An exit code.</returns>
    public static async Task<int> RunAsync(OperatorHostSettings settings, TextWriter error, CancellationToken cancellationToken)
    {
        KubernetesTransport transport;
        try
        {
            transport = KubernetesTransport.Connect(
                new KubernetesConnection { KubeconfigPath = settings.KubeconfigPath, UserAgent = $"ordinal/{BuildInfo.Version}" }, TimeProvider.System);
        }
        catch (InvalidOperationException problem)
        {
            await error.WriteLineAsync($"ordinal run: {problem.Message.TrimEnd('.')}; name a readable kubeconfig with --kubeconfig, or run this in a pod with a service account.");
            return ExitCodes.Unreachable;
        }

        using (transport)
        {
            // Not CreateBuilder: that watches configuration files, of which a machine allows 128.
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "ordinal" });
            AddLogging(builder.Logging, settings);
            builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, settings));
            builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = new ListenSockets(settings).Bind);
            if (settings is { Health: null, Metrics: null })
            {
                builder.Services.AddSingleton<IServer, SilentServer>();
            }

            await using var app = builder.Build();
            var loggers = app.Services.GetRequiredService<ILoggerFactory>();
            var logger = loggers.CreateLogger("Ordinal.Run");

            // Before the operator: its counters are set to 0 when they are made, and a scraper must see that.
            using var exporter = new PrometheusExporter(meter => meter.Name is "ordinal.runtime" or "ordinal.operator" or "ordinal.process");
            using var process = new ProcessMetrics();
            OperatorComposition composition;
            try
            {
                composition = new OperatorComposition(transport, settings.Options, null, TimeProvider.System, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)), loggers);
            }
            catch (ArgumentException problem)
            {
                await error.WriteLineAsync($"ordinal run: {problem.Message} Change --lease-duration, --renew-deadline, --retry-period or --request-timeout.");
                return ExitCodes.Usage;
            }

            using (composition)
            {
                composition.Measures.PolicyForgotten += (ns, name) => exporter.Forget(new("target_namespace", ns), new("policy", name));
                var endpoints = new ProbeEndpoints(composition, exporter);
                app.Run(endpoints.AnswerAsync);
                return await RunAsync(app, composition, settings, transport, logger, error, cancellationToken);
            }
        }
    }

    private static async Task<int> RunAsync(WebApplication app, OperatorComposition composition, OperatorHostSettings settings, KubernetesTransport transport, ILogger logger, TextWriter error, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException problem)
        {
            await error.WriteLineAsync($"ordinal run: {problem.Message}");
            return ExitCodes.Usage;
        }

        LogStarts(logger, BuildInfo.Version, transport.Server, string.Join(", ", app.Urls));
        if (settings.Options.Gates is GatesMode.Off)
        {
            LogGatesOff(logger);
        }

        try
        {
            await composition.RunAsync(cancellationToken);
            LogStopped(logger);
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Success;
        }
#pragma warning disable CA1031 // The last place before the process ends: whatever broke is logged, and the exit code says so.
        catch (Exception problem)
#pragma warning restore CA1031
        {
            LogBroke(logger, problem);
            return ExitCodes.Failed;
        }
        finally
        {
            // The token is cancelled by now; the listeners are closed all the same.
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, OperatorHostSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 0;
        var isOne = settings.Health is not null && settings.Health == settings.Metrics && settings.Health.Port != 0;
        Add(settings.Health, isOne ? Roles.Health | Roles.Metrics : Roles.Health);
        Add(isOne ? null : settings.Metrics, Roles.Metrics);

        void Add(BindAddress? address, Roles role)
        {
            if (address is null)
            {
                return;
            }

            void Mark(ListenOptions listener) => listener.Use(next => connection =>
            {
                connection.Items[typeof(Roles)] = role;
                return next(connection);
            });
            if (address.Address is { } ip)
            {
                kestrel.Listen(ip, address.Port, Mark);
            }
            else
            {
                kestrel.ListenAnyIP(address.Port, Mark);
            }
        }
    }

    private static void AddLogging(ILoggingBuilder logging, OperatorHostSettings settings)
    {
        logging.SetMinimumLevel(settings.LogLevel switch
        {
            "debug" => LogLevel.Debug,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.Information,
        });
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // A listener that cannot be opened is told in one line, not once more with a stack.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        if (settings.IsJsonLog)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        // Standard output is for data.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    [LoggerMessage(3201, LogLevel.Information, "ordinal {Version} runs against {Server}; probes and metrics on {Urls}")]
    private static partial void LogStarts(ILogger logger, string version, Uri server, string urls);

    [LoggerMessage(3202, LogLevel.Warning, "GATES ARE OFF: nothing is asked of the workloads, every pod is taken by Kubernetes' readiness alone. This is for demonstrations only")]
    private static partial void LogGatesOff(ILogger logger);

    [LoggerMessage(3203, LogLevel.Information, "stopped")]
    private static partial void LogStopped(ILogger logger);

    [LoggerMessage(3204, LogLevel.Critical, "a part of the operator broke; the process ends")]
    private static partial void LogBroke(ILogger logger, Exception error);

    /// <summary>What a listener serves.</summary>
    [Flags]
    internal enum Roles
    {
        None = 0,
        Health = 1,
        Metrics = 2,
    }

    /// <summary>The command line owns the process' signals; a second owner would end it before the lease is given back.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
