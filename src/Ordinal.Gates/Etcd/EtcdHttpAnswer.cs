namespace Ordinal.Gates.Etcd;

/// <summary>An HTTP answer, or why there is none.</summary>
/// <param name="Status">The HTTP status; 0 with a failure.</param>
/// <param name="Body">The body, at most <see cref="MaxBody"/> bytes.</param>
/// <param name="Failure">Why there is no answer; null when there is one.</param>
public sealed record EtcdHttpAnswer(int Status, ReadOnlyMemory<byte> Body, EtcdFailure? Failure)
{
    /// <summary>The longest body that is read, in bytes. A member list of a thousand entries is a quarter of it.</summary>
    public const int MaxBody = 1 << 20;
}
