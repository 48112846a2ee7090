using System.Globalization;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>The parameters of a list or a watch, checked as a real API server checks them.</summary>
/// <param name="Version">The resourceVersion that was asked for; null for none.</param>
/// <param name="Match">Exact or NotOlderThan; null for none.</param>
/// <param name="SendsInitialEvents">What was asked for; null for nothing.</param>
internal sealed record ListOptions(long? Version, string? Match, bool? SendsInitialEvents)
{
    private const string MatchField = "resourceVersionMatch";

    /// <summary>Reads and checks them.</summary>
    /// <exception cref="ApiRefusalException">They are not valid, or contradict each other (422 or 400).</exception>
    public static ListOptions Read(ApiRequest request)
    {
        bool isWatch = request.Flag("watch");
        _ = request.Number("timeoutSeconds");
        _ = request.Number("limit");
        string? version = request.Text("resourceVersion");
        string? match = request.Text(MatchField);
        bool? initial = request.Text("sendInitialEvents") is null ? null : request.Flag("sendInitialEvents");
        if (isWatch && initial is null && match is null && version is null or "0")
        {
            // Such a watch starts with the present state, and is checked as if it had asked for it.
            CheckWatch(request, "NotOlderThan", true);
        }
        else if (isWatch)
        {
            CheckWatch(request, match, initial);
        }
        else
        {
            CheckList(request, version, match, initial);
        }

        return new ListOptions(ParseVersion(version, isWatch), match, initial);
    }

    /// <summary>Reads a resourceVersion of a read of one object, whose refusal has no reason.</summary>
    public static long? ParseVersion(string? text, bool isPlain)
    {
        if (text is null || text.Length == 0)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long version))
        {
            return version;
        }

        string problem = $"resourceVersion: Invalid value: {JsonText.WriteString(text)}: {Refuse.NoVersion(text)}";
        throw isPlain ? Refuse.Plain(problem) : Refuse.BadRequest($"invalid resource version: {problem}");
    }

    private static void CheckList(ApiRequest request, string? version, string? match, bool? initial)
    {
        var errors = new FieldErrors();
        if (match is not null)
        {
            if (version is null)
            {
                errors.Forbidden(MatchField, "resourceVersionMatch is forbidden unless resourceVersion is provided");
            }

            if (request.Text("continue") is not null)
            {
                errors.Forbidden(MatchField, "resourceVersionMatch is forbidden when continue is provided");
            }

            if (match is not ("Exact" or "NotOlderThan"))
            {
                errors.NotSupported(MatchField, match, "Exact", "NotOlderThan", "");
            }

            if (match == "Exact" && version == "0")
            {
                errors.Forbidden(MatchField, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
            }
        }

        if (initial is not null)
        {
            errors.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
        }

        WriteOptions.Throw("ListOptions", errors);
        if (request.Text("continue") is not null && version is not (null or "0"))
        {
            throw Refuse.BadRequest("specifying resource version is not allowed when using continue");
        }
    }

    private static void CheckWatch(ApiRequest request, string? match, bool? initial)
    {
        const string Only = "NotOlderThan";
        var errors = new FieldErrors();
        if (initial is not null && match != Only)
        {
            errors.Forbidden(MatchField, $"sendInitialEvents requires setting resourceVersionMatch to {Only}");
        }

        if (match is not null)
        {
            if (initial is null)
            {
                errors.Forbidden(MatchField, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
            }

            if (match != Only)
            {
                errors.NotSupported(MatchField, match, Only);
            }

            if (request.Text("continue") is not null)
            {
                errors.Forbidden(MatchField, "resourceVersionMatch is forbidden when continue is provided");
            }
        }

        WriteOptions.Throw("ListOptions", errors);
    }
}
