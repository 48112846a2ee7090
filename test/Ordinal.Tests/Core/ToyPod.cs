using Ordinal.Core.Model;

namespace Ordinal.Tests.Core;

/// <summary>A pod of the toy world.</summary>
internal sealed class ToyPod
{
    internal required long Ordinal { get; init; }

    internal required string Uid { get; init; }

    internal required string Revision { get; init; }

    internal required int ResourceVersion { get; set; }

    internal required DateTimeOffset CreatedAt { get; init; }

    internal DateTimeOffset? ReadySince { get; set; }

    internal bool IsTerminating { get; set; }

    internal PodTrouble Trouble { get; set; }

    internal PodSnapshot Show(string set) => new()
    {
        Name = $"{set}-{Ordinal}",
        Ordinal = Ordinal,
        Uid = Uid,
        ResourceVersion = $"{ResourceVersion}",
        Revision = Revision,
        IsTerminating = IsTerminating,
        ReadySince = ReadySince,
        CreatedAt = CreatedAt,
        Trouble = Trouble,
        TroubleMessage = Trouble is PodTrouble.None ? "" : "broken",
    };
}
