namespace Ordinal.Operator.Reconciling;

/// <summary>Reads the words of closed sets: the only place where a text from the API becomes an enum.</summary>
internal static class Words
{
    /// <summary>Reads a word that the operator wrote itself; absent is <paramref name="otherwise"/>.</summary>
    /// <exception cref="FormatException">The word is not known: a newer operator wrote it.</exception>
    public static TEnum Read<TEnum>(string? word, TEnum otherwise)
        where TEnum : struct, Enum =>
        string.IsNullOrEmpty(word) ? otherwise
        : TryRead<TEnum>(word, out var value) ? value
        : throw new FormatException($"\"{word}\" is no {typeof(TEnum).Name}.");

    /// <summary>Reads a word exactly as it is spelled; numbers, other cases and lists, which Enum.TryParse takes, are none.</summary>
    public static bool TryRead<TEnum>(string word, out TEnum value)
        where TEnum : struct, Enum
    {
        foreach (var (known, named) in Known<TEnum>.Words)
        {
            if (known == word)
            {
                value = named;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>The words of one set: each pass reads some twenty.</summary>
    private static class Known<TEnum>
        where TEnum : struct, Enum
    {
        public static readonly (string Word, TEnum Value)[] Words = [.. Enum.GetValues<TEnum>().Select(value => (value.ToString(), value))];
    }
}
