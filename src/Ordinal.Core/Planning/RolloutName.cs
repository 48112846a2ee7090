using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ordinal.Core.Planning;

/// <summary>
/// The name of the rollout that a template drift makes. It depends on nothing but its four arguments, so an operator that crashes between
/// deciding and creating, or two operators, make the same object once.
/// </summary>
public static class RolloutName
{
    /// <summary>The longest name of a policy; with a dash and the hash it fills a DNS label.</summary>
    public const int MaxPolicyLength = 52;

    private const int HashLength = 10;

    /// <summary>The alphabet of Kubernetes' own generated names: no vowels, so no words.</summary>
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Makes the name: the policy's, and ten characters of a hash over all four. At most 63 characters, a DNS label.</summary>
    /// <param name="policy">The policy's name, a DNS subdomain; what is over 52 characters is cut.</param>
    /// <param name="setUid">The UID of the StatefulSet: one made again under the same name is another set.</param>
    /// <param name="revision">The name of the ControllerRevision.</param>
    /// <param name="revisionNumber">Its <c>.revision</c>: a template that goes A, B, A comes back to the same name with a greater number.</param>
    public static string For(string policy, string setUid, string revision, long revisionNumber)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy);
        var number = revisionNumber.ToString(CultureInfo.InvariantCulture);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{policy}\n{setUid}\n{revision}\n{number}"), hash);

        var stem = policy.Length > MaxPolicyLength ? policy[..MaxPolicyLength] : policy;
        var name = new StringBuilder(stem.Replace('.', '-').TrimEnd('-')).Append('-');
        var rest = BinaryPrimitives.ReadUInt64BigEndian(hash);
        for (var i = 0; i < HashLength; i++)
        {
            name.Append(Alphabet[(int)(rest % (ulong)Alphabet.Length)]);
            rest /= (ulong)Alphabet.Length;
        }

        return name.ToString();
    }
}
