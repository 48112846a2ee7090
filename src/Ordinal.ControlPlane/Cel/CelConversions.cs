using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Conversions between types, <c>type()</c> and <c>size()</c>.</summary>
internal static class CelConversions
{
    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>Calls a conversion; null when it is none or does not take these arguments.</summary>
    public static CelValue? Call(string function, CelValue[] arguments) => arguments is not [var value] ? null : function switch
    {
        "type" => new CelTypeValue(value is CelObject ? "object" : value.TypeName),
        "dyn" => value,
        "size" => Size(value),
        "bool" => ToBool(value),
        "int" => ToInt(value),
        "uint" => ToUint(value),
        "double" => ToDouble(value),
        "string" => ToText(value),
        "bytes" => value is CelText text ? new CelBytes(Encoding.UTF8.GetBytes(text.Value)) : value as CelBytes,
        "duration" => ToDuration(value),
        "timestamp" => ToTimestamp(value),
        _ => null,
    };

    /// <summary>Writes a double as Go does.</summary>
    public static string Write(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        }

        int exponent = value == 0 ? 0 : (int)Math.Floor(Math.Log10(Math.Abs(value)));
        if (exponent is >= -4 and < 21)
        {
            return value.ToString("0.##################################", CultureInfo.InvariantCulture) is var plain && double.Parse(plain, CultureInfo.InvariantCulture) == value
                ? plain : value.ToString("R", CultureInfo.InvariantCulture);
        }

        return value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
    }

    private static CelInt? Size(CelValue value) => value switch
    {
        CelText text => new CelInt(text.Value.EnumerateRunes().Count()),
        CelBytes bytes => new CelInt(bytes.Value.Length),
        CelList list => new CelInt(list.Items.Length),
        CelMap map => new CelInt(map.Entries.Length),
        _ => null,
    };

    private static CelValue? ToBool(CelValue value) => value switch
    {
        CelBool => value,
        CelText { Value: "1" or "t" or "T" or "true" or "TRUE" or "True" } => CelBool.True,
        CelText { Value: "0" or "f" or "F" or "false" or "FALSE" or "False" } => CelBool.False,
        CelText => NotText("bool"),
        _ => null,
    };

    private static CelValue? ToInt(CelValue value) => value switch
    {
        CelInt => value,
        CelUint natural => new CelInt(checked((long)natural.Value)),
        CelDouble { Value: > -9223372036854775808.0 and < 9223372036854775808.0 } real => new CelInt((long)real.Value),
        CelDouble => new CelError("integer overflow"),
        CelText text when long.TryParse(text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) => new CelInt(parsed),
        CelText => NotText("int"),
        CelTimestamp time => new CelInt(time.Seconds),
        CelDuration duration => new CelInt(duration.Nanoseconds),
        _ => null,
    };

    /// <summary>A text that does not say such a value; the words of cel-go do not tell which text it was.</summary>
    private static CelError NotText(string type) => new($"type conversion error from 'string' to '{type}'");

    private static CelValue? ToUint(CelValue value) => value switch
    {
        CelUint => value,
        CelInt whole => new CelUint(checked((ulong)whole.Value)) is var result ? result : null,
        CelDouble { Value: >= 0 and < 18446744073709551616.0 } real => new CelUint((ulong)real.Value),
        CelDouble => new CelError("unsigned integer overflow"),
        CelText text when ulong.TryParse(text.Value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong parsed) => new CelUint(parsed),
        CelText => NotText("uint"),
        _ => null,
    };

    private static CelValue? ToDouble(CelValue value) => value switch
    {
        CelDouble => value,
        CelInt whole => new CelDouble(whole.Value),
        CelUint natural => new CelDouble(natural.Value),
        CelText text when double.TryParse(text.Value, NumberStyles.Float & ~(NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite), CultureInfo.InvariantCulture, out double parsed) => new CelDouble(parsed),
        CelText => NotText("double"),
        _ => null,
    };

    private static CelValue? ToText(CelValue value)
    {
        switch (value)
        {
            case CelText:
                return value;
            case CelBytes bytes:
                try
                {
                    return new CelText(Strict.GetString(bytes.Value));
                }
                catch (DecoderFallbackException)
                {
                    return new CelError("invalid UTF-8 in bytes, cannot convert to string");
                }

            case CelDuration duration:
                return new CelText(CelTime.Write(duration));
            case CelTimestamp time:
                return new CelText(CelTime.Write(time));
            case CelBool or CelInt or CelUint or CelDouble:
                return new CelText(CelFunctions.Show(value));
            default:
                return null;
        }
    }

    private static CelValue? ToDuration(CelValue value) => value switch
    {
        CelDuration => value,
        CelText text => CelTime.ParseDuration(text.Value) is { } parsed ? parsed : NotText("google.protobuf.Duration"),
        CelInt nanoseconds => new CelDuration(nanoseconds.Value),
        _ => null,
    };

    private static CelValue? ToTimestamp(CelValue value) => value switch
    {
        CelTimestamp => value,
        CelText text => text.Value.Length > 10 && CelTime.ParseTimestamp(text.Value) is { } parsed ? parsed
            : NotText("google.protobuf.Timestamp"),
        CelInt seconds => CelTime.Add(new CelTimestamp(0, 0), (Int128)seconds.Value * 1_000_000_000) is { } time ? time : new CelError("timestamp overflow"),
        _ => null,
    };
}
