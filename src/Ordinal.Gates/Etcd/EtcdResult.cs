namespace Ordinal.Gates.Etcd;

/// <summary>A value, or why there is none. Exactly one of the two is set.</summary>
internal readonly record struct EtcdResult<T>(T? Value, EtcdFailure? Failure)
    where T : class
{
    public static implicit operator EtcdResult<T>(T value) => new(value, null);

    public static implicit operator EtcdResult<T>(EtcdFailure failure) => new(null, failure);
}
