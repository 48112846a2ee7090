using System.Globalization;
using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Api;

/// <summary>Parses the text form of a label selector, with a real API server's words for what it does not understand.</summary>
internal sealed class LabelSelectorParser(string text)
{
    private const string Identifiers = "!, identifier, or 'end of string'";
    private readonly List<string> _tokens = Tokenize(text);
    private int _next;

    public LabelSelector Parse()
    {
        var requirements = new List<LabelRequirement>();
        while (Peek().Length > 0)
        {
            if (Peek() != "!" && IsSpecial(Peek()))
            {
                throw Refuse.BadRequest($"found '{Peek()}', expected: {Identifiers}");
            }

            LabelRequirement requirement = ParseRequirement();
            Check(requirement);
            requirements.Add(requirement);
            string token = Take();
            if (token.Length == 0)
            {
                break;
            }

            if (token != ",")
            {
                throw Refuse.BadRequest($"found '{token}', expected: ',' or 'end of string'");
            }

            if (Peek().Length == 0 || (Peek() != "!" && IsSpecial(Peek())))
            {
                throw Refuse.BadRequest($"found '{Peek()}', expected: identifier after ','");
            }
        }

        return new LabelSelector([.. requirements.OrderBy(r => r.Key, StringComparer.Ordinal)]);
    }

    private static void Check(LabelRequirement requirement)
    {
        var errors = new FieldErrors();
        foreach (string problem in Names.QualifiedProblems(requirement.Key))
        {
            errors.Invalid("<nil>", JsonValue.Create(requirement.Key), problem);
        }

        for (int i = 0; i < requirement.Values.Count; i++)
        {
            string value = requirement.Values[i];
            if (requirement.Operator is LabelOperator.GreaterThan or LabelOperator.LessThan
                && !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            {
                errors.Invalid($"values[{i}]", JsonValue.Create(value), "for 'Gt', 'Lt' operators, the value must be an integer");
            }

            foreach (string problem in Names.LabelValueProblems(value))
            {
                if (requirement.Operator is LabelOperator.In or LabelOperator.NotIn)
                {
                    errors.Invalid($"values[{i}][{requirement.Key}]", JsonValue.Create(value), problem);
                }
            }
        }

        if (errors.Found.Count > 0)
        {
            string[] all = [.. errors.Found.Select(e => $"{e.Field}: {e.Message}")];
            throw Unparsable(all.Length == 1 ? all[0] : $"[{string.Join(", ", all)}]");
        }
    }

    private static ApiRefusalException Unparsable(string why) => Refuse.BadRequest($"unable to parse requirement: {why}");

    private LabelRequirement ParseRequirement()
    {
        if (Peek() == "!")
        {
            Take();
            return new LabelRequirement(Identifier("identifier"), LabelOperator.DoesNotExist, []);
        }

        string key = Identifier(Identifiers);
        string token = Peek();
        switch (token)
        {
            case "" or ",":
                return new LabelRequirement(key, LabelOperator.Exists, []);
            case "=" or "==":
                Take();
                return new LabelRequirement(key, LabelOperator.In, [ExactValue()]);
            case "!=":
                Take();
                return new LabelRequirement(key, LabelOperator.NotIn, [ExactValue()]);
            case ">":
                Take();
                return new LabelRequirement(key, LabelOperator.GreaterThan, [ExactValue()]);
            case "<":
                Take();
                return new LabelRequirement(key, LabelOperator.LessThan, [ExactValue()]);
            case "in" or "notin":
                Take();
                return new LabelRequirement(key, token == "in" ? LabelOperator.In : LabelOperator.NotIn, Values());
            default:
                throw Unparsable($"found '{token}', expected: in, notin, =, ==, !=, gt, lt");
        }
    }

    private string Identifier(string expected)
    {
        string token = Take();
        return token.Length == 0 || IsSpecial(token) ? throw Unparsable($"found '{token}', expected: {expected}") : token;
    }

    private string ExactValue()
    {
        string token = Peek();
        if (token is "" or ",")
        {
            return "";
        }

        return IsSpecial(token) ? throw Unparsable($"found '{token}', expected: identifier") : Take();
    }

    private List<string> Values()
    {
        string token = Take();
        if (token != "(")
        {
            throw Unparsable($"found '{token}' expected: '('");
        }

        var values = new List<string>();
        if (Peek() == ")")
        {
            Take();
            return [""];
        }

        while (true)
        {
            token = Take();
            switch (token)
            {
                case ",":
                    values.Add("");
                    break;
                case "":
                    throw Unparsable("found '', expected: ',', or identifier");
                default:
                    values.Add(IsSpecial(token) ? throw Unparsable($"found '{token}', expected: ',', or identifier") : token);
                    if (Peek() is not ("," or ")"))
                    {
                        throw Unparsable($"found '{Peek()}', expected: ',' or ')'");
                    }

                    if (Take() == ")")
                    {
                        return [.. values.Distinct(StringComparer.Ordinal)];
                    }

                    break;
            }

            if (Peek() == ")")
            {
                Take();
                values.Add("");
                return [.. values.Distinct(StringComparer.Ordinal)];
            }
        }
    }

    private string Peek() => _next < _tokens.Count ? _tokens[_next] : "";

    private string Take() => _next < _tokens.Count ? _tokens[_next++] : "";

    private static bool IsSpecial(string token) => token.Length > 0 && IsSpecial(token[0]);

    private static bool IsSpecial(char c) => c is '=' or '!' or '(' or ')' or ',' or '>' or '<';

    private static List<string> Tokenize(string text)
    {
        var tokens = new List<string>();
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c is '=' or '!' && i + 1 < text.Length && text[i + 1] == '=')
            {
                tokens.Add(c == '=' ? "==" : "!=");
                i += 2;
            }
            else if (IsSpecial(c))
            {
                tokens.Add(c.ToString());
                i++;
            }
            else
            {
                int start = i;
                while (i < text.Length && !char.IsWhiteSpace(text[i]) && !IsSpecial(text[i]))
                {
                    i++;
                }

                tokens.Add(text[start..i]);
            }
        }

        return tokens;
    }
}
