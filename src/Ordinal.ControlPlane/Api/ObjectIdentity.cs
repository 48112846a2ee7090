namespace Ordinal.ControlPlane.Api;

/// <summary>Makes uids and generated names from one seeded source, so that a simulation can repeat itself.</summary>
internal sealed class ObjectIdentity(int? seed)
{
    // Without vowels and look-alikes, as Kubernetes generates names.
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private readonly Lock _lock = new();
    private readonly Random _random = seed is { } fixedSeed ? new Random(fixedSeed) : new Random();

    /// <summary>Makes a uid in the form of a random UUID.</summary>
    public string NewUid()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_lock)
        {
            _random.NextBytes(bytes);
        }

        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }

    /// <summary>Makes a name from a prefix, which is cut so that the name stays a DNS label.</summary>
    public string NewName(string prefix)
    {
        const int suffixLength = 5;
        Span<char> suffix = stackalloc char[suffixLength];
        lock (_lock)
        {
            for (int i = 0; i < suffix.Length; i++)
            {
                suffix[i] = Alphabet[_random.Next(Alphabet.Length)];
            }
        }

        return string.Concat(prefix.Length > 63 - suffixLength ? prefix[..(63 - suffixLength)] : prefix, suffix);
    }
}
