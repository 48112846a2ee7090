using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka;

/// <summary>Reads a broker's state off its metrics endpoint (Prometheus text, as the JMX exporters write it). Keeps one line at a time.</summary>
internal sealed class KafkaMetricsReader : IDisposable
{
    private const int MaxBytes = 64 << 20;
    private const int MaxLine = 64 << 10;
    private const string State = "kafkaserverkafkaserverbrokerstate";
    private const string Logs = "kafkaloglogmanagerremaininglogstorecover";
    private const string Segments = "kafkaloglogmanagerremainingsegmentstorecover";

    private readonly KafkaGateOptions options;
    private readonly HttpMessageInvoker http;
    private readonly TimeProvider time;

    internal KafkaMetricsReader(KafkaGateOptions options, Func<string, SslClientAuthenticationOptions>? tls, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        http = GateHttp.Connect(options.DialTimeout, connections: 4, tls?.Invoke(options.ServerName));
    }

    /// <summary>Reads one broker's metrics. Failures are values.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled. No other exception escapes.</exception>
    internal async Task<KafkaMetrics> ReadAsync(int id, string address, CancellationToken cancellationToken)
    {
        var where = new KafkaEndpoint(address, options.MetricsPort);
        using var timer = new CancellationTokenSource(options.RequestTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{options.MetricsScheme}://{where}{options.MetricsPath}"));
            using var response = await http.SendAsync(request, deadline.Token);
            if (response.StatusCode is not HttpStatusCode.OK)
            {
                var kind = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? KafkaFailureKind.AccessDenied
                    : (int)response.StatusCode >= 500 ? KafkaFailureKind.Refused : KafkaFailureKind.NotKafka;
                return Failed(id, kind, $"the metrics endpoint {where} answers HTTP {(int)response.StatusCode}");
            }

            using var body = await response.Content.ReadAsStreamAsync(deadline.Token);
            return await ParseAsync(id, where, body, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(id, KafkaFailureKind.Timeout, $"no metrics from {where} within {options.RequestTimeout.TotalSeconds:0.##} s");
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.InvalidResponse)
        {
            return Failed(id, KafkaFailureKind.NotKafka, $"{where} does not answer in HTTP");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new KafkaMetrics { Id = id, Failure = KafkaFailures.Explain(where, e, inHandshake: false) };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>Reads metrics line by line.</summary>
    internal static async Task<KafkaMetrics> ParseAsync(int id, KafkaEndpoint where, Stream body, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, double>(StringComparer.Ordinal);
        var buffer = new byte[MaxLine];
        var (filled, total) = (0, 0L);
        while (true)
        {
            var read = await body.ReadAsync(buffer.AsMemory(filled), cancellationToken);
            (filled, total) = (filled + read, total + read);
            var begin = 0;
            for (int end; (end = buffer.AsSpan(begin, filled - begin).IndexOf((byte)'\n')) >= 0; begin += end + 1)
            {
                Take(buffer.AsSpan(begin, end), found);
            }

            if (read == 0)
            {
                Take(buffer.AsSpan(begin, filled - begin), found);
                break;
            }

            if (total > MaxBytes || (begin == 0 && filled == buffer.Length))
            {
                return Failed(id, KafkaFailureKind.NotKafka, $"the metrics endpoint {where} sends lines or a body that are too long");
            }

            buffer.AsSpan(begin, filled - begin).CopyTo(buffer);
            filled -= begin;
        }

        return new KafkaMetrics
        {
            Id = id,
            BrokerState = found.TryGetValue(State, out var state) && state is >= 0 and <= 255 && state == Math.Floor(state) ? (int)state : null,
            RemainingLogs = Whole(found, Logs),
            RemainingSegments = Whole(found, Segments),
        };
    }

    private static long? Whole(Dictionary<string, double> found, string name) => found.TryGetValue(name, out var value) && value is >= 0 and < 1e15 ? (long)value : null;

    private static KafkaMetrics Failed(int id, KafkaFailureKind kind, string text) => new() { Id = id, Failure = new KafkaFailure(kind, text) };

    /// <summary>Takes one line in. Exporters spell names differently (kafka_server_KafkaServer_BrokerState, kafka_server_kafkaserver_brokerstate_value), so case and underscores do not count; samples of one name are summed.</summary>
    private static void Take(ReadOnlySpan<byte> line, Dictionary<string, double> found)
    {
        if (line.IndexOfAnyExcept(" \r\t"u8) is -1 || line[0] == '#' || line.Length > 1024)
        {
            return;
        }

        var text = Encoding.Latin1.GetString(line).Trim();
        var labels = text.IndexOf('{', StringComparison.Ordinal);
        var nameEnd = labels >= 0 ? labels : text.IndexOf(' ', StringComparison.Ordinal);
        var valueBegin = labels >= 0 ? text.LastIndexOf('}') + 1 : nameEnd;
        if (nameEnd <= 0 || valueBegin <= 0)
        {
            return;
        }

        var name = text[..nameEnd].Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        name = name.EndsWith("value", StringComparison.Ordinal) ? name[..^5] : name;
        if (name is State or Logs or Segments
            && text[valueBegin..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var value, ..]
            && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            found[name] = found.GetValueOrDefault(name) + number;
        }
    }
}
