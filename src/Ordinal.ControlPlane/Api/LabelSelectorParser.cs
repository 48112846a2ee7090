using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Api;

/// <summary>Parses the text form of a label selector, with a real API server's words for what it does not understand.</summary>
internal sealed class LabelSelectorParser(string text)
{
    private readonly List<string> _tokens = Tokenize(text);
    private int _next;

    public LabelSelector Parse()
    {
        var requirements = new List<LabelRequirement>();
        while (true)
        {
            requirements.Add(ParseRequirement());
            string token = Take();
            if (token.Length == 0)
            {
                break;
            }

            if (token != ",")
            {
                throw Refuse.BadRequest($"found '{token}', expected: ',' or 'end of string'");
            }

            if (Peek().Length == 0 || Peek() == ",")
            {
                throw Refuse.BadRequest($"found '{Peek()}', expected: identifier after ','");
            }
        }

        Check(requirements);
        return new LabelSelector([.. requirements.OrderBy(r => r.Key, StringComparer.Ordinal)]);
    }

    private static void Check(List<LabelRequirement> requirements)
    {
        var errors = new FieldErrors();
        foreach (LabelRequirement requirement in requirements)
        {
            if (Names.QualifiedProblem(requirement.Key) is { } keyProblem)
            {
                errors.Invalid("key", JsonValue.Create(requirement.Key), keyProblem);
            }

            for (int i = 0; i < requirement.Values.Count; i++)
            {
                if (requirement.Operator is LabelOperator.In or LabelOperator.NotIn && Names.LabelValueProblem(requirement.Values[i]) is { } problem)
                {
                    errors.InvalidShown($"values[{i}][{requirement.Key}]", $"\"{requirement.Values[i]}\"", problem);
                }
            }
        }

        if (errors.Found.Count > 0)
        {
            throw Refuse.BadRequest("unable to parse requirement: " + string.Join(", ", errors.Found.Select(e => $"{e.Field}: {e.Message}")));
        }
    }

    private LabelRequirement ParseRequirement()
    {
        if (Peek() == "!")
        {
            Take();
            return new LabelRequirement(Identifier("identifier"), LabelOperator.DoesNotExist, []);
        }

        string key = Identifier("!, identifier, or 'end of string'");
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
                throw Refuse.BadRequest($"unable to parse requirement: found '{token}', expected: in, notin, =, ==, !=, gt, lt");
        }
    }

    private string Identifier(string expected)
    {
        string token = Take();
        return token.Length == 0 || IsSpecial(token)
            ? throw Refuse.BadRequest($"unable to parse requirement: found '{token}', expected: {expected}")
            : token;
    }

    private string ExactValue()
    {
        string token = Peek();
        if (token is "" or ",")
        {
            return "";
        }

        return IsSpecial(token) ? throw Refuse.BadRequest($"unable to parse requirement: found '{token}', expected: identifier") : Take();
    }

    private List<string> Values()
    {
        string token = Take();
        if (token != "(")
        {
            throw Refuse.BadRequest($"unable to parse requirement: found '{token}' expected: '('");
        }

        var values = new List<string>();
        bool wantsValue = true;
        while (true)
        {
            token = Take();
            switch (token)
            {
                case ")":
                    if (wantsValue)
                    {
                        values.Add("");
                    }

                    return [.. values.Distinct(StringComparer.Ordinal)];
                case ",":
                    if (wantsValue)
                    {
                        values.Add("");
                    }

                    wantsValue = true;
                    break;
                case "":
                    throw Refuse.BadRequest("unable to parse requirement: found '', expected: ',', or identifier");
                default:
                    values.Add(IsSpecial(token)
                        ? throw Refuse.BadRequest($"unable to parse requirement: found '{token}', expected: ',', or identifier") : token);
                    wantsValue = false;
                    break;
            }
        }
    }

    private string Peek() => _next < _tokens.Count ? _tokens[_next] : "";

    private string Take() => _next < _tokens.Count ? _tokens[_next++] : "";

    private static bool IsSpecial(string token) => token[0] is '=' or '!' or '(' or ')' or ',' or '>' or '<';

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
            else if (IsSpecial(c.ToString()))
            {
                tokens.Add(c.ToString());
                i++;
            }
            else
            {
                int start = i;
                while (i < text.Length && !char.IsWhiteSpace(text[i]) && !IsSpecial(text[i].ToString()))
                {
                    i++;
                }

                tokens.Add(text[start..i]);
            }
        }

        return tokens;
    }
}
