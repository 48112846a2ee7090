using System.Globalization;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Cel;

namespace Ordinal.ControlPlane.Schemas.Definitions;

/// <summary>Adds up what the rules of a definition may cost for one object, and refuses what is too much.</summary>
internal sealed class RuleCosts
{
    private const double MostOfOne = 10_000_000;
    private const double MostOfAll = 100_000_000;
    private const double LongestRequest = 3 * 1024 * 1024;
    private const int MostShown = 4;

    private readonly List<(string Field, double Cost)> _large = [];
    private double _total;

    /// <summary>Gets how often a value can occur in one object when no list or map around it has a maximum.</summary>
    public static double MostTimes(CelType type) => Math.Floor(LongestRequest / (type.LeastSize + 1));

    /// <summary>Adds one expression.</summary>
    /// <param name="field">Its path in the definition.</param>
    /// <param name="what">What a refusal calls it.</param>
    /// <param name="cost">What it may cost for one object.</param>
    /// <param name="errors">Collects the refusal; null lets it pass.</param>
    public void Add(string field, string what, double cost, FieldErrors? errors)
    {
        if (cost > MostOfOne)
        {
            errors?.Forbidden(field, Message(what, cost / MostOfOne));
        }

        _total += cost;
        if (cost >= MostOfAll / 100)
        {
            _large.Add((field, cost));
        }
    }

    /// <summary>Refuses a definition whose rules cost too much together, and names those that cost most.</summary>
    public void Sum(string path, FieldErrors errors)
    {
        if (_total <= MostOfAll)
        {
            return;
        }

        foreach ((string field, _) in _large.OrderByDescending(l => l.Cost).Take(MostShown))
        {
            errors.Forbidden(field, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema");
        }

        errors.Forbidden(path, Message("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema", _total / MostOfAll));
    }

    private static string Message(string what, double factor)
    {
        string shown = factor > 100 ? "more than 100x"
            : factor.ToString(factor < 1.5 ? "F6" : "F1", CultureInfo.InvariantCulture) + "x";
        return $"{what} exceeds budget by factor of {shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
    }
}
