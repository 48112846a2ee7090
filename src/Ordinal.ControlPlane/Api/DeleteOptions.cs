using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>How to delete: from the body, or from the query of old clients.</summary>
internal sealed record DeleteOptions
{
    public long? GracePeriodSeconds { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    /// <summary>Gets Background, Foreground or Orphan; null for the kind's default, which is Background.</summary>
    public string? PropagationPolicy { get; init; }

    public bool IsDryRun { get; init; }

    /// <summary>Reads the options of a request.</summary>
    /// <exception cref="ApiRefusalException">They are not valid.</exception>
    public static DeleteOptions Read(ApiRequest request)
    {
        DeleteOptions options = request.Call.Body.IsEmpty ? new DeleteOptions() : FromDocument(Bodies.Parse(request));
        options = options with
        {
            GracePeriodSeconds = options.GracePeriodSeconds ?? request.Number("gracePeriodSeconds"),
            PropagationPolicy = options.PropagationPolicy ?? request.Text("propagationPolicy"),
            IsDryRun = options.IsDryRun || request.IsDryRun,
        };
        return options.PropagationPolicy is null or "Background" or "Foreground" or "Orphan"
            ? options
            : throw Refuse.Invalid("meta.k8s.io", "DeleteOptions", "", [new FieldError("FieldValueNotSupported", "propagationPolicy", $"Unsupported value: \"{options.PropagationPolicy}\": supported values: \"Foreground\", \"Background\", \"Orphan\"")]);
    }

    /// <summary>Reads the options from a document.</summary>
    public static DeleteOptions FromDocument(JsonObject document)
    {
        JsonObject? preconditions = document.Child("preconditions");
        string? policy = document.Text("propagationPolicy") ?? document.Flag("orphanDependents") switch
        {
            true => "Orphan",
            false => "Background",
            null => null,
        };
        return new DeleteOptions
        {
            GracePeriodSeconds = document.Number("gracePeriodSeconds"),
            Uid = NullIfEmpty(preconditions.Text("uid")),
            ResourceVersion = NullIfEmpty(preconditions.Text("resourceVersion")),
            PropagationPolicy = policy,
            IsDryRun = document.List("dryRun") is { Count: > 0 },
        };
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
