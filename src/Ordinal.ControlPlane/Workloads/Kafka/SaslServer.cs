using System.Security.Cryptography;
using System.Text;

namespace Ordinal.ControlPlane.Workloads.Kafka;

/// <summary>The broker's side of SASL on one connection.</summary>
internal sealed class SaslServer(BrokerOptions options)
{
    private const int Iterations = 4096;
    private const short Refused = 58;

    private string mechanism = "";
    private string clientFirst = "";
    private string serverFirst = "";
    private string user = "";

    /// <summary>Gets a value indicating whether the client has said who it is.</summary>
    internal bool IsDone { get; private set; }

    internal MessageOut Handshake(MessageIn request, MessageOut answer)
    {
        mechanism = request.Text() ?? "";
        var code = !options.WantsSasl ? 34 : options.Mechanisms.Contains(mechanism) ? 0 : 33;
        return answer.Short(code).List(options.WantsSasl ? options.Mechanisms : [], m => answer.Text(m));
    }

    internal MessageOut Authenticate(MessageIn request, MessageOut answer, short version)
    {
        var said = Encoding.UTF8.GetString(request.Blob());
        var reply = mechanism switch
        {
            "PLAIN" => Plain(said),
            "OAUTHBEARER" => Bearer(said),
            "SCRAM-SHA-256" => Scram(said, HashAlgorithmName.SHA256, 32),
            "SCRAM-SHA-512" => Scram(said, HashAlgorithmName.SHA512, 64),
            _ => null,
        };
        answer.Short(reply is null ? Refused : 0).Text(reply is null ? $"Authentication failed for what was said: {said}" : null).Blob(Encoding.UTF8.GetBytes(reply ?? ""));
        return (version >= 1 ? answer.Long((long)options.SessionLifetime.TotalMilliseconds) : answer).Tagged();
    }

    private string? Plain(string said)
    {
        var parts = said.Split('\0');
        IsDone = parts.Length == 3 && options.Users.TryGetValue(parts[1], out var password) && password == parts[2];
        return IsDone ? "" : null;
    }

    private string? Bearer(string said)
    {
        IsDone = options.Token is not null && said.Contains($"auth=Bearer {options.Token}\u0001", StringComparison.Ordinal);
        return IsDone ? "" : said == "\u0001" ? null : """{"status":"invalid_token"}""";
    }

    private string? Scram(string said, HashAlgorithmName hash, int length)
    {
        if (clientFirst.Length == 0)
        {
            clientFirst = said["n,,".Length..];
            user = Field(clientFirst, "n=").Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
            serverFirst = $"r={Field(clientFirst, "r=")}server,s={Convert.ToBase64String(Salt(user))},i={Iterations}";
            return serverFirst;
        }

        var salted = Rfc2898DeriveBytes.Pbkdf2(options.Users.GetValueOrDefault(user, "nobody knows this"), Salt(user), Iterations, hash, length);
        var withoutProof = said[..said.LastIndexOf(",p=", StringComparison.Ordinal)];
        var transcript = Encoding.UTF8.GetBytes($"{clientFirst},{serverFirst},{withoutProof}");
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        var wanted = CryptographicOperations.HmacData(hash, CryptographicOperations.HashData(hash, clientKey), transcript);
        IsDone = options.Users.ContainsKey(user) && Field(said, "p=") == Convert.ToBase64String([.. clientKey.Zip(wanted, (a, b) => (byte)(a ^ b))]);
        var serverKey = CryptographicOperations.HmacData(hash, salted, "Server Key"u8);
        return IsDone ? $"v={Convert.ToBase64String(CryptographicOperations.HmacData(hash, serverKey, transcript))}" : null;
    }

    private static byte[] Salt(string user) => SHA256.HashData(Encoding.UTF8.GetBytes($"salt of {user}"))[..16];

    private static string Field(string message, string name) =>
        message.Split(',').FirstOrDefault(f => f.StartsWith(name, StringComparison.Ordinal))?[name.Length..] ?? "";
}
