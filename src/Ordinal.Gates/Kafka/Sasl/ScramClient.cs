using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ordinal.Gates.Kafka.Sasl;

/// <summary>The client's side of SCRAM (RFC 5802, RFC 7677): three messages, and the proof that the server knows the password too.</summary>
/// <param name="is256">SHA-256; else SHA-512.</param>
/// <param name="user">The user name.</param>
/// <param name="password">The password.</param>
/// <param name="nonce">Something that was never said before.</param>
internal sealed class ScramClient(bool is256, string user, string password, string nonce)
{
    /// <summary>Below this Kafka itself refuses; above the other, a server could keep the operator busy for minutes.</summary>
    private const int FewestIterations = 4096;
    private const int MostIterations = 1_000_000;

    private readonly HashAlgorithmName hash = is256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;
    private readonly string bare = $"n={user.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";
    private byte[] signature = [];

    internal static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(24));

    /// <summary>Says who we are.</summary>
    internal byte[] First() => Encoding.UTF8.GetBytes($"n,,{bare}");

    /// <summary>Proves that we know the password; null when the challenge is none.</summary>
    internal byte[]? Final(byte[] challenge)
    {
        var text = Encoding.UTF8.GetString(challenge);
        var fields = Fields(text);
        if (!fields.TryGetValue('r', out var both) || !both.StartsWith(nonce, StringComparison.Ordinal) || both.Length == nonce.Length
            || !fields.TryGetValue('s', out var saltText) || Base64(saltText) is not { } salt
            || !fields.TryGetValue('i', out var count) || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < FewestIterations or > MostIterations)
        {
            return null;
        }

        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, hash, is256 ? 32 : 64);
        var withoutProof = $"c=biws,r={both}";
        var said = Encoding.UTF8.GetBytes($"{bare},{text},{withoutProof}");
        var proof = Hmac(salted, "Client Key"u8);
        var mask = Hmac(CryptographicOperations.HashData(hash, proof), said);
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= mask[i];
        }

        signature = Hmac(Hmac(salted, "Server Key"u8), said);
        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    /// <summary>Tells whether the server knows the password.</summary>
    internal bool IsServer(byte[] final) =>
        Fields(Encoding.UTF8.GetString(final)).TryGetValue('v', out var text) && Base64(text) is { } theirs && signature.Length > 0
        && CryptographicOperations.FixedTimeEquals(theirs, signature);

    private static Dictionary<char, string> Fields(string text)
    {
        var fields = new Dictionary<char, string>();
        foreach (var field in text.Split(','))
        {
            if (field.Length > 1 && field[1] == '=')
            {
                fields.TryAdd(field[0], field[2..]);
            }
        }

        return fields;
    }

    private static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    private byte[] Hmac(byte[] key, ReadOnlySpan<byte> message) => CryptographicOperations.HmacData(hash, key, message);
}
