using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Schemas.Definitions;

/// <summary>Checks the extensions of a schema that say how lists and maps are merged.</summary>
internal static class ListRules
{
    private static readonly string[] ListTypes = ["atomic", "set", "map"];
    private static readonly string[] MapTypes = ["atomic", "granular"];

    /// <summary>Checks one schema, not those in it.</summary>
    public static void Check(JsonObject schema, string path, FieldErrors errors)
    {
        if (schema.Flag("x-kubernetes-preserve-unknown-fields") == false)
        {
            errors.Invalid($"{path}.x-kubernetes-preserve-unknown-fields", JsonValue.Create(false), "must be true or undefined");
        }

        if (schema.Text("x-kubernetes-map-type") is { } mapType)
        {
            OfType(schema, path, "object", "must be object if x-kubernetes-map-type is specified", errors);
            if (!MapTypes.Contains(mapType))
            {
                errors.NotSupported($"{path}.x-kubernetes-map-type", schema["x-kubernetes-map-type"], MapTypes);
            }
        }

        string? listType = schema.Text("x-kubernetes-list-type");
        JsonObject? items = schema.Child("items");
        if (listType is not null && !OfType(schema, path, "array", "must be array if x-kubernetes-list-type is specified", errors) && listType == "set" && items is not null)
        {
            SetItems(items, path, errors);
        }

        if (listType is not null && !ListTypes.Contains(listType))
        {
            errors.NotSupported($"{path}.x-kubernetes-list-type", schema["x-kubernetes-list-type"], ListTypes);
        }

        string[] keys = [.. (schema.List("x-kubernetes-list-map-keys") ?? []).Select(k => k.AsText() ?? "")];
        if (keys.Length > 0 && listType is null)
        {
            errors.Required($"{path}.x-kubernetes-list-type", "must be map if x-kubernetes-list-map-keys is non-empty");
        }
        else if (keys.Length > 0 && listType != "map")
        {
            errors.Invalid($"{path}.x-kubernetes-list-type", schema["x-kubernetes-list-type"], "must be map if x-kubernetes-list-map-keys is non-empty");
        }

        if (listType == "map")
        {
            ListMap(schema, keys, items, path, errors);
        }

        if (listType is "map" or "set" && items is not null)
        {
            Keys(items, listType == "map" ? keys : [], listType, path, errors);
        }
    }

    /// <summary>Checks the type; true when it is wrong.</summary>
    private static bool OfType(JsonObject schema, string path, string wanted, string detail, FieldErrors errors)
    {
        string type = schema.Text("type") ?? "";
        if (type.Length == 0)
        {
            errors.Required($"{path}.type", detail);
        }
        else if (type != wanted)
        {
            errors.Invalid($"{path}.type", schema["type"], detail);
        }

        return type != wanted;
    }

    private static void SetItems(JsonObject items, string path, FieldErrors errors)
    {
        if (items.Text("type") == "array" && items.Text("x-kubernetes-list-type") is not (null or "atomic"))
        {
            errors.Invalid($"{path}.items.x-kubernetes-list-type", items["x-kubernetes-list-type"], "must be atomic as item of a list with x-kubernetes-list-type=set");
        }

        if (items.Text("type") == "object" && items.Text("x-kubernetes-map-type") != "atomic")
        {
            errors.Invalid($"{path}.items.x-kubernetes-map-type", items["x-kubernetes-list-type"], "must be atomic as item of a list with x-kubernetes-list-type=set");
        }
    }

    private static void ListMap(JsonObject schema, string[] keys, JsonObject? items, string path, FieldErrors errors)
    {
        if (keys.Length == 0)
        {
            errors.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map");
        }

        if (items is null)
        {
            errors.Required($"{path}.items", "must have a schema if x-kubernetes-list-type is map");
            return;
        }

        if (items.Text("type") != "object")
        {
            errors.Invalid($"{path}.items.type", JsonValue.Create(items.Text("type") ?? ""), "must be object if parent array's x-kubernetes-list-type is map");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string key in keys)
        {
            if (items.Child("properties").Child(key) is not { } property)
            {
                errors.Invalid($"{path}.x-kubernetes-list-map-keys", schema["x-kubernetes-list-map-keys"], "entries must all be names of item properties");
            }
            else if (property.Text("type") is "array" or "object")
            {
                errors.Invalid($"{path}.items.properties[{key}].type", JsonValue.Create("object"), "must be a scalar type if parent array's x-kubernetes-list-type is map");
            }

            if (!seen.Add(key))
            {
                errors.Invalid($"{path}.x-kubernetes-list-map-keys", schema["x-kubernetes-list-map-keys"], "must not contain duplicate entries");
            }
        }
    }

    private static void Keys(JsonObject items, string[] keys, string listType, string path, FieldErrors errors)
    {
        if (items.Flag("nullable") == true)
        {
            errors.Forbidden($"{path}.items.nullable", $"cannot be nullable when x-kubernetes-list-type is {listType}");
        }

        string[] required = [.. (items.List("required") ?? []).Select(r => r.AsText() ?? "")];
        foreach (string key in keys)
        {
            if (items.Child("properties").Child(key) is not { } property)
            {
                continue;
            }

            if (!required.Contains(key) && property["default"] is null)
            {
                errors.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
            }

            if (property.Flag("nullable") == true)
            {
                errors.Forbidden($"{path}.items.properties[{key}].nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
            }
        }
    }
}
