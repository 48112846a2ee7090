using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas;

/// <summary>
/// The schemas of CRDs that this process has read, by their text. Whoever starts many control planes in one process, as tests do, installs the same few CRDs in
/// each, and reading and checking one takes longer than all else of that. Schemas do not change once they are read. Safe for calls from several threads.
/// </summary>
internal static class KnownSchemas
{
    /// <summary>How many are kept; with one more all are forgotten, so that somebody who tries thousands does not fill the memory.</summary>
    private const int Most = 32;

    private static readonly Dictionary<string, StructuralSchema> Structures = new(StringComparer.Ordinal);
    private static readonly HashSet<string> Faultless = new(StringComparer.Ordinal);
    private static readonly Lock Gate = new();

    /// <summary>Reads a schema.</summary>
    /// <exception cref="FormatException">It cannot be read.</exception>
    public static StructuralSchema Read(JsonObject schema)
    {
        string key = KeyOf(schema);
        lock (Gate)
        {
            if (Structures.TryGetValue(key, out StructuralSchema? known))
            {
                return known;
            }
        }

        var read = StructuralSchema.Read(schema);
        lock (Gate)
        {
            if (Structures.Count >= Most)
            {
                Structures.Clear();
            }

            Structures[key] = read;
        }

        return read;
    }

    /// <summary>Tells whether a schema was checked before and nothing was found.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="how">How it is checked, where that makes a difference.</param>
    /// <param name="key">What <see cref="AddFaultless"/> takes.</param>
    public static bool IsFaultless(JsonObject schema, string how, out string key)
    {
        key = $"{how} {KeyOf(schema)}";
        lock (Gate)
        {
            return Faultless.Contains(key);
        }
    }

    /// <summary>Notes that nothing was found.</summary>
    public static void AddFaultless(string key)
    {
        lock (Gate)
        {
            if (Faultless.Count >= Most)
            {
                Faultless.Clear();
            }

            Faultless.Add(key);
        }
    }

    /// <summary>A schema of ours has some 40 KB; its hash tells it from every other one.</summary>
    private static string KeyOf(JsonObject schema) => Convert.ToHexString(SHA256.HashData(JsonText.Write(schema)));
}
