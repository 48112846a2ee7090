using System.Globalization;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Carries out functions and operators on values of any type; what does not fit is an error value.</summary>
internal static class CelFunctions
{
    /// <summary>Gets what a call costs beside the call itself: one for each ten characters or bytes, one for each item that is looked at.</summary>
    public static long Cost(string function, CelValue[] arguments) => function switch
    {
        "_[_]" or "_[?_]" or "size" or "type" or "dyn" => 0,
        "@in" or "indexOf" or "lastIndexOf" or "isSorted" or "sum" or "min" or "max" or "join" => arguments.Sum(Size),
        "sets.contains" or "sets.equivalent" or "sets.intersects" => arguments.Aggregate(1L, (product, a) => product * Math.Max(1, Size(a))),
        "slice" or "flatten" or "reverse" => 10 + Size(arguments[0]),
        "lists.range" => 10 + (arguments[0] is CelInt { Value: > 0 } count ? count.Value : 0),
        "distinct" or "sort" => 10 + (2 * Size(arguments[0]) * Size(arguments[0])),
        "matches" or "find" or "findAll" => Math.Max(1, Length(arguments[0]) / 10) * Math.Max(1, Length(arguments[1]) / 4),
        "validate" when arguments[0] is CelFormat format => Math.Max(1, Length(arguments[1]) / 10) * (format.PatternLength / 4),
        "_+_" when arguments[0] is CelList => 0,
        _ => arguments.Sum(a => a is CelText or CelBytes ? Length(a) / 10 : a is CelList or CelMap ? Size(a) : 0),
    };

    /// <summary>Calls a function.</summary>
    public static CelValue Call(string function, CelValue[] arguments)
    {
        try
        {
            return Operator(function, arguments) ?? CelConversions.Call(function, arguments) ?? CelTextFunctions.Call(function, arguments)
                ?? CelListFunctions.Call(function, arguments) ?? CelTimeFunctions.Call(function, arguments) ?? Optional(function, arguments)
                ?? CelQuantity.Call(function, arguments) ?? CelNetwork.Call(function, arguments)
                ?? CelUrl.Call(function, arguments) ?? CelSemver.Call(function, arguments) ?? CelFormat.Call(function, arguments)
                ?? CelError.NoSuchOverload;
        }
        catch (OverflowException)
        {
            return new CelError(arguments.Any(a => a is CelUint) ? "unsigned integer overflow" : "integer overflow");
        }
    }

    /// <summary>Shows a value in a message.</summary>
    public static string Show(CelValue value) => value switch
    {
        CelText text => text.Value,
        CelInt whole => whole.Value.ToString(CultureInfo.InvariantCulture),
        CelUint natural => natural.Value.ToString(CultureInfo.InvariantCulture),
        CelDouble real => CelConversions.Write(real.Value),
        CelBool flag => flag.Value ? "true" : "false",
        _ => value.TypeName,
    };

    private static long Size(CelValue value) => value switch
    {
        CelList list => list.Items.Length,
        CelMap map => map.Entries.Length,
        CelText or CelBytes => Length(value) / 10,
        _ => 1,
    };

    private static long Length(CelValue value) => value switch { CelText text => text.Value.Length, CelBytes bytes => bytes.Value.Length, _ => 1 };

    private static CelValue? Operator(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("_==_", [var a, var b]) => CelBool.Of(CelEquality.Same(a, b)),
        ("_!=_", [var a, var b]) => CelBool.Of(!CelEquality.Same(a, b)),
        ("_<_", [var a, var b]) => Compared(a, b, order => order < 0),
        ("_<=_", [var a, var b]) => Compared(a, b, order => order <= 0),
        ("_>_", [var a, var b]) => Compared(a, b, order => order > 0),
        ("_>=_", [var a, var b]) => Compared(a, b, order => order >= 0),
        ("!_", [CelBool flag]) => CelBool.Of(!flag.Value),
        ("-_", [CelInt whole]) => new CelInt(checked(-whole.Value)),
        ("-_", [CelDouble real]) => new CelDouble(-real.Value),
        ("_+_", [var a, var b]) => Add(a, b),
        ("_-_", [var a, var b]) => Subtract(a, b),
        ("_*_" or "_/_" or "_%_", [var a, var b]) => Multiply(function, a, b),
        ("@in", [var item, var container]) => In(item, container),
        ("_[_]" or "_[?_]", [var container, var index]) => Index(container, index, function == "_[?_]"),
        _ => null,
    };

    private static CelBool? Compared(CelValue left, CelValue right, Func<int, bool> holds)
    {
        bool isNumber = left is CelInt or CelUint or CelDouble && right is CelInt or CelUint or CelDouble;
        return CelEquality.Compare(left, right) is { } order ? CelBool.Of(holds(order)) : isNumber ? CelBool.False : null;
    }

    private static CelValue? Add(CelValue left, CelValue right) => (left, right) switch
    {
        (CelInt a, CelInt b) => new CelInt(checked(a.Value + b.Value)),
        (CelUint a, CelUint b) => new CelUint(checked(a.Value + b.Value)),
        (CelDouble a, CelDouble b) => new CelDouble(a.Value + b.Value),
        (CelText a, CelText b) => new CelText(a.Value + b.Value),
        (CelBytes a, CelBytes b) => new CelBytes([.. a.Value, .. b.Value]),
        (CelList a, CelList b) => CelListFunctions.Concatenate(a, b),
        (CelDuration a, CelDuration b) => new CelDuration(checked(a.Nanoseconds + b.Nanoseconds)),
        (CelTimestamp a, CelDuration b) => CelTime.Add(a, b.Nanoseconds) is { } sum ? sum : new CelError("timestamp overflow"),
        (CelDuration a, CelTimestamp b) => CelTime.Add(b, a.Nanoseconds) is { } sum ? sum : new CelError("timestamp overflow"),
        _ => null,
    };

    private static CelValue? Subtract(CelValue left, CelValue right) => (left, right) switch
    {
        (CelInt a, CelInt b) => new CelInt(checked(a.Value - b.Value)),
        (CelUint a, CelUint b) => new CelUint(checked(a.Value - b.Value)),
        (CelDouble a, CelDouble b) => new CelDouble(a.Value - b.Value),
        (CelDuration a, CelDuration b) => new CelDuration(checked(a.Nanoseconds - b.Nanoseconds)),
        (CelTimestamp a, CelTimestamp b) => CelTime.Between(a, b) is { } difference ? difference : new CelError("integer overflow"),
        (CelTimestamp a, CelDuration b) => CelTime.Add(a, -(Int128)b.Nanoseconds) is { } difference ? difference : new CelError("timestamp overflow"),
        _ => null,
    };

    private static CelValue? Multiply(string function, CelValue left, CelValue right) => (function, left, right) switch
    {
        ("_*_", CelInt a, CelInt b) => new CelInt(checked(a.Value * b.Value)),
        ("_*_", CelUint a, CelUint b) => new CelUint(checked(a.Value * b.Value)),
        ("_*_", CelDouble a, CelDouble b) => new CelDouble(a.Value * b.Value),
        ("_/_", CelInt or CelUint, CelInt { Value: 0 } or CelUint { Value: 0 }) => new CelError("division by zero"),
        ("_%_", CelInt or CelUint, CelInt { Value: 0 } or CelUint { Value: 0 }) => new CelError("modulus by zero"),
        (_, CelInt { Value: long.MinValue }, CelInt { Value: -1 }) => new CelError("integer overflow"),
        ("_/_", CelInt a, CelInt b) => new CelInt(a.Value / b.Value),
        ("_/_", CelUint a, CelUint b) => new CelUint(a.Value / b.Value),
        ("_/_", CelDouble a, CelDouble b) => new CelDouble(a.Value / b.Value),
        ("_%_", CelInt a, CelInt b) => new CelInt(a.Value % b.Value),
        ("_%_", CelUint a, CelUint b) => new CelUint(a.Value % b.Value),
        _ => null,
    };

    private static CelBool? In(CelValue item, CelValue container) => container switch
    {
        CelList list => CelBool.Of(list.Items.Any(i => CelEquality.Same(i, item))),
        CelMap map => CelBool.Of(map.Find(item) is not null),
        CelObject known => CelBool.Of(CelSchema.Entries(known).Find(item) is not null),
        _ => null,
    };

    private static CelValue? Index(CelValue container, CelValue index, bool isOptional)
    {
        if (container is CelOptional optional)
        {
            return optional.Value is null ? optional : Index(optional.Value, index, true);
        }

        CelValue? found;
        string missing;
        switch (container)
        {
            case CelList list:
                if (WholeIndex(index) is not { } at)
                {
                    return null;
                }

                found = at >= 0 && at < list.Items.Length ? list.Items[(int)at] : null;
                missing = string.Create(CultureInfo.InvariantCulture, $"index out of bounds: {at}");
                break;
            case CelMap or CelObject:
                found = CelSchema.Entries(container).Find(index);
                missing = $"no such key: {Show(index)}";
                break;
            default:
                return null;
        }

        return isOptional ? new CelOptional(found) : found ?? new CelError(missing);
    }

    private static long? WholeIndex(CelValue index) => index switch
    {
        CelInt whole => whole.Value,
        CelUint { Value: <= int.MaxValue } natural => (long)natural.Value,
        CelDouble real when real.Value == Math.Floor(real.Value) && Math.Abs(real.Value) < int.MaxValue => (long)real.Value,
        _ => null,
    };

    private static CelValue? Optional(string function, CelValue[] arguments) => (function, arguments) switch
    {
        ("optional.none", []) => CelOptional.None,
        ("optional.of", [var value]) => new CelOptional(value),
        ("optional.ofNonZeroValue", [var value]) => IsZero(value) ? CelOptional.None : new CelOptional(value),
        ("hasValue", [CelOptional optional]) => CelBool.Of(optional.Value is not null),
        ("value", [CelOptional optional]) => optional.Value ?? new CelError("optional.none() dereference"),
        ("or", [CelOptional optional, CelOptional other]) => optional.Value is null ? other : optional,
        ("orValue", [CelOptional optional, var other]) => optional.Value ?? other,
        _ => null,
    };

    private static bool IsZero(CelValue value) => value switch
    {
        CelNull or CelBool { Value: false } or CelInt { Value: 0 } or CelUint { Value: 0 } or CelDouble { Value: 0 } or CelText { Value: "" }
            or CelBytes { Value: [] } or CelDuration { Nanoseconds: 0 } or CelList { Items: [] } or CelMap { Entries: [] } => true,
        CelObject known => known.Document.Count == 0,
        _ => false,
    };
}
