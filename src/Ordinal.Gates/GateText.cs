namespace Ordinal.Gates;

/// <summary>Words of others, in our messages.</summary>
internal static class GateText
{
    /// <summary>Makes foreign words fit for a message: printable, and at most 200 characters.</summary>
    internal static string Clean(string text) =>
        new string([.. text.Take(200).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)]).Trim();
}
