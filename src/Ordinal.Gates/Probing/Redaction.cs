using System.Text;

namespace Ordinal.Gates.Probing;

/// <summary>
/// Takes a gate's own secrets out of what a server says: one that echoes its request, as a debug page or an error may, must not bring a password
/// into a status. Shorter than four characters is not looked for: that would take apart every text and hide nothing.
/// </summary>
internal sealed class Redaction
{
    private const int Shortest = 4;

    private readonly string[] secrets;

    internal Redaction(IGateSecrets secrets)
    {
        var basic = secrets.Username is null && secrets.Password is null ? null : BasicOf(secrets);
        this.secrets = [.. new[] { secrets.Password, secrets.Token, basic }.Concat(secrets.Headers.Values)
            .OfType<string>().Where(s => s.Length >= Shortest).OrderByDescending(s => s.Length)];
    }

    /// <summary>Gets the value of HTTP's basic authentication.</summary>
    internal static string BasicOf(IGateSecrets secrets) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{secrets.Username}:{secrets.Password}"));

    /// <summary>Makes foreign words fit for a message: without our secrets, printable, and at most 200 characters.</summary>
    internal string Clean(string text)
    {
        foreach (var secret in secrets)
        {
            text = text.Replace(secret, "(secret)", StringComparison.Ordinal);
        }

        return GateText.Clean(text);
    }
}
