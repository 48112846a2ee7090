namespace Ordinal.ControlPlane.Workloads;

/// <summary>Remembers on which volume each member of an ensemble has its data. Not safe for several threads.</summary>
internal sealed class MemberVolumes
{
    private readonly Dictionary<int, string> known = [];

    /// <summary>A member starts on a volume.</summary>
    /// <returns>True when it had another one before: this one is empty.</returns>
    internal bool Takes(int ordinal, string volume)
    {
        var isEmpty = volume.Length > 0 && known.TryGetValue(ordinal, out var before) && before != volume;
        if (volume.Length > 0)
        {
            known[ordinal] = volume;
        }

        return isEmpty;
    }
}
