using System.Globalization;
using System.Runtime.CompilerServices;
using Ordinal.Core.Model;
using Ordinal.Core.Reasons;

namespace Ordinal.Core.Planning;

/// <summary>
/// A sentence that may turn out not to be told: a stretch of one buffer, which each thread keeps for its next decision. Of all that a pass could say
/// the first reason stands and the rest falls away, so nothing becomes a string before a decision holds it. <c>$"…"</c> makes one, numbers and
/// times as the invariant culture writes them.
/// </summary>
/// <remarks>Good until the next <see cref="Begin"/> on the same thread: what outlives a decision is a string.</remarks>
[InterpolatedStringHandler]
internal struct Words
{
    [ThreadStatic]
    private static Page? _page;

    private int _start;

    public Words(int literalLength, int formattedCount)
    {
        _ = literalLength + formattedCount;
        _start = PageOfThread.Used;
    }

    /// <summary>Gets the number of characters.</summary>
    public int Length { get; private set; }

    public readonly bool IsEmpty => Length == 0;

    private static Page PageOfThread => _page ??= new();

    private readonly ReadOnlySpan<char> Span => PageOfThread.Text.AsSpan(_start, Length);

    /// <summary>Begins a decision: whatever was said in the last one is forgotten.</summary>
    public static void Begin() => PageOfThread.Begin();

    /// <summary>Words where the compiler would make a string: in one branch of <c>?:</c>, or of text that there is already.</summary>
    public static Words Of(Words words) => words;

    /// <inheritdoc cref="Of(Words)"/>
    public static Words Of(string text)
    {
        var words = new Words(text.Length, 0);
        words.AppendLiteral(text);
        return words;
    }

    /// <summary>Tells whether these are the same words, not merely equal ones.</summary>
    public readonly bool Is(Words other) => Length == other.Length && _start == other._start;

    public void AppendLiteral(string value) => AppendFormatted(value.AsSpan());

    public void AppendFormatted(string? value) => AppendFormatted(value.AsSpan());

    public void AppendFormatted(Words value) => AppendFormatted(value.Span);

    public void AppendFormatted(ReasonCode? value) => AppendFormatted(value?.Code);

    public void AppendFormatted(IntOrPercent value)
    {
        AppendFormatted(value.Number);
        AppendLiteral(value.IsPercent ? "%" : "");
    }

    public void AppendFormatted(DurationText value)
    {
        var (hours, minutes, seconds) = value.Parts;
        if (hours > 0)
        {
            AppendFormatted(hours);
            AppendLiteral("h");
        }

        if (hours > 0 || minutes > 0)
        {
            AppendFormatted(minutes);
            AppendLiteral("m");
        }

        AppendFormatted(seconds);
        AppendLiteral("s");
    }

    public void AppendFormatted(ReadOnlySpan<char> value)
    {
        value.CopyTo(Room(value.Length));
        Grow(value.Length);
    }

    public void AppendFormatted<T>(T value)
        where T : struct, ISpanFormattable
    {
        // An enum formats itself by way of a box, unlike Enum.TryFormat.
        int written;
        for (var size = 32; typeof(T).IsEnum ? !Enum.TryFormat(value, Room(size), out written) : !value.TryFormat(Room(size), out written, default, CultureInfo.InvariantCulture); size *= 2)
        {
        }

        Grow(written);
    }

    /// <summary>Appends the items with a comma between them.</summary>
    public void AppendList(ReadOnlySpan<string> items)
    {
        for (var i = 0; i < items.Length; i++)
        {
            AppendLiteral(i > 0 ? ", " : "");
            AppendLiteral(items[i]);
        }
    }

    /// <summary>Makes the string.</summary>
    public override readonly string ToString() => Length == 0 ? "" : Span.ToString();

    private void Grow(int by)
    {
        Length += by;
        PageOfThread.Used = _start + Length;
    }

    /// <summary>Room behind the words. Other words may have been said since these began, in a hole of theirs: then these move behind them.</summary>
    private Span<char> Room(int size)
    {
        var page = PageOfThread;
        if (_start + Length != page.Used)
        {
            page.Reserve(Length + size);
            page.Text.AsSpan(_start, Length).CopyTo(page.Text.AsSpan(page.Used));
            _start = page.Used;
            page.Used += Length;
        }

        page.Reserve(size);
        return page.Text.AsSpan(page.Used);
    }

    /// <summary>The buffer of a thread.</summary>
    private sealed class Page
    {
        /// <summary>What is kept from one decision to the next: enough for each of 1,000 pods to have something to say.</summary>
        private const int MostKept = 256 * 1024;

        public char[] Text { get; private set; } = new char[4096];

        public int Used { get; set; }

        public void Begin()
        {
            Used = 0;
            Text = Text.Length > MostKept ? new char[4096] : Text;
        }

        public void Reserve(int more)
        {
            if (Used + more > Text.Length)
            {
                var longer = new char[Math.Max(Text.Length * 2, Used + more)];
                Text.AsSpan(0, Used).CopyTo(longer);
                Text = longer;
            }
        }
    }
}
