using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>The shapes of the built-in kinds, read from the embedded tables <c>BuiltInShapes.txt</c> and <c>KeptZeros.txt</c>, whose heads explain them.</summary>
public static partial class BuiltInShapes
{
    private static readonly Lazy<FrozenDictionary<string, Shape>> Types = new(Load);

    /// <summary>Gets the shape of a kind or of one of its parts.</summary>
    /// <exception cref="ArgumentException">The table has no such type: a mistake in the program.</exception>
    public static Shape Of(string type) =>
        Types.Value.TryGetValue(type, out Shape? shape) ? shape : throw new ArgumentException($"the table has no type '{type}'", nameof(type));

    private static FrozenDictionary<string, Shape> Load()
    {
        string[] lines = Lines("BuiltInShapes.txt");
        var kept = Lines("KeptZeros.txt").Select(line => line.Split(' ')).ToFrozenDictionary(words => words[0].TrimEnd(':'), words => words[1..].ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

        var objects = new Dictionary<string, ObjectShape>(StringComparer.Ordinal);
        var shown = new Dictionary<string, Shape>(StringComparer.Ordinal) { ["Any"] = Shape.Unknown };
        foreach (string line in lines)
        {
            string head = line[..line.IndexOf(':', StringComparison.Ordinal)];
            string name = head.TrimEnd('!', '^', '~');
            var shape = new ObjectShape(name)
            {
                IsAtomic = head.Contains('!', StringComparison.Ordinal),
                IsUnion = head.Contains('^', StringComparison.Ordinal),
                KeepsUnknownFields = head.Contains('~', StringComparison.Ordinal),
                KeptWhenEmpty = kept.GetValueOrDefault(name, FrozenSet<string>.Empty),
            };
            objects.Add(name, shape);
            shown.Add(name, shape);
        }

        foreach (string line in lines)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            ObjectShape shape = objects[line[..colon].TrimEnd('!', '^', '~')];
            foreach (string field in line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                Match match = Field().Match(field);
                shape.Fields.Add(match.Groups["name"].Value, Read(match, shown));
                if (match.Groups["always"].Success)
                {
                    shape.AlwaysThere.Add(match.Groups["name"].Value);
                }
            }
        }

        return shown.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string[] Lines(string table)
    {
        using Stream stream = typeof(BuiltInShapes).Assembly.GetManifestResourceStream($"Ordinal.ControlPlane.Schemas.{table}")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#')];
    }

    private static Shape Read(Match match, Dictionary<string, Shape> types)
    {
        string sign = match.Groups["sign"].Value;
        Shape? named = match.Groups["type"] is { Success: true } type ? types[type.Value] : null;
        switch (sign)
        {
            case "":
                return named ?? Shape.Text;
            case "#":
                return Shape.Whole;
            case "&":
                return Shape.Flag;
            case "*":
                return Shape.Scalar;
            case "?":
                return Shape.Unknown;
            case "!":
                return named is ObjectShape known ? known.Atomically() : Shape.Atomic;
            case "[]":
                return new ListShape(named ?? Shape.Scalar, ListKind.Atomic, []);
            case "[set]":
                return new ListShape(Shape.Scalar, ListKind.Set, []) { MergesScalars = true };
        }

        string inside = sign.TrimEnd('=')[1..^1];
        if (sign[0] == '{')
        {
            return new MapShape(inside == "*" ? Shape.Scalar : Shape.Text);
        }

        string[] parts = inside.Split('|');
        bool mergesOnly = sign.EndsWith('=');
        return new ListShape(named ?? Shape.Unknown, mergesOnly ? ListKind.Atomic : ListKind.Map, mergesOnly ? [] : parts[^1].Split(','))
        {
            MergeKey = parts[0].Split(',')[0],
            KeyDefaults = Defaults,
        };
    }

    /// <summary>The only key of a built-in list map that its schema gives a default: that of container ports and service ports.</summary>
    private static ImmutableDictionary<string, JsonNode> Defaults { get; } = ImmutableDictionary<string, JsonNode>.Empty.Add("protocol", JsonValue.Create("TCP"));

    [GeneratedRegex(@"^(?<always>\+)?(?<name>[A-Za-z0-9]+)(?<sign>[?!#&*]|\{\*?\}|\[[A-Za-z,|]*\]=?)?(:(?<type>[A-Za-z]+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Field();
}
