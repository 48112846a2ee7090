using System.Globalization;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Functions of lists and sets.</summary>
internal static class CelListFunctions
{
    /// <summary>More than a rule may cost: a longer range is refused before it is made.</summary>
    private const long LongestRange = int.MaxValue;

    /// <summary>Calls a function; null when it is none of these or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("isSorted", [CelList list]) => IsSorted(list),
        ("sum", [CelList list]) => Sum(list),
        ("min", [CelList list]) => Extreme(list, -1, "min"),
        ("max", [CelList list]) => Extreme(list, 1, "max"),
        ("indexOf", [CelList list, var item]) => new CelInt(Find(list, i => CelEquality.Same(i, item))),
        ("lastIndexOf", [CelList list, var item]) => new CelInt(FindLast(list, i => CelEquality.Same(i, item))),
        ("slice", [CelList list, CelInt from, CelInt to]) => Slice(list, from.Value, to.Value),
        ("flatten", [CelList list]) => new CelList([.. Flatten(list, 1)]),
        ("flatten", [CelList list, CelInt depth]) => depth.Value < 0 ? new CelError("level must be non-negative") : new CelList([.. Flatten(list, depth.Value)]),
        ("reverse", [CelList list]) => new CelList([.. list.Items.Reverse()]),
        ("distinct", [CelList list]) => new CelList([.. list.Items.Where((item, i) => Find(list, other => CelEquality.Same(other, item)) == i)]),
        ("sort", [CelList list]) => Sort(list),
        ("lists.range", [CelInt count]) => new CelList([.. Enumerable.Range(0, (int)Math.Clamp(count.Value, 0, LongestRange)).Select(i => new CelInt(i))]),
        ("sets.contains", [CelList whole, CelList part]) => CelBool.Of(Contains(whole, part)),
        ("sets.equivalent", [CelList a, CelList b]) => CelBool.Of(Contains(a, b) && Contains(b, a)),
        ("sets.intersects", [CelList a, CelList b]) => CelBool.Of(a.Items.Any(i => Contains(b, i))),
        _ => null,
    };

    /// <summary>Adds lists: a set takes only what it has not, in a list map an entry of the same key replaces the one before.</summary>
    public static CelList Concatenate(CelList left, CelList right) => left.Kind switch
    {
        CelListKind.Set => left with { Items = [.. left.Items, .. right.Items.Where(i => !Contains(left, i))] },
        CelListKind.Map => left with
        {
            Items =
            [
                .. left.Items.Select(i => right.Items.FirstOrDefault(other => HasSameKeys(left.Keys, i, other)) ?? i),
                .. right.Items.Where(other => !left.Items.Any(i => HasSameKeys(left.Keys, i, other))),
            ],
        },
        _ => new CelList([.. left.Items, .. right.Items]),
    };

    private static CelValue Slice(CelList list, long from, long to) =>
        from < 0 || to < 0 ? new CelError(string.Create(CultureInfo.InvariantCulture, $"cannot slice({from}, {to}), negative indexes not supported"))
        : from > to ? new CelError(string.Create(CultureInfo.InvariantCulture, $"cannot slice({from}, {to}), start index must be less than or equal to end index"))
        : to > list.Items.Length ? new CelError(string.Create(CultureInfo.InvariantCulture, $"cannot slice({from}, {to}), list is length {list.Items.Length}"))
        : new CelList(list.Items[(int)from..(int)to]);

    private static IEnumerable<CelValue> Flatten(CelList list, long depth) =>
        list.Items.SelectMany(item => item is CelList inner && depth > 0 ? Flatten(inner, depth - 1) : [item]);

    private static CelValue Sort(CelList list) =>
        list.Items.Any(item => item.TypeName != list.Items[0].TypeName) ? new CelError("list elements must have the same type")
        : list.Items.Length > 0 && CelEquality.Compare(list.Items[0], list.Items[0]) is null ? new CelError("list elements must be comparable")
        : new CelList([.. list.Items.OrderBy(item => item, Comparer<CelValue>.Create((a, b) => CelEquality.Compare(a, b) ?? 0))]);

    private static bool HasSameKeys(IReadOnlyList<string> keys, CelValue left, CelValue right)
    {
        CelMap a = CelSchema.Entries(left), b = CelSchema.Entries(right);
        return keys.All(key => (a.Find(new CelText(key)), b.Find(new CelText(key))) switch
        {
            (null, null) => true,
            ({ } one, { } other) => CelEquality.Same(one, other),
            _ => false,
        });
    }

    private static bool Contains(CelList list, CelValue item) => list.Items.Any(i => CelEquality.Same(i, item));

    private static bool Contains(CelList whole, CelList part) => part.Items.All(i => Contains(whole, i));

    private static int Find(CelList list, Func<CelValue, bool> fits)
    {
        for (int i = 0; i < list.Items.Length; i++)
        {
            if (fits(list.Items[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static int FindLast(CelList list, Func<CelValue, bool> fits)
    {
        for (int i = list.Items.Length - 1; i >= 0; i--)
        {
            if (fits(list.Items[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static CelBool? IsSorted(CelList list)
    {
        for (int i = 1; i < list.Items.Length; i++)
        {
            if (CelEquality.Compare(list.Items[i - 1], list.Items[i]) is not { } order)
            {
                return null;
            }

            if (order > 0)
            {
                return CelBool.False;
            }
        }

        return CelBool.True;
    }

    private static CelValue? Sum(CelList list)
    {
        if (list.Items.IsEmpty)
        {
            return new CelInt(0);
        }

        CelValue sum = list.Items[0];
        foreach (CelValue item in list.Items.Skip(1))
        {
            sum = CelFunctions.Call("_+_", [sum, item]);
        }

        return sum is CelInt or CelUint or CelDouble or CelDuration or CelError ? sum : null;
    }

    private static CelValue? Extreme(CelList list, int sign, string name)
    {
        if (list.Items.IsEmpty)
        {
            return new CelError($"{name} called on empty list");
        }

        CelValue extreme = list.Items[0];
        foreach (CelValue item in list.Items.Skip(1))
        {
            if (CelEquality.Compare(item, extreme) is not { } order)
            {
                return null;
            }

            extreme = order * sign > 0 ? item : extreme;
        }

        return extreme;
    }
}
