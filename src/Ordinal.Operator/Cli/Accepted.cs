using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Ordinal.ControlPlane.Nodes.Processes;

namespace Ordinal.Operator.Cli;

/// <summary>
/// What options and arguments accept. Whatever else is written is refused before anything is done, always in the same words: the name of the option or
/// argument, the value, and what may be written instead.
/// </summary>
internal static class Accepted
{
    /// <summary>Takes one of a few words, and completes them.</summary>
    /// <param name="option">The option.</param>
    /// <param name="words">What may be written.</param>
    public static void AcceptOnly(this Option option, params string[] words)
    {
        option.Validators.Clear();
        option.Validators.Add(result => CheckWords(result, option.Name, words));
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
    }

    /// <inheritdoc cref="AcceptOnly(Option, string[])"/>
    public static void AcceptOnly(this Argument argument, params string[] words)
    {
        argument.Validators.Clear();
        argument.Validators.Add(result => CheckWords(result, argument.Name, words));
        argument.CompletionSources.Clear();
        argument.CompletionSources.Add(words);
    }

    /// <summary>Takes a whole number.</summary>
    /// <param name="option">The option.</param>
    /// <param name="least">The least that is taken.</param>
    /// <param name="most">The most; null for no limit.</param>
    public static void AcceptWhole(this Option<int?> option, int least, int? most = null) => option.CustomParser = result => Whole(result, option.Name, least, most);

    /// <inheritdoc cref="AcceptWhole(Option{int?}, int, int?)"/>
    public static void AcceptWhole(this Option<int> option, int least, int? most = null) => option.CustomParser = result => Whole(result, option.Name, least, most) ?? 0;

    /// <inheritdoc cref="AcceptWhole(Option{int?}, int, int?)"/>
    public static void AcceptWhole(this Argument<int?> argument, int least) => argument.CustomParser = result => Whole(result, argument.Name, least, null);

    /// <summary>Takes a share: a number above 0, at most 1.</summary>
    public static void AcceptShare(this Option<double?> option) => option.CustomParser = result =>
    {
        if (double.TryParse(TextOf(result), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 1)
        {
            return share;
        }

        result.AddError($"{option.Name} {TextOf(result)}: write a number above 0, at most 1.");
        return null;
    };

    /// <summary>Takes a duration as Go writes them, and keeps it as text.</summary>
    /// <param name="option">The option.</param>
    /// <param name="takesZero">Whether 0 is taken.</param>
    /// <param name="example">Durations that somebody may want.</param>
    public static void AcceptDuration(this Option option, bool takesZero, string example)
    {
        option.Validators.Clear();
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !GoDuration.TryParse(token.Value, out var duration) || (duration == TimeSpan.Zero && !takesZero)))
            {
                result.AddError($"{option.Name} {token.Value}: write a duration{(takesZero ? "" : " above 0")}, such as {example}.");
            }
        });
    }

    private static void CheckWords(SymbolResult result, string name, string[] words)
    {
        foreach (var token in result.Tokens.Where(token => !words.Contains(token.Value, StringComparer.Ordinal)))
        {
            result.AddError($"{name} {token.Value}: there is no such choice; write one of {string.Join(", ", words)}.");
        }
    }

    private static int? Whole(ArgumentResult result, string name, int least, int? most)
    {
        if (int.TryParse(TextOf(result), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= (most ?? int.MaxValue))
        {
            return number;
        }

        result.AddError($"{name} {TextOf(result)}: write a whole number {(most is null ? $"of at least {least}" : $"from {least} to {most}")}.");
        return null;
    }

    private static string TextOf(ArgumentResult result) => string.Join(' ', result.Tokens.Select(token => token.Value));
}
