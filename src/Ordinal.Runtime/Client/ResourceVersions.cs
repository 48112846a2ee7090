using System.Globalization;

namespace Ordinal.Runtime.Client;

/// <summary>
/// Compares resource versions. Kubernetes says since 1.35 that they are whole numbers of one order per kind; a server that does not
/// keep to that is met by equality alone.
/// </summary>
public static class ResourceVersions
{
    /// <summary>
    /// Returns whether whoever saw <paramref name="seen"/> has seen the write that produced <paramref name="written"/>:
    /// true when it is that version or a later one, false when it is an earlier one or that cannot be told.
    /// </summary>
    public static bool HasSeen(string seen, string written) =>
        seen == written || (TryParse(seen, out var seenNumber) && TryParse(written, out var writtenNumber) && seenNumber >= writtenNumber);

    /// <summary>Returns whether <paramref name="candidate"/> is known to be older than <paramref name="current"/>.</summary>
    public static bool IsOlder(string candidate, string current) =>
        TryParse(candidate, out var candidateNumber) && TryParse(current, out var currentNumber) && candidateNumber < currentNumber;

    // No sign, no leading zero: what is not written as the server writes numbers is opaque.
    private static bool TryParse(string text, out ulong number)
    {
        number = 0;
        return text.Length > 0 && text[0] is >= '1' and <= '9' && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
