using Ordinal.Gates.Kafka.Wire;

namespace Ordinal.Gates.Kafka.Messages;

/// <summary>What one broker has on its disks. ACLs on topics do not filter it, so it proves what the list of topics may hide.</summary>
internal sealed record DescribeLogDirs(short ErrorCode, KafkaLogDir[] Dirs)
{
    internal static KafkaRequest<DescribeLogDirs> Request { get; } = new(
        KafkaApi.DescribeLogDirs,
        (writer, _) =>
        {
            writer.Array(-1); // all topics
            writer.Tags();
        },
        Read);

    private static DescribeLogDirs Read(ref WireReader reader, short version)
    {
        reader.Int32();
        var error = version >= 3 ? reader.Int16() : KafkaError.None;
        var dirs = new KafkaLogDir[reader.Array(4)];
        for (var i = 0; i < dirs.Length; i++)
        {
            var (code, path) = (reader.Int16(), reader.String());
            var topics = new KafkaLogDirTopic[reader.Array(2)];
            for (var t = 0; t < topics.Length; t++)
            {
                topics[t] = Topic(ref reader);
            }

            if (version >= 4)
            {
                reader.Int64(); // total bytes
                reader.Int64(); // usable bytes
            }

            reader.Tags();
            dirs[i] = new KafkaLogDir { ErrorCode = code, Path = path, Topics = [.. topics] };
        }

        reader.Tags();
        return new DescribeLogDirs(error, dirs);
    }

    private static KafkaLogDirTopic Topic(ref WireReader reader)
    {
        var name = reader.String();
        var partitions = new int[reader.Array(21)];
        for (var i = 0; i < partitions.Length; i++)
        {
            partitions[i] = reader.Int32();
            reader.Int64(); // size
            reader.Int64(); // lag
            reader.Bool(); // future
            reader.Tags();
        }

        reader.Tags();
        return new KafkaLogDirTopic { Name = name, Partitions = [.. partitions] };
    }
}
