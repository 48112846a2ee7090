using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Takes out of a CRD's schema what the second version of OpenAPI does not know, or kubectl misunderstands there. A real server does the same.</summary>
internal static class OpenApiV2Schema
{
    private static readonly string[] Unknown = ["allOf", "anyOf", "oneOf", "not", "nullable"];

    /// <summary>Reduces a schema and all in it.</summary>
    public static void Reduce(JsonObject schema)
    {
        bool isNullable = schema.Flag("nullable") == true;
        foreach (string name in Unknown)
        {
            schema.Remove(name);
        }

        if (schema.Flag("x-kubernetes-preserve-unknown-fields") == true || isNullable)
        {
            // Of a value that may be anything, or null, nothing can be said.
            foreach (string name in (ReadOnlySpan<string>)["items", "properties", "additionalProperties", "required"])
            {
                schema.Remove(name);
            }

            if (isNullable)
            {
                schema.Remove("type");
            }
        }

        if (schema.Flag("x-kubernetes-int-or-string") == true)
        {
            schema.Remove("type");
        }

        if (schema.List("required") is { } required)
        {
            // What may be null may be missing.
            schema["required"] = new JsonArray([.. required.Where(name => schema.Child("properties").Child(name.AsText() ?? "").Flag("nullable") != true).Select(name => name?.DeepClone())]);
        }

        foreach (JsonObject inner in schema.Child("properties")?.Select(each => each.Value).OfType<JsonObject>() ?? [])
        {
            Reduce(inner);
        }

        foreach (string name in (ReadOnlySpan<string>)["items", "additionalProperties"])
        {
            if (schema.Child(name) is { } inner)
            {
                Reduce(inner);
            }
        }
    }
}
