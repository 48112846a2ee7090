using System.Globalization;
using System.Text;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Kinds of tokens.</summary>
internal enum CelTokenKind
{
    Identifier,
    EscapedIdentifier,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Symbol,
    End,
}

/// <summary>One token.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">As written; without the back ticks of an escaped identifier.</param>
/// <param name="Position">Offset in the source.</param>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, int Position)
{
    /// <summary>Gets the value of a string or bytes literal.</summary>
    public object? Value { get; init; }

    public bool Is(string symbol) => Kind == CelTokenKind.Symbol && Text == symbol;

    public bool IsWord(string word) => Kind == CelTokenKind.Identifier && Text == word;
}

/// <summary>Takes an expression apart into tokens.</summary>
internal sealed class CelLexer(string source)
{
    private static readonly string[] Symbols =
        ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*", "/", "%"];

    private const int MostIssues = 100;

    private readonly List<CelIssue> _issues = [];
    private int _at;

    /// <summary>Reads all tokens; the last is the end. What is not understood is left out.</summary>
    public (List<CelToken> Tokens, IReadOnlyList<CelIssue> Issues) ReadAll()
    {
        var tokens = new List<CelToken>();
        while (true)
        {
            SkipBlanks();
            if (_at >= source.Length)
            {
                tokens.Add(new CelToken(CelTokenKind.End, "<EOF>", source.Length));
                return (tokens, [.. _issues.Take(MostIssues)]);
            }

            if (Next() is { } token)
            {
                tokens.Add(token);
            }
        }
    }

    private static bool IsWordStart(char c) => char.IsAsciiLetter(c) || c == '_';

    private static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private void SkipBlanks()
    {
        while (_at < source.Length)
        {
            if (source[_at] is ' ' or '\t' or '\r' or '\n' or '\f')
            {
                _at++;
            }
            else if (source.AsSpan(_at).StartsWith("//"))
            {
                while (_at < source.Length && source[_at] != '\n')
                {
                    _at++;
                }
            }
            else
            {
                return;
            }
        }
    }

    private CelToken? Next()
    {
        int start = _at;
        char c = source[_at];
        if (StringStart() is { } opening)
        {
            return Literal(start, opening.IsRaw, opening.IsBytes);
        }

        if (IsWordStart(c))
        {
            while (_at < source.Length && IsWordPart(source[_at]))
            {
                _at++;
            }

            return new CelToken(CelTokenKind.Identifier, source[start.._at], start);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && _at + 1 < source.Length && char.IsAsciiDigit(source[_at + 1])))
        {
            return Number(start);
        }

        if (c == '`')
        {
            int end = source.IndexOf('`', _at + 1);
            if (end > _at + 1)
            {
                _at = end + 1;
                return new CelToken(CelTokenKind.EscapedIdentifier, source[(start + 1)..end], start);
            }
        }

        foreach (string symbol in Symbols)
        {
            if (source.AsSpan(_at).StartsWith(symbol))
            {
                _at += symbol.Length;
                return new CelToken(CelTokenKind.Symbol, symbol, start);
            }
        }

        _at++;
        return Unknown(start, _at);
    }

    private CelToken? Unknown(int start, int end) => Problem(start, $"Syntax error: token recognition error at: '{source[start..end]}'");

    private CelToken? Problem(int position, string message)
    {
        _issues.Add(new CelIssue(position, message));
        return null;
    }

    private CelToken Number(int start)
    {
        if (source.AsSpan(_at).StartsWith("0x"))
        {
            _at += 2;
            while (_at < source.Length && char.IsAsciiHexDigit(source[_at]))
            {
                _at++;
            }

            return Suffixed(start, CelTokenKind.Int);
        }

        Digits();
        CelTokenKind kind = CelTokenKind.Int;
        if (_at + 1 < source.Length && source[_at] == '.' && char.IsAsciiDigit(source[_at + 1]))
        {
            kind = CelTokenKind.Double;
            _at++;
            Digits();
        }

        if (_at < source.Length && source[_at] is 'e' or 'E')
        {
            int sign = _at + 1 < source.Length && source[_at + 1] is '+' or '-' ? 2 : 1;
            if (_at + sign < source.Length && char.IsAsciiDigit(source[_at + sign]))
            {
                kind = CelTokenKind.Double;
                _at += sign;
                Digits();
            }
        }

        return kind == CelTokenKind.Double ? new CelToken(kind, source[start.._at], start) : Suffixed(start, kind);
    }

    private CelToken Suffixed(int start, CelTokenKind kind)
    {
        string text = source[start.._at];
        if (_at < source.Length && source[_at] is 'u' or 'U')
        {
            _at++;
            return new CelToken(CelTokenKind.Uint, text, start);
        }

        return new CelToken(kind, text, start);
    }

    private void Digits()
    {
        while (_at < source.Length && char.IsAsciiDigit(source[_at]))
        {
            _at++;
        }
    }

    private (bool IsRaw, bool IsBytes)? StringStart()
    {
        int i = _at;
        bool isRaw = false, isBytes = false;
        while (i < source.Length)
        {
            switch (source[i])
            {
                case '"' or '\'':
                    _at = i;
                    return (isRaw, isBytes);
                case 'r' or 'R' when !isRaw:
                    isRaw = true;
                    break;
                case 'b' or 'B' when !isBytes && !isRaw:
                    isBytes = true;
                    break;
                default:
                    return null;
            }

            i++;
        }

        return null;
    }

    private CelToken? Literal(int start, bool isRaw, bool isBytes)
    {
        char quote = source[_at];
        string triple = new(quote, 3);
        bool isTriple = source.AsSpan(_at).StartsWith(triple);
        _at += isTriple ? 3 : 1;
        var bytes = new List<byte>();
        while (true)
        {
            if (_at >= source.Length || (!isTriple && source[_at] is '\n' or '\r'))
            {
                return Unknown(start, _at);
            }

            if (isTriple ? source.AsSpan(_at).StartsWith(triple) : source[_at] == quote)
            {
                _at += isTriple ? 3 : 1;
                break;
            }

            if (source[_at] == '\\' && !isRaw)
            {
                if (!TryEscape(bytes, isBytes))
                {
                    _at = Math.Min(source.Length, _at + 2);
                    return Unknown(start, _at);
                }

                continue;
            }

            int length = char.IsHighSurrogate(source[_at]) && _at + 1 < source.Length ? 2 : 1;
            bytes.AddRange(Encoding.UTF8.GetBytes(source.Substring(_at, length)));
            _at += length;
        }

        byte[] content = [.. bytes];
        return isBytes
            ? new CelToken(CelTokenKind.Bytes, source[start.._at], start) { Value = content }
            : new CelToken(CelTokenKind.Text, source[start.._at], start) { Value = Encoding.UTF8.GetString(content) };
    }

    private bool TryEscape(List<byte> bytes, bool isBytes)
    {
        char c = _at + 1 < source.Length ? source[_at + 1] : '\0';
        const string Simple = "abfnrtv\"'\\?`";
        int simple = Simple.IndexOf(c, StringComparison.Ordinal);
        if (simple >= 0)
        {
            bytes.Add((byte)"\a\b\f\n\r\t\v\"'\\?`"[simple]);
            _at += 2;
            return true;
        }

        (int digits, int radix, int skip) = c switch
        {
            'x' or 'X' => (2, 16, 2),
            'u' => (4, 16, 2),
            'U' => (8, 16, 2),
            >= '0' and <= '3' => (3, 8, 1),
            _ => (0, 0, 0),
        };
        if (digits == 0 || _at + skip + digits > source.Length || !TryRead(source.Substring(_at + skip, digits), radix, out int code))
        {
            return false;
        }

        _at += skip + digits;
        if (isBytes && digits < 4)
        {
            bytes.Add((byte)code);
        }
        else if (Rune.TryCreate(code, out Rune rune))
        {
            bytes.AddRange(Encoding.UTF8.GetBytes(rune.ToString()));
        }
        else
        {
            return false;
        }

        return true;
    }

    private static bool TryRead(string text, int radix, out int code)
    {
        code = 0;
        foreach (char c in text)
        {
            int digit = char.IsAsciiHexDigit(c) ? int.Parse(c.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : radix;
            if (digit >= radix || code > 0x10FFFF)
            {
                return false;
            }

            code = (code * radix) + digit;
        }

        return true;
    }
}
