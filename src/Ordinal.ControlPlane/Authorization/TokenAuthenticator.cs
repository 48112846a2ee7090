using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Ordinal.ControlPlane.Door;

namespace Ordinal.ControlPlane.Authorization;

/// <summary>
/// Knows who holds a bearer token: the users of a token file, and service accounts whose tokens were asked for. Only hashes are
/// kept, so that a comparison tells nothing by its time.
/// </summary>
public sealed class TokenAuthenticator(TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<string, (UserInfo User, DateTimeOffset Until)> _tokens = new(StringComparer.Ordinal);

    /// <summary>Adds a token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="user">Who holds it; the group of the authenticated is added.</param>
    /// <param name="until">When it expires; null for never.</param>
    public void Add(string token, UserInfo user, DateTimeOffset? until = null)
    {
        string[] groups = [.. user.Groups.Where(g => g != UserInfo.Authenticated), UserInfo.Authenticated];
        _tokens[Hash(token)] = (user with { Groups = groups }, until ?? DateTimeOffset.MaxValue);
    }

    /// <summary>Adds the users of a file as kube-apiserver's <c>--token-auth-file</c> takes it: <c>token,user,uid,"group1,group2"</c>.</summary>
    /// <exception cref="FormatException">A line has fewer than three columns.</exception>
    public void AddFile(string text)
    {
        foreach ((int i, string line) in text.Split('\n').Select(l => l.Trim()).Index())
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            string[] columns = Columns(line);
            if (columns.Length < 3 || columns[0].Length == 0 || columns[1].Length == 0)
            {
                throw new FormatException($"line {i + 1}: expected token,user,uid and, if you like, \"group1,group2\"");
            }

            string[] groups = columns.Length > 3 ? columns[3].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];
            Add(columns[0], new UserInfo(columns[1], groups) { Uid = columns[2] });
        }
    }

    /// <summary>Makes a token for a service account.</summary>
    /// <param name="user">The service account's user.</param>
    /// <param name="lifetime">How long it is good for.</param>
    public (string Token, DateTimeOffset Until) Issue(UserInfo user, TimeSpan lifetime)
    {
        string token = "ordinal." + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        DateTimeOffset now = timeProvider.GetUtcNow();
        foreach ((string hash, (_, DateTimeOffset expiry)) in _tokens)
        {
            // Nobody shows an expired token again, so nothing else would take it away.
            if (expiry <= now)
            {
                _tokens.TryRemove(hash, out _);
            }
        }

        DateTimeOffset until = now + lifetime;
        Add(token, user, until);
        return (token, until);
    }

    /// <summary>Finds the holder of a token; null when there is none, or it has expired.</summary>
    public UserInfo? Find(string token)
    {
        string hash = Hash(token);
        if (!_tokens.TryGetValue(hash, out (UserInfo User, DateTimeOffset Until) entry))
        {
            return null;
        }

        if (entry.Until > timeProvider.GetUtcNow())
        {
            return entry.User;
        }

        _tokens.TryRemove(hash, out _);
        return null;
    }

    private static string Hash(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static string[] Columns(string line)
    {
        var columns = new List<string>();
        var column = new StringBuilder();
        bool isQuoted = false;
        foreach (char c in line)
        {
            switch (c)
            {
                case '"':
                    isQuoted = !isQuoted;
                    break;
                case ',' when !isQuoted:
                    columns.Add(column.ToString());
                    column.Clear();
                    break;
                default:
                    column.Append(c);
                    break;
            }
        }

        columns.Add(column.ToString());
        return [.. columns];
    }
}
