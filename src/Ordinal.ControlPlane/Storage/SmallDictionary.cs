using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Storage;

/// <summary>
/// A few texts by name, without the buckets of a dictionary: an object has a handful of labels, and there are tens of thousands of versions of objects.
/// Immutable. Looking one up walks the names.
/// </summary>
public sealed class SmallDictionary : IReadOnlyDictionary<string, string>
{
    private readonly KeyValuePair<string, string>[] entries;

    private SmallDictionary(KeyValuePair<string, string>[] entries) => this.entries = entries;

    /// <summary>Gets the map without an entry.</summary>
    public static SmallDictionary Empty { get; } = new([]);

    public int Count => entries.Length;

    public IEnumerable<string> Keys => entries.Select(entry => entry.Key);

    public IEnumerable<string> Values => entries.Select(entry => entry.Value);

    /// <exception cref="KeyNotFoundException">There is no such name.</exception>
    public string this[string key] => TryGetValue(key, out string? value) ? value : throw new KeyNotFoundException(key);

    /// <summary>Makes a map; the names must differ.</summary>
    public static SmallDictionary Of(IEnumerable<KeyValuePair<string, string>> entries) => entries as SmallDictionary
        ?? new SmallDictionary([.. entries.Select(entry => KeyValuePair.Create(TextPool.Share(entry.Key), TextPool.Share(entry.Value)))]);

    /// <summary>Gets the earlier map when it says the same in the same order, else this one with the texts of the earlier one where they are the same.</summary>
    public SmallDictionary SharedWith(IReadOnlyDictionary<string, string> earlier)
    {
        if (earlier is not SmallDictionary before || before.Count != Count)
        {
            return this;
        }

        bool isSame = true;
        var shared = new KeyValuePair<string, string>[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            (string key, string value) = before.entries[i];
            if (key != entries[i].Key)
            {
                return this;
            }

            bool isSameValue = value == entries[i].Value;
            shared[i] = KeyValuePair.Create(key, isSameValue ? value : entries[i].Value);
            isSame &= isSameValue;
        }

        return isSame ? before : new SmallDictionary(shared);
    }

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        foreach ((string name, string text) in entries)
        {
            if (name == key)
            {
                value = text;
                return true;
            }
        }

        value = null;
        return false;
    }

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)entries).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
