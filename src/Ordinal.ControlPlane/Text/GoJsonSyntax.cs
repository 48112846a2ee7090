namespace Ordinal.ControlPlane.Text;

/// <summary>
/// Says what is wrong with the syntax of a JSON text, in the words of Go's decoder: they are what a user of a real API server reads.
/// </summary>
internal static class GoJsonSyntax
{
    private const int Deepest = 128;
    private const string Value = "looking for beginning of value";

    /// <summary>Gets the problem; null when the text is one JSON value.</summary>
    public static string? Problem(ReadOnlySpan<byte> text)
    {
        var scanner = new Scanner(text);
        scanner.SkipSpace();
        scanner.ReadValue(0);
        if (scanner.Found is not null)
        {
            return scanner.Found;
        }

        scanner.SkipSpace();
        if (!scanner.IsAtEnd)
        {
            scanner.Fail("after top-level value");
        }

        return scanner.Found;
    }

    private ref struct Scanner(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _at;

        public string? Found { get; private set; }

        public readonly bool IsAtEnd => _at >= _text.Length;

        public void SkipSpace()
        {
            while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                _at++;
            }
        }

        public void Fail(string where) => Found ??= IsAtEnd ? "unexpected end of JSON input" : $"invalid character {Quote(_text[_at])} {where}";

        public void ReadValue(int depth)
        {
            if (IsAtEnd)
            {
                Fail(Value);
                return;
            }

            switch (_text[_at])
            {
                case (byte)'{' or (byte)'[' when depth >= Deepest:
                    Fail("exceeded max depth");
                    break;
                case (byte)'{':
                    ReadObject(depth);
                    break;
                case (byte)'[':
                    ReadArray(depth);
                    break;
                case (byte)'"':
                    ReadString();
                    break;
                case (byte)'t':
                    ReadLiteral("true");
                    break;
                case (byte)'f':
                    ReadLiteral("false");
                    break;
                case (byte)'n':
                    ReadLiteral("null");
                    break;
                case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                    ReadNumber();
                    break;
                default:
                    Fail(Value);
                    break;
            }
        }

        private static string Quote(byte value) => value switch
        {
            (byte)'\'' => @"'\''",
            (byte)'"' => "'\"'",
            (byte)'\n' => @"'\n'",
            (byte)'\t' => @"'\t'",
            (byte)'\r' => @"'\r'",
            (byte)'\\' => @"'\\'",
            < 0x20 or 0x7f => $@"'\x{value:x2}'",
            _ => $"'{(char)value}'",
        };

        private readonly bool Is(char wanted) => _at < _text.Length && _text[_at] == wanted;

        private readonly bool IsDigit() => _at < _text.Length && char.IsAsciiDigit((char)_text[_at]);

        private void ReadObject(int depth)
        {
            _at++;
            SkipSpace();
            if (Is('}'))
            {
                _at++;
                return;
            }

            while (Found is null)
            {
                SkipSpace();
                if (!Is('"'))
                {
                    Fail("looking for beginning of object key string");
                    return;
                }

                ReadString();
                SkipSpace();
                if (Found is not null || !Is(':'))
                {
                    Fail("after object key");
                    return;
                }

                _at++;
                SkipSpace();
                ReadValue(depth + 1);
                SkipSpace();
                if (Found is not null || Ends('}', "after object key:value pair"))
                {
                    return;
                }
            }
        }

        private void ReadArray(int depth)
        {
            _at++;
            SkipSpace();
            if (Is(']'))
            {
                _at++;
                return;
            }

            while (Found is null)
            {
                SkipSpace();
                ReadValue(depth + 1);
                SkipSpace();
                if (Found is not null || Ends(']', "after array element"))
                {
                    return;
                }
            }
        }

        private bool Ends(char close, string where)
        {
            if (Is(','))
            {
                _at++;
                return false;
            }

            if (Is(close))
            {
                _at++;
                return true;
            }

            Fail(where);
            return true;
        }

        private void ReadString()
        {
            _at++;
            while (_at < _text.Length)
            {
                switch (_text[_at])
                {
                    case (byte)'"':
                        _at++;
                        return;
                    case (byte)'\\':
                        _at++;
                        if (!ReadEscape())
                        {
                            return;
                        }

                        break;
                    case < 0x20:
                        Fail("in string literal");
                        return;
                    default:
                        _at++;
                        break;
                }
            }

            Fail("in string literal");
        }

        private bool ReadEscape()
        {
            if (IsAtEnd || !"bfnrt\\/\"u".Contains((char)_text[_at], StringComparison.Ordinal))
            {
                Fail("in string escape code");
                return false;
            }

            bool isUnicode = _text[_at++] == 'u';
            for (int i = 0; isUnicode && i < 4; i++, _at++)
            {
                if (IsAtEnd || !char.IsAsciiHexDigit((char)_text[_at]))
                {
                    Fail("in \\u hexadecimal character escape");
                    return false;
                }
            }

            return true;
        }

        private void ReadLiteral(string literal)
        {
            _at++;
            for (int i = 1; i < literal.Length; i++, _at++)
            {
                if (!Is(literal[i]))
                {
                    Fail($"in literal {literal} (expecting '{literal[i]}')");
                    return;
                }
            }
        }

        private void ReadNumber()
        {
            if (Is('-'))
            {
                _at++;
            }

            if (Is('0'))
            {
                _at++;
            }
            else if (!SkipDigits("in numeric literal"))
            {
                return;
            }

            if (Is('.'))
            {
                _at++;
                if (!SkipDigits("after decimal point in numeric literal"))
                {
                    return;
                }
            }

            if (Is('e') || Is('E'))
            {
                _at++;
                if (Is('+') || Is('-'))
                {
                    _at++;
                }

                SkipDigits("in exponent of numeric literal");
            }
        }

        private bool SkipDigits(string where)
        {
            if (!IsDigit())
            {
                Fail(where);
                return false;
            }

            while (IsDigit())
            {
                _at++;
            }

            return true;
        }
    }
}
