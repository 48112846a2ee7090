namespace Ordinal.ControlPlane.Cel;

/// <summary>One way to call a function.</summary>
/// <param name="IsMethod">Whether the first parameter is the receiver.</param>
/// <param name="Parameters">Types of the parameters.</param>
/// <param name="Result">Type of the result.</param>
internal sealed record CelOverload(bool IsMethod, IReadOnlyList<CelType> Parameters, CelType Result);

/// <summary>
/// The functions that rules may call, with their types: the standard library and Kubernetes' extensions for strings, lists, sets,
/// regular expressions, quantities, addresses, networks, URLs, versions, formats and optional values. One line each: <c>receiver.name(parameters) result</c>; a capital letter is any type, a
/// type in angle brackets stands for each type of the list.
/// </summary>
internal static class CelDeclarations
{
    private const string Text = """
        _==_(A, A) bool
        _!=_(A, A) bool
        !_(bool) bool
        -_(int) int
        -_(double) double
        _+_(int, int) int
        _+_(uint, uint) uint
        _+_(double, double) double
        _+_(string, string) string
        _+_(bytes, bytes) bytes
        _+_(list(A), list(A)) list(A)
        _+_(duration, duration) duration
        _+_(timestamp, duration) timestamp
        _+_(duration, timestamp) timestamp
        _-_(int, int) int
        _-_(uint, uint) uint
        _-_(double, double) double
        _-_(duration, duration) duration
        _-_(timestamp, timestamp) duration
        _-_(timestamp, duration) timestamp
        _*_(int, int) int
        _*_(uint, uint) uint
        _*_(double, double) double
        _/_(int, int) int
        _/_(uint, uint) uint
        _/_(double, double) double
        _%_(int, int) int
        _%_(uint, uint) uint
        @in(A, list(A)) bool
        @in(A, map(A, B)) bool
        _[_](list(A), int) A
        _[_](map(A, B), A) B
        _[_](optional(list(A)), int) optional(A)
        _[_](optional(map(A, B)), A) optional(B)
        _[?_](list(A), int) optional(A)
        _[?_](map(A, B), A) optional(B)
        _[?_](optional(list(A)), int) optional(A)
        _[?_](optional(map(A, B)), A) optional(B)
        size(<string bytes list(A) map(A,B)>) int
        <string bytes list(A) map(A,B)>.size() int
        type(A) type(A)
        dyn(A) dyn
        bool(<bool string>) bool
        int(<int uint double string timestamp duration>) int
        uint(<int uint double string>) uint
        double(<int uint double string>) double
        string(<string bool int uint double bytes timestamp duration>) string
        bytes(<bytes string>) bytes
        duration(<duration string int>) duration
        timestamp(<timestamp string int>) timestamp
        string.contains(string) bool
        string.startsWith(string) bool
        string.endsWith(string) bool
        string.matches(string) bool
        matches(string, string) bool
        timestamp.getFullYear() int
        timestamp.getFullYear(string) int
        timestamp.getMonth() int
        timestamp.getMonth(string) int
        timestamp.getDate() int
        timestamp.getDate(string) int
        timestamp.getDayOfMonth() int
        timestamp.getDayOfMonth(string) int
        timestamp.getDayOfWeek() int
        timestamp.getDayOfWeek(string) int
        timestamp.getDayOfYear() int
        timestamp.getDayOfYear(string) int
        <timestamp duration>.getHours() int
        timestamp.getHours(string) int
        <timestamp duration>.getMinutes() int
        timestamp.getMinutes(string) int
        <timestamp duration>.getSeconds() int
        timestamp.getSeconds(string) int
        <timestamp duration>.getMilliseconds() int
        timestamp.getMilliseconds(string) int
        string.charAt(int) string
        string.indexOf(string) int
        string.indexOf(string, int) int
        string.lastIndexOf(string) int
        string.lastIndexOf(string, int) int
        string.lowerAscii() string
        string.upperAscii() string
        string.replace(string, string) string
        string.replace(string, string, int) string
        string.split(string) list(string)
        string.split(string, int) list(string)
        string.substring(int) string
        string.substring(int, int) string
        string.trim() string
        string.find(string) string
        string.findAll(string) list(string)
        string.findAll(string, int) list(string)
        strings.quote(string) string
        list(string).join() string
        list(string).join(string) string
        <list(int) list(uint) list(double) list(bool) list(duration) list(timestamp) list(string) list(bytes)>.isSorted() bool
        list(int).sum() int
        list(uint).sum() uint
        list(double).sum() double
        list(duration).sum() duration
        list(int).min() int
        list(uint).min() uint
        list(double).min() double
        list(bool).min() bool
        list(duration).min() duration
        list(timestamp).min() timestamp
        list(string).min() string
        list(bytes).min() bytes
        list(int).max() int
        list(uint).max() uint
        list(double).max() double
        list(bool).max() bool
        list(duration).max() duration
        list(timestamp).max() timestamp
        list(string).max() string
        list(bytes).max() bytes
        list(A).indexOf(A) int
        list(A).lastIndexOf(A) int
        list(A).slice(int, int) list(A)
        list(list(A)).flatten() list(A)
        list(dyn).flatten(int) list(dyn)
        list(A).reverse() list(A)
        list(A).distinct() list(A)
        lists.range(int) list(int)
        sets.contains(list(A), list(A)) bool
        sets.equivalent(list(A), list(A)) bool
        sets.intersects(list(A), list(A)) bool
        quantity(string) quantity
        isQuantity(string) bool
        sign(quantity) int
        quantity.isGreaterThan(quantity) bool
        quantity.isLessThan(quantity) bool
        quantity.compareTo(quantity) int
        quantity.asApproximateFloat() double
        quantity.asInteger() int
        quantity.isInteger() bool
        quantity.add(quantity) quantity
        quantity.add(int) quantity
        quantity.sub(quantity) quantity
        quantity.sub(int) quantity
        isIP(string) bool
        ip(string) address
        ip.isCanonical(string) bool
        address.family() int
        address.isUnspecified() bool
        address.isLoopback() bool
        address.isLinkLocalMulticast() bool
        address.isLinkLocalUnicast() bool
        address.isGlobalUnicast() bool
        isCIDR(string) bool
        cidr(string) network
        network.containsIP(address) bool
        network.containsIP(string) bool
        network.containsCIDR(network) bool
        network.containsCIDR(string) bool
        network.ip() address
        network.prefixLength() int
        network.masked() network
        string(address) string
        string(network) string
        isURL(string) bool
        url(string) url
        url.getScheme() string
        url.getHost() string
        url.getHostname() string
        url.getPort() string
        url.getEscapedPath() string
        url.getQuery() map(string, list(string))
        isSemver(string) bool
        isSemver(string, bool) bool
        semver(string) semver
        semver(string, bool) semver
        semver.isGreaterThan(semver) bool
        semver.isLessThan(semver) bool
        semver.compareTo(semver) int
        semver.major() int
        semver.minor() int
        semver.patch() int
        format.named(string) optional(format)
        format.validate(string) optional(list(string))
        optional.of(A) optional(A)
        optional.ofNonZeroValue(A) optional(A)
        optional.none() optional(A)
        optional(A).hasValue() bool
        optional(A).value() A
        optional(A).or(optional(A)) optional(A)
        optional(A).orValue(A) A
        """;

    private static readonly string[] Ordered =
    [
        "bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp",
    ];

    private static readonly Dictionary<string, List<CelOverload>> Functions = Read();

    /// <summary>Whether there is a function of that name, in whatever form.</summary>
    public static bool Has(string function) => Functions.ContainsKey(function);

    /// <summary>Gets the ways to call a function; empty when there is none.</summary>
    public static IReadOnlyList<CelOverload> Of(string function) => Functions.TryGetValue(function, out List<CelOverload>? overloads) ? overloads : [];

    private static Dictionary<string, List<CelOverload>> Read()
    {
        var functions = new Dictionary<string, List<CelOverload>>(StringComparer.Ordinal);
        foreach (string line in Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).SelectMany(Expand))
        {
            Add(functions, line);
        }

        string[] numbers = ["int", "uint", "double"];
        foreach (string comparison in (ReadOnlySpan<string>)["_<_", "_<=_", "_>_", "_>=_"])
        {
            foreach (string type in Ordered)
            {
                foreach (string other in numbers.Contains(type) ? numbers : [type])
                {
                    Add(functions, $"{comparison}({type}, {other}) bool");
                }
            }
        }

        foreach (string type in Ordered)
        {
            Add(functions, $"list({type}).sort() list({type})");
        }

        foreach (string format in CelFormat.Names)
        {
            functions[$"format.{format}"] = [new CelOverload(false, [], CelType.Format)];
        }

        return functions;
    }

    private static IEnumerable<string> Expand(string line)
    {
        int open = line.StartsWith('<') ? 0 : line.IndexOf("(<", StringComparison.Ordinal) + 1;
        if (line[open] != '<')
        {
            return [line];
        }

        int close = line.IndexOf('>', open);
        return line[(open + 1)..close].Split(' ').Select(choice => line[..open] + choice + line[(close + 1)..]);
    }

    private static void Add(Dictionary<string, List<CelOverload>> functions, string line)
    {
        string[] words = line.Split(") ", 2);
        int open = OpeningOfArguments(words[0]);
        string name = words[0][..open];
        var parameters = new List<CelType>();
        int dot = name.LastIndexOf('.');
        bool isSpace = (dot > 0 && name[..dot] is "optional" or "sets" or "lists" or "strings" or "ip") || name == "format.named";
        bool isMethod = dot > 0 && !isSpace;
        if (isMethod)
        {
            parameters.Add(Type(name[..dot]));
            name = name[(dot + 1)..];
        }

        parameters.AddRange(Split(words[0][(open + 1)..]).Select(Type));
        if (!functions.TryGetValue(name, out List<CelOverload>? overloads))
        {
            functions[name] = overloads = [];
        }

        overloads.Add(new CelOverload(isMethod, parameters, Type(words[1])));
    }

    // The one that closes at the end; a receiver may have parentheses of its own.
    private static int OpeningOfArguments(string call)
    {
        int depth = 1;
        for (int i = call.Length - 1; ; i--)
        {
            depth += call[i] switch { ')' => 1, '(' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }
    }

    private static IEnumerable<string> Split(string list)
    {
        int depth = 0, start = 0;
        for (int i = 0; i < list.Length; i++)
        {
            depth += list[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (list[i] == ',' && depth == 0)
            {
                yield return list[start..i].Trim();
                start = i + 1;
            }
        }

        if (list.Length > start)
        {
            yield return list[start..].Trim();
        }
    }

    private static CelType Type(string text)
    {
        int open = text.IndexOf('(', StringComparison.Ordinal);
        CelType[] inner = open < 0 ? [] : [.. Split(text[(open + 1)..^1]).Select(Type)];
        return (open < 0 ? text : text[..open]) switch
        {
            "bool" => CelType.Bool,
            "int" => CelType.Int,
            "uint" => CelType.Uint,
            "double" => CelType.Double,
            "string" => CelType.Text,
            "bytes" => CelType.Bytes,
            "duration" => CelType.Duration,
            "quantity" => CelType.Quantity,
            "address" => CelType.Address,
            "network" => CelType.Network,
            "url" => CelType.Url,
            "semver" => CelType.Semver,
            "format" => CelType.Format,
            "timestamp" => CelType.Timestamp,
            "dyn" => CelType.Dynamic,
            "list" => CelType.ListOf(inner[0]),
            "map" => CelType.MapOf(inner[0], inner[1]),
            "optional" => CelType.OptionalOf(inner[0]),
            "type" => CelType.TypeOf(inner[0]),
            var parameter => CelType.Parameter(parameter),
        };
    }
}
