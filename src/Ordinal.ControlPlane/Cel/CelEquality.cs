namespace Ordinal.ControlPlane.Cel;

/// <summary>Equality and order of values. Numbers compare across their types; other values of different types are just not equal.</summary>
internal static class CelEquality
{
    /// <summary>Whether two values are equal.</summary>
    public static bool Same(CelValue left, CelValue right) => (left, right) switch
    {
        (CelInt or CelUint or CelDouble, CelInt or CelUint or CelDouble) => Compare(left, right) == 0,
        (CelBytes a, CelBytes b) => a.Value.AsSpan().SequenceEqual(b.Value),
        (CelList a, CelList b) => SameLists(a, b),
        (CelOptional { Value: null }, CelOptional { Value: null }) => true,
        (CelOptional { Value: { } a }, CelOptional { Value: { } b }) => Same(a, b),
        (CelOptional, CelOptional) => false,
        (CelMap or CelObject, CelMap or CelObject) => SameMaps(CelSchema.Entries(left), CelSchema.Entries(right)),
        _ => left.Equals(right),
    };

    /// <summary>Compares two values; null when they have no order.</summary>
    public static int? Compare(CelValue left, CelValue right) => (left, right) switch
    {
        (CelInt a, CelInt b) => a.Value.CompareTo(b.Value),
        (CelUint a, CelUint b) => a.Value.CompareTo(b.Value),
        (CelInt a, CelUint b) => ((Int128)a.Value).CompareTo((Int128)b.Value),
        (CelUint a, CelInt b) => ((Int128)a.Value).CompareTo((Int128)b.Value),
        (CelDouble a, CelInt or CelUint or CelDouble) => CompareReal(a.Value, right),
        (CelInt or CelUint, CelDouble b) => -CompareReal(b.Value, left),
        (CelText a, CelText b) => CompareText(a.Value, b.Value),
        (CelBool a, CelBool b) => a.Value.CompareTo(b.Value),
        (CelBytes a, CelBytes b) => a.Value.AsSpan().SequenceCompareTo(b.Value),
        (CelDuration a, CelDuration b) => a.Nanoseconds.CompareTo(b.Nanoseconds),
        (CelTimestamp a, CelTimestamp b) => (a.Seconds, a.Nanoseconds).CompareTo((b.Seconds, b.Nanoseconds)),
        _ => null,
    };

    private static int? CompareReal(double left, CelValue right)
    {
        double other = right switch { CelInt i => i.Value, CelUint u => u.Value, CelDouble d => d.Value, _ => double.NaN };
        return double.IsNaN(left) || double.IsNaN(other) ? null : left.CompareTo(other);
    }

    // Go compares bytes of UTF-8; the order of UTF-16 differs above the basic plane.
    private static int CompareText(string left, string right)
    {
        foreach (var (a, b) in left.EnumerateRunes().Zip(right.EnumerateRunes()))
        {
            if (a != b)
            {
                return a.CompareTo(b);
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static bool SameLists(CelList left, CelList right)
    {
        if (left.Items.Length != right.Items.Length)
        {
            return false;
        }

        CelListKind kind = left.Kind != CelListKind.Atomic ? left.Kind : right.Kind;
        return kind == CelListKind.Atomic
            ? left.Items.Zip(right.Items).All(p => Same(p.First, p.Second))
            : left.Items.All(a => right.Items.Any(b => Same(a, b))) && right.Items.All(b => left.Items.Any(a => Same(a, b)));
    }

    private static bool SameMaps(CelMap left, CelMap right) =>
        left.Entries.Length == right.Entries.Length && left.Entries.All(e => right.Find(e.Key) is { } other && Same(e.Value, other));
}
