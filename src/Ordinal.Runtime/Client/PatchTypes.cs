namespace Ordinal.Runtime.Client;

/// <summary>The media types that choose how the server reads a patch.</summary>
public static class PatchTypes
{
    /// <summary>RFC 6902.</summary>
    public const string Json = "application/json-patch+json";

    /// <summary>RFC 7386.</summary>
    public const string Merge = "application/merge-patch+json";

    /// <summary>Server-side apply; JSON is YAML too.</summary>
    public const string Apply = "application/apply-patch+yaml";
}
