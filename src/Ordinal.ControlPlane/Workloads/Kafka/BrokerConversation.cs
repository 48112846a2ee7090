namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>One connection's state: which requests are known, and whether the client has said who it is.</summary>
internal sealed class BrokerConversation(KafkaEnsemble ensemble, int id, BrokerOptions options)
{
    private const short ApiVersions = 18;
    private const short Unsupported = 35;

    /// <summary>Key, oldest and newest version, first flexible version. As Kafka 4.0 has them, with the old ones that 2.8 has.</summary>
    private static readonly (short Api, short Oldest, short Newest, short Flexible)[] Known =
    [
        (3, 0, 12, 9), (17, 0, 1, 99), (ApiVersions, 0, 4, 3), (32, 0, 4, 4), (35, 0, 4, 2), (36, 0, 2, 2),
        (43, 0, 2, 2), (44, 0, 1, 1), (46, 0, 0, 0), (55, 0, 2, 0), (60, 0, 2, 0), (64, 0, 0, 0), (75, 0, 0, 0),
    ];

    /// <summary>What a controller's listener knows of these (KIP-919).</summary>
    private static readonly short[] OfControllers = [17, ApiVersions, 36, 55, 60];

    private readonly SaslServer sasl = new(options);

    /// <summary>Answers one request; null when the connection must end.</summary>
    internal byte[]? Answer(byte[] frame, short error)
    {
        var request = new MessageIn(frame);
        var (api, version, correlation) = (request.Short(), request.Short(), request.Int());
        request.PlainText();
        var answer = new MessageOut();
        answer.Int(correlation);
        if (Offered(api) is not { } known || version < known.Oldest || version > known.Newest)
        {
            // Of all requests this one must be answered in a version that the client did not ask for.
            return api == ApiVersions ? Versions(answer, 0, Unsupported).Frame() : null;
        }

        request.IsFlexible = version >= known.Flexible;
        request.Tagged();
        answer.IsFlexible = request.IsFlexible;
        if (api != ApiVersions)
        {
            answer.Tagged();
        }

        if (options.WantsSasl && !sasl.IsDone && api is not (ApiVersions or 17 or 36))
        {
            return null;
        }

        var done = api switch
        {
            ApiVersions => Versions(answer, version, error),
            17 => sasl.Handshake(request, answer),
            36 => sasl.Authenticate(request, answer, version),
            _ => ensemble.Look(e => new BrokerAnswers(e, id, request, answer, version, error) { IsController = options.IsController }.Write(api)),
        };
        return done?.Frame();
    }

    private (short Api, short Oldest, short Newest, short Flexible)? Offered(short api)
    {
        var at = Array.FindIndex(Known, k => k.Api == api);
        if (at < 0 || (api is 55 or 75 && !ensemble.IsKraft) || (options.IsController && !OfControllers.Contains(api)))
        {
            return null;
        }

        var newest = options.Newest.TryGetValue(api, out var limit) ? Math.Min(limit, Known[at].Newest) : Known[at].Newest;
        return newest < Known[at].Oldest ? null : Known[at] with { Newest = newest };
    }

    private MessageOut Versions(MessageOut answer, short version, short error)
    {
        answer.IsFlexible = version >= 3;
        answer.Short(error).List(Known.Select(k => Offered(k.Api)).OfType<(short Api, short Oldest, short Newest, short Flexible)>().ToList(), k => answer.Short(k.Api).Short(k.Oldest).Short(k.Newest).Tagged());
        if (version >= 1)
        {
            answer.Int(0);
        }

        return answer.Tagged();
    }
}
