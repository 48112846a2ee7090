using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>Which versions of which requests the broker speaks.</summary>
internal sealed record ApiVersions(short ErrorCode, IReadOnlyDictionary<short, (short Oldest, short Newest)> Apis)
{
    internal static KafkaRequest<ApiVersions> Request { get; } = new(
        KafkaApi.ApiVersions,
        (writer, version) =>
        {
            if (version >= 3)
            {
                writer.String("ordinal");
                writer.String("1");
                writer.Tags();
            }
        },
        Read);

    /// <summary>Chooses the newest version that both sides speak; null when there is none.</summary>
    internal short? Choose(KafkaApi api, short notBefore = 0)
    {
        if (!Apis.TryGetValue((short)api, out var theirs))
        {
            return null;
        }

        var ours = KafkaApis.Of(api);
        var newest = Math.Min(ours.Newest, theirs.Newest);
        return newest >= Math.Max(Math.Max(ours.Oldest, theirs.Oldest), notBefore) ? newest : null;
    }

    private static ApiVersions Read(ref WireReader reader, short version)
    {
        var error = reader.Int16();
        var apis = new Dictionary<short, (short, short)>();
        for (var left = reader.Array(6); left > 0; left--)
        {
            var key = reader.Int16();
            apis[key] = (reader.Int16(), reader.Int16());
            reader.Tags();
        }

        // What follows (throttling, features) is of no use here; at UNSUPPORTED_VERSION the body is that of version 0 and ends here.
        return new ApiVersions(error, apis);
    }
}
