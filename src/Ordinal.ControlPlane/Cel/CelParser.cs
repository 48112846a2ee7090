using System.Globalization;

namespace Ordinal.ControlPlane.Cel;

/// <summary>Parses the Common Expression Language, macros and optional syntax included.</summary>
internal sealed class CelParser
{
    // The limit of cel-go; it also bounds the recursion of checker and interpreter.
    private const int DeepestNesting = 250;

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    };

    private static readonly string[][] Binary = [["<", "<=", ">=", ">", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"]];

    private readonly string _source;
    private readonly List<CelToken> _tokens;
    private readonly IReadOnlyList<CelIssue> _lexerIssues;
    private int _at;
    private int _nesting;

    private CelParser(string source)
    {
        _source = source;
        (_tokens, _lexerIssues) = new CelLexer(source).ReadAll();
    }

    private CelToken Current => _tokens[_at];

    /// <summary>Parses an expression.</summary>
    /// <exception cref="CelCompilationException">It is not one.</exception>
    public static CelExpression Parse(string source)
    {
        var parser = new CelParser(source);
        CelExpression expression = parser.Expression();
        if (parser.Current.Kind != CelTokenKind.End)
        {
            throw parser.Problem(parser.Current.Position, $"Syntax error: extraneous input '{parser.Current.Text}' expecting <EOF>");
        }

        return parser._lexerIssues.Count == 0 ? expression : throw CelCompilationException.Of(source, parser._lexerIssues);
    }

    private CelCompilationException Problem(int position, string message) => CelCompilationException.Of(_source, [.. _lexerIssues, new CelIssue(position, message)]);

    private CelCompilationException Unexpected(string expected) => Problem(
        Current.Position,
        expected is "IDENTIFIER" ? $"Syntax error: mismatched input '{Current.Text}' expecting IDENTIFIER" : $"Syntax error: missing '{expected}' at '{Current.Text}'");

    private CelToken Take() => _tokens[_at++];

    private bool TryTake(string symbol)
    {
        if (!Current.Is(symbol))
        {
            return false;
        }

        _at++;
        return true;
    }

    private int Expect(string symbol)
    {
        int position = Current.Position;
        return TryTake(symbol) ? position : throw Unexpected(symbol);
    }

    private T Bounded<T>(T expression) where T : CelExpression =>
        expression.Depth <= DeepestNesting ? expression : throw Problem(0, $"expression recursion limit exceeded: {DeepestNesting}");

    private CelExpression Expression()
    {
        if (++_nesting > DeepestNesting)
        {
            throw Problem(0, $"expression recursion limit exceeded: {DeepestNesting}");
        }

        CelExpression condition = Logical(isAnd: false);
        if (Current.Is("?"))
        {
            int position = Take().Position;
            CelExpression yes = Logical(isAnd: false);
            Expect(":");
            condition = Bounded(new CelConditional(position, condition, yes, Expression()));
        }

        _nesting--;
        return condition;
    }

    private CelExpression Logical(bool isAnd)
    {
        CelExpression first = isAnd ? Operation(0) : Logical(isAnd: true);
        string symbol = isAnd ? "&&" : "||";
        if (!Current.Is(symbol))
        {
            return first;
        }

        int position = Current.Position;
        var terms = new List<CelExpression> { first };
        while (TryTake(symbol))
        {
            terms.Add(isAnd ? Operation(0) : Logical(isAnd: true));
        }

        return Bounded(new CelLogical(position, isAnd, terms));
    }

    private CelExpression Operation(int level)
    {
        if (level == Binary.Length)
        {
            return Unary();
        }

        CelExpression left = Operation(level + 1);
        while (Array.Find(Binary[level], o => o == "in" ? Current.IsWord(o) : Current.Is(o)) is { } found)
        {
            int position = Take().Position;
            string function = found == "in" ? "@in" : $"_{found}_";
            left = Bounded(new CelCall(position, function, false, [left, Operation(level + 1)]));
        }

        return left;
    }

    private CelExpression Unary()
    {
        if (!Current.Is("!") && !Current.Is("-"))
        {
            return Member();
        }

        CelToken first = Take();
        if (first.Is("-") && Current.Kind is CelTokenKind.Int or CelTokenKind.Double)
        {
            return Members(new CelLiteral(first.Position, Number(Take(), "-")));
        }

        int count = 1;
        while (TryTake(first.Text))
        {
            count++;
        }

        CelExpression operand = Member();
        return count % 2 == 0 ? operand : Bounded(new CelCall(first.Position, first.Is("!") ? "!_" : "-_", false, [operand]));
    }

    private CelExpression Member() => Members(Primary());

    private CelExpression Members(CelExpression operand)
    {
        while (true)
        {
            if (Current.Is("."))
            {
                operand = Bounded(Selection(operand, Take().Position));
            }
            else if (Current.Is("["))
            {
                int position = Take().Position;
                bool isOptional = TryTake("?");
                CelExpression index = Expression();
                Expect("]");
                operand = Bounded(new CelCall(position, isOptional ? "_[?_]" : "_[_]", false, [operand, index]));
            }
            else
            {
                return operand;
            }
        }
    }

    private CelExpression Selection(CelExpression operand, int dot)
    {
        bool isOptional = TryTake("?");
        CelToken name = Take();
        bool isWord = name.Kind == CelTokenKind.Identifier && name.Text is not ("true" or "false" or "null" or "in");
        if (!isWord && name.Kind != CelTokenKind.EscapedIdentifier)
        {
            _at--;
            throw Unexpected("IDENTIFIER");
        }

        if (isOptional || name.Kind == CelTokenKind.EscapedIdentifier || !Current.Is("("))
        {
            return new CelSelect(dot, operand, name.Text, false, isOptional);
        }

        int open = Take().Position;
        List<CelExpression> arguments = Arguments(")");
        if (operand is CelIdentifier space && CelDeclarations.Has($"{space.Name}.{name.Text}"))
        {
            return new CelCall(open, $"{space.Name}.{name.Text}", false, arguments);
        }

        return Macro(open, operand, name.Text, arguments) ?? new CelCall(open, name.Text, true, [operand, .. arguments]);
    }

    private CelExpression? Macro(int position, CelExpression target, string name, List<CelExpression> arguments)
    {
        if (name is "optMap" or "optFlatMap" && arguments.Count == 2)
        {
            return new CelOptionalMap(position, target, VariableOf(arguments[0]), arguments[1], name == "optFlatMap");
        }

        CelMacro? macro = (name, arguments.Count) switch
        {
            ("all", 2) => CelMacro.All,
            ("exists", 2) => CelMacro.Exists,
            ("exists_one" or "existsOne", 2) => CelMacro.ExistsOne,
            ("map", 2 or 3) => CelMacro.Map,
            ("filter", 2) => CelMacro.Filter,
            _ => null,
        };
        return macro is not { } known ? null
            : new CelComprehension(position, known, target, VariableOf(arguments[0]), arguments.Count == 3 ? arguments[1] : null, arguments[^1]);
    }

    private string VariableOf(CelExpression expression) =>
        expression is CelIdentifier identifier ? identifier.Name : throw Problem(expression.Position, "argument must be a simple name");

    private List<CelExpression> Arguments(string close)
    {
        var arguments = new List<CelExpression>();
        if (TryTake(close))
        {
            return arguments;
        }

        do
        {
            arguments.Add(Expression());
        }
        while (TryTake(","));
        Expect(close);
        return arguments;
    }

    private CelExpression Primary()
    {
        CelToken token = Take();
        switch (token.Kind)
        {
            case CelTokenKind.Int or CelTokenKind.Uint or CelTokenKind.Double:
                return new CelLiteral(token.Position, Number(token, ""));
            case CelTokenKind.Text:
                return new CelLiteral(token.Position, new CelText((string)token.Value!));
            case CelTokenKind.Bytes:
                return new CelBytes((byte[])token.Value!) is var bytes ? new CelLiteral(token.Position, bytes) : null!;
            case CelTokenKind.Identifier:
                return Word(token);
            case CelTokenKind.Symbol when token.Text == "(":
                CelExpression inner = Expression();
                Expect(")");
                return inner;
            case CelTokenKind.Symbol when token.Text == "[":
                return Bounded(ListLiteral(token.Position));
            case CelTokenKind.Symbol when token.Text == "{":
                return Bounded(MapLiteral(token.Position));
            case CelTokenKind.Symbol when token.Text == "." && Current.Kind == CelTokenKind.Identifier:
                return Word(Take());
            default:
                _at--;
                throw Problem(
                    token.Position,
                    $"Syntax error: {(token.Kind == CelTokenKind.End ? "mismatched" : "extraneous")} input '{token.Text}' expecting "
                    + "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}");
        }
    }

    private CelExpression Word(CelToken token)
    {
        switch (token.Text)
        {
            case "true" or "false":
                return new CelLiteral(token.Position, CelBool.Of(token.Text == "true"));
            case "null":
                return new CelLiteral(token.Position, CelNull.Instance);
        }

        if (Reserved.Contains(token.Text))
        {
            throw Problem(token.Position, $"reserved identifier: {token.Text}");
        }

        if (!Current.Is("("))
        {
            return new CelIdentifier(token.Position, token.Text);
        }

        int open = Take().Position;
        List<CelExpression> arguments = Arguments(")");
        if (token.Text != "has" || arguments.Count != 1)
        {
            return Bounded(new CelCall(open, token.Text, false, arguments));
        }

        return arguments[0] is CelSelect { IsTest: false, IsOptional: false } select
            ? select with { IsTest = true }
            : throw Problem(arguments[0].Position, "invalid argument to has() macro");
    }

    private CelListLiteral ListLiteral(int position)
    {
        var items = new List<CelExpression>();
        var optional = new HashSet<int>();
        while (!TryTake("]"))
        {
            if (TryTake("?"))
            {
                optional.Add(items.Count);
            }

            items.Add(Expression());
            if (!TryTake(",") && !Current.Is("]"))
            {
                throw Unexpected("]");
            }
        }

        return new CelListLiteral(position, items, optional);
    }

    private CelMapLiteral MapLiteral(int position)
    {
        var entries = new List<(CelExpression, CelExpression, bool)>();
        while (!TryTake("}"))
        {
            bool isOptional = TryTake("?");
            CelExpression key = Expression();
            Expect(":");
            entries.Add((key, Expression(), isOptional));
            if (!TryTake(",") && !Current.Is("}"))
            {
                throw Unexpected("}");
            }
        }

        return new CelMapLiteral(position, entries);
    }

    private CelValue Number(CelToken token, string sign)
    {
        bool isHex = token.Text.StartsWith("0x", StringComparison.Ordinal);
        string digits = isHex ? token.Text[2..] : token.Text;
        switch (token.Kind)
        {
            case CelTokenKind.Double:
                return double.TryParse(sign + token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
                    ? new CelDouble(real) : throw Problem(token.Position, "invalid double literal");
            case CelTokenKind.Uint:
                return ulong.TryParse(digits, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out ulong natural)
                    ? new CelUint(natural) : throw Problem(token.Position, "invalid uint literal");
            default:
                if (isHex && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hex) && hex <= long.MaxValue)
                {
                    return new CelInt(sign.Length == 0 ? (long)hex : -(long)hex);
                }

                return !isHex && long.TryParse(sign + digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole)
                    ? new CelInt(whole) : throw Problem(token.Position, "invalid int literal");
        }
    }
}
