using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>How to delete: from the body, or from the query when there is none.</summary>
internal sealed record DeleteOptions
{
    public long? GracePeriodSeconds { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    /// <summary>Gets Background, Foreground or Orphan; null for the kind's default, which is Background.</summary>
    public string? PropagationPolicy { get; init; }

    /// <summary>Gets the old form of Orphan and Background.</summary>
    public bool? OrphanDependents { get; init; }

    /// <summary>Gets the stages of a dry run; any makes it one.</summary>
    public IReadOnlyList<string> DryRun { get; init; } = [];

    public bool IsDryRun => DryRun.Count > 0;

    /// <summary>Reads the options of a request.</summary>
    /// <exception cref="ApiRefusalException">They are not valid.</exception>
    public static DeleteOptions Read(ApiRequest request)
    {
        if (request.Call.Body.IsEmpty)
        {
            var fromQuery = new DeleteOptions
            {
                GracePeriodSeconds = request.Number("gracePeriodSeconds"),
                PropagationPolicy = request.Text("propagationPolicy"),
                OrphanDependents = request.Text("orphanDependents") is null ? null : request.Flag("orphanDependents"),
                DryRun = request.All("dryRun"),
            };
            return fromQuery.Checked();
        }

        // With a body the query does not count, dryRun in it neither: so a real API server has it.
        return FromDocument(ReadDocument(request)).Checked();
    }

    /// <summary>Checks the options, and puts the old form of the propagation policy into the new one.</summary>
    /// <exception cref="ApiRefusalException">They are not valid (422).</exception>
    public DeleteOptions Checked()
    {
        var errors = new FieldErrors();
        if (OrphanDependents is not null && PropagationPolicy is not null)
        {
            errors.Invalid("propagationPolicy", PropagationPolicy, "orphanDependents and deletionPropagation cannot be both set");
        }

        if (PropagationPolicy is not (null or "Background" or "Foreground" or "Orphan"))
        {
            errors.NotSupported("propagationPolicy", PropagationPolicy, "Foreground", "Background", "Orphan", "nil");
        }

        WriteOptions.DryRun(DryRun, errors);
        WriteOptions.Throw("DeleteOptions", errors);
        return this with { PropagationPolicy = PropagationPolicy ?? OrphanDependents switch { true => "Orphan", false => "Background", null => null } };
    }

    /// <summary>Reads the options from a document.</summary>
    public static DeleteOptions FromDocument(JsonObject document)
    {
        JsonObject? preconditions = document.Child("preconditions");
        return new DeleteOptions
        {
            GracePeriodSeconds = document.Number("gracePeriodSeconds"),
            Uid = NullIfEmpty(preconditions.Text("uid")),
            ResourceVersion = NullIfEmpty(preconditions.Text("resourceVersion")),
            PropagationPolicy = NullIfEmpty(document.Text("propagationPolicy")),
            OrphanDependents = document.Flag("orphanDependents"),
            DryRun = [.. (document.List("dryRun") ?? []).Select(d => d.AsText() ?? "")],
        };
    }

    private static JsonObject ReadDocument(ApiRequest request)
    {
        string mediaType = Bodies.MediaType(request);
        if (mediaType is "application/json" or "" && GoJsonSyntax.Problem(request.Call.Body.Span) is { } problem)
        {
            throw Refuse.BadRequest($"couldn't get version/kind; json parse error: {problem}");
        }

        JsonObject document = Bodies.Parse(request, null, "DeleteOptions");
        string kind = document.Text("kind") ?? "";
        if (kind.Length > 0 && kind != "DeleteOptions")
        {
            throw Refuse.BadRequest($"no kind \"{kind}\" is registered for version \"{document.Text("apiVersion")}\" in scheme \"pkg/apis/meta/internalversion/scheme/register.go:27\"");
        }

        foreach ((string name, string type) in (ReadOnlySpan<(string, string)>)[("gracePeriodSeconds", "int64"), ("propagationPolicy", "string"), ("orphanDependents", "bool"), ("dryRun", "[]string"), ("preconditions", "v1.Preconditions")])
        {
            bool fits = document[name] is not { } value || type switch
            {
                "int64" => value.AsNumber() is not null,
                "string" => value.AsText() is not null,
                "bool" => document.Flag(name) is not null,
                "[]string" => value is JsonArray items && items.All(i => i.AsText() is not null),
                _ => value is JsonObject,
            };
            if (!fits)
            {
                throw Refuse.BadRequest($"json: cannot unmarshal {GoJson.KindOf(document[name])} into Go struct field DeleteOptions.{name} of type {type}");
            }
        }

        return document;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
