using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Schemas;

namespace Ordinal.ControlPlane.Cel;

/// <summary>
/// The rules of a schema and of everything in it, compiled once. Transition rules (those with <c>oldSelf</c>) run where a value
/// before is known: fields by name, entries of list maps by key; what is new has none, and they are skipped.
/// </summary>
internal sealed class CelRuleSet
{
    /// <summary>The rules of whole resources, for as long as somebody has their schemas: control planes of one process share those.</summary>
    private static readonly ConditionalWeakTable<StructuralSchema, StrongBox<CelRuleSet?>> Known = [];

    private readonly StructuralSchema _schema;
    private readonly CelType _type;
    private readonly IReadOnlyList<CelRule> _rules;
    private readonly CelRuleSet? _items;
    private readonly CelRuleSet? _values;
    private readonly Dictionary<string, CelRuleSet> _properties = new(StringComparer.Ordinal);

    private CelRuleSet(StructuralSchema schema, CelType type)
    {
        _schema = schema;
        _type = type;
        _rules = [.. schema.Rules.Where(r => r.Rule.Trim().Length > 0).Select(r => CelRule.Compile(r, type, schema))];
        _items = schema.Items is { } items && type.Kind == CelKind.List ? Of(items, type.Parameters[0]) : null;
        _values = schema.AdditionalProperties is { } values && type.Kind == CelKind.Map ? Of(values, type.Parameters[1]) : null;
        foreach ((string name, StructuralSchema property) in schema.Properties)
        {
            CelType? propertyType = CelSchema.Escape(name) is not { } escaped ? CelSchema.TypeOf(property, property.IsEmbeddedResource)
                : type.Fields.TryGetValue(escaped, out CelField? field) && name != "metadata" ? field.Type : null;
            if (propertyType is not null && Of(property, propertyType) is { } rules)
            {
                _properties[name] = rules;
            }
        }
    }

    private bool IsEmpty => _rules.Count == 0 && _items is null && _values is null && _properties.Count == 0;

    /// <summary>Compiles the rules of a whole resource; null when it has none.</summary>
    public static CelRuleSet? Of(StructuralSchema schema) =>
        Known.GetValue(schema, static each => new(CelSchema.TypeOf(each, true) is { } type ? Of(each, type) : null)).Value;

    /// <summary>Compiles the rules of a part of a resource; null when it has none.</summary>
    public static CelRuleSet? OfValue(StructuralSchema schema) => CelSchema.TypeOf(schema, schema.IsEmbeddedResource) is { } type ? Of(schema, type) : null;

    /// <summary>Evaluates all rules on a part of a resource, as if it had not been there before.</summary>
    public void ValidateValue(JsonNode? value, string path, FieldErrors errors)
    {
        var at = new FieldPath();
        at.Enter(path);
        Walk(value, null, at, default, errors, new Budget());
    }

    /// <summary>Evaluates all rules on a document.</summary>
    /// <param name="document">The new state.</param>
    /// <param name="old">The state before; null for a creation.</param>
    /// <param name="errors">Collects the findings; what an unchanged value violates is a warning.</param>
    public void Validate(JsonObject document, JsonObject? old, FieldErrors errors)
    {
        var root = old is null ? default : new Ratchet(new Correlation(document, old, _schema), null);
        Walk(document, old, new FieldPath(), root, errors, new Budget());
    }

    private static CelRuleSet? Of(StructuralSchema schema, CelType type) => new CelRuleSet(schema, type) is { IsEmpty: false } rules ? rules : null;

    private bool Walk(JsonNode? value, JsonNode? old, FieldPath path, Ratchet ratchet, FieldErrors errors, Budget budget)
    {
        if (value is null)
        {
            return true;
        }

        if (_rules.Count > 0 && !Evaluate(value, old, path.ToString(), ratchet, errors, budget))
        {
            return false;
        }

        switch (value)
        {
            case JsonArray items when _items is not null:
                for (int i = 0; i < items.Count; i++)
                {
                    path.Enter(i);
                    if (!_items.Walk(items[i], Correlation.OldItem(_schema, items[i], old as JsonArray), path, ratchet.Index(i), errors, budget))
                    {
                        return false;
                    }

                    path.Leave();
                }

                return true;
            case JsonObject fields:
                foreach ((string name, JsonNode? field) in fields)
                {
                    CelRuleSet? inside = _properties.GetValueOrDefault(name);
                    if ((inside ?? _values) is not { } rules)
                    {
                        continue;
                    }

                    Ratchet inner = ratchet.Key(name, path.IsRoot);
                    if (inside is null)
                    {
                        path.EnterKey(name);
                    }
                    else
                    {
                        path.Enter(name);
                    }

                    if (!rules.Walk(field, (old as JsonObject)?[name], path, inner, errors, budget))
                    {
                        return false;
                    }

                    path.Leave();
                }

                return true;
            default:
                return true;
        }
    }

    private bool Evaluate(JsonNode value, JsonNode? old, string path, Ratchet ratchet, FieldErrors errors, Budget budget)
    {
        string shown = path.Length == 0 ? "<nil>" : path;
        var variables = new Dictionary<string, CelValue>(StringComparer.Ordinal) { ["self"] = CelSchema.Read(value, _type) };
        CelValue? oldSelf = old is null ? null : CelSchema.Read(old, _type);
        foreach (CelRule rule in _rules)
        {
            if (rule.Program is not { } program)
            {
                errors.InvalidOmitted(shown, $"rule compile error: {rule.Problem}");
                continue;
            }

            bool isOptional = rule.Rule.OptionalOldSelf == true;
            if (rule.UsesOldSelf && oldSelf is null && !isOptional)
            {
                continue;
            }

            variables["oldSelf"] = isOptional ? new CelOptional(oldSelf) : oldSelf ?? CelNull.Instance;
            switch (budget.Run(program, variables))
            {
                case null:
                    errors.InvalidTyped(shown, _schema.Type, budget.IsOver
                        ? "validation failed due to running out of cost budget, no further validation rules will be run"
                        : $"'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: {rule.Rule.Shown}");
                    return false;
                case CelBool { Value: true }:
                    break;
                case CelError { Message: "no such overload" } error:
                    errors.InvalidTyped(shown, _schema.Type, $"'{error.Message}': call arguments did not match a supported operator, function or macro signature for rule: {rule.Rule.Shown}");
                    break;
                case CelError error:
                    errors.InvalidTyped(shown, _schema.Type, $"{error.Message} evaluating rule: {rule.Rule.Shown}");
                    break;
                default:
                    Refuse(rule, value, path, variables, ratchet, errors, budget);
                    break;
            }
        }

        return true;
    }

    private void Refuse(
        CelRule rule, JsonNode value, string path, Dictionary<string, CelValue> variables, Ratchet ratchet, FieldErrors errors, Budget budget)
    {
        string field = rule.FieldPath.Length == 0 ? path : path.Length == 0 || rule.FieldPath[0] == '[' ? path + rule.FieldPath : $"{path}.{rule.FieldPath}";
        field = field.Length == 0 ? "<nil>" : field;
        string detail = MessageOf(rule, variables, budget) ?? (rule.Rule.Message.Length > 0 ? rule.Rule.Shown : $"failed rule: {rule.Rule.Shown}");
        bool isStructure = _schema.Type is "object" or "array";
        var found = new FieldErrors();
        switch (rule.Rule.Reason)
        {
            case "FieldValueForbidden":
                found.Forbidden(field, detail);
                break;
            case "FieldValueRequired":
                found.Required(field, detail);
                break;
            case "FieldValueDuplicate":
                found.DuplicateOf(field, isStructure ? null : value);
                break;
            default:
                if (isStructure)
                {
                    found.InvalidOmitted(field, detail);
                }
                else
                {
                    found.Invalid(field, value, detail);
                }

                break;
        }

        if (!rule.UsesOldSelf && ratchet.IsSame)
        {
            errors.Warnings.AddRange(found.Found.Select(f => $"{f.Field}: {f.Message}"));
        }
        else
        {
            errors.Add(found);
        }
    }

    private static string? MessageOf(CelRule rule, Dictionary<string, CelValue> variables, Budget budget)
    {
        const int LongestMessage = 5 * 1024;
        if (rule.Message is null || budget.Run(rule.Message, variables) is not CelText text)
        {
            return null;
        }

        string message = text.Value.Trim();
        return message.Length is 0 or > LongestMessage || message.Contains('\n', StringComparison.Ordinal) ? null : message;
    }

    /// <summary>What all rules may still cost for this object.</summary>
    private sealed class Budget
    {
        private long _left = CelBudget.PerObject;

        /// <summary>Gets a value indicating whether nothing is left for the object, as opposed to one call that cost too much.</summary>
        public bool IsOver => _left <= 0;

        /// <summary>Evaluates a program; null when that cost too much.</summary>
        public CelValue? Run(CelProgram program, Dictionary<string, CelValue> variables)
        {
            var budget = new CelBudget(Math.Min(CelBudget.PerCall, _left));
            try
            {
                return program.Evaluate(variables, budget);
            }
            catch (CelBudgetException)
            {
                return null;
            }
            finally
            {
                _left -= budget.Spent;
            }
        }
    }

    /// <summary>Tells whether a value, or the nearest one around it that has a counterpart, has not changed.</summary>
    private readonly record struct Ratchet(Correlation? Current, Correlation? Nearest)
    {
        public bool IsSame => (Current ?? Nearest)?.IsSame == true;

        // The apiVersion of both states is the one that was asked for, so it tells nothing.
        public Ratchet Key(string name, bool isRoot) => Current is null ? this
            : isRoot && name is "apiVersion" or "kind" ? default : new Ratchet(Current.Key(name), Current);

        public Ratchet Index(int index) => Current is null ? this : new Ratchet(Current.Index(index), Current);
    }
}
