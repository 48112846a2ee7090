using System.Globalization;

namespace Ordinal.Gates.ZooKeeper;

/// <summary>What is handed from one check of a returning server to the next: <c>v1 target=0x100000007 snapshots=1 taking=0</c>.</summary>
/// <param name="Target">What the leader had committed when the question was first asked. Fixed: under load a server never has everything, but it does reach this.</param>
/// <param name="Snapshots">How often the server has begun to take a whole snapshot.</param>
/// <param name="IsTaking">Whether it was taking one at the last check.</param>
internal readonly record struct ZkReturnMemo(ulong Target, int Snapshots, bool IsTaking)
{
    internal static ZkReturnMemo? Parse(string? text) =>
        text?.Split(' ') is ["v1", var target, var snapshots, var taking]
        && target.StartsWith("target=", StringComparison.Ordinal) && ZkText.Zxid(target[7..]) is { } zxid
        && snapshots.StartsWith("snapshots=", StringComparison.Ordinal) && int.TryParse(snapshots.AsSpan(10), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && taking is "taking=0" or "taking=1"
            ? new ZkReturnMemo(zxid, count, taking == "taking=1")
            : null;

    /// <summary>Counts a beginning, not each check that sees the same one.</summary>
    internal ZkReturnMemo See(bool isTaking) => new(Target, isTaking && !IsTaking ? Math.Min(Snapshots + 1, 1000) : Snapshots, isTaking);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"v1 target={ZkText.Zxid(Target)} snapshots={Snapshots} taking={(IsTaking ? 1 : 0)}");
}
