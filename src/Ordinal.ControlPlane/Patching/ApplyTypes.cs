using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Patching;

/// <summary>
/// Checks the document of a server-side apply against its kind: a field that is not there, a value of a wrong type and a repeated list
/// key are refused whatever the field validation says, because nobody could own them.
/// </summary>
internal static class ApplyTypes
{
    /// <summary>Checks a declared document, in the stored version.</summary>
    /// <exception cref="ApiRefusalException">It does not fit; without a reason, as a real API server answers.</exception>
    public static void Check(ResourceType type, JsonObject declared)
    {
        var problems = new List<string>();
        Walk(type.Shape, declared, "", problems);
        if (problems.Count == 0)
        {
            return;
        }

        JsonObject? metadata = declared.Child("metadata");
        string group = type.Group.Length == 0 ? $"/{type.Version}" : type.ApiVersion;
        string all = problems.Count == 1 ? problems[0] : $"errors:{string.Concat(problems.Select(p => $"\n  {p}"))}";
        throw Refuse.Plain($"failed to create typed patch object ({metadata.Text("namespace")}/{metadata.Text("name")}; {group}, Kind={type.Kind}): {all}");
    }

    private static void Walk(Shape shape, JsonNode? node, string path, List<string> problems)
    {
        if (node is null)
        {
            return;
        }

        switch (shape)
        {
            case ScalarShape scalar:
                Scalar(scalar.Kind, node, path, problems);
                break;
            case ObjectShape or MapShape when node is not JsonObject:
                problems.Add($"{path}: expected map, got {GoValue(node)}");
                break;
            case ListShape when node is not JsonArray:
                problems.Add($"{path}: expected list, got {GoValue(node)}");
                break;
            case ObjectShape known:
                foreach ((string name, JsonNode? value) in (JsonObject)node)
                {
                    if (known.Fields.TryGetValue(name, out Shape? field))
                    {
                        Walk(field, value, $"{path}.{name}", problems);
                    }
                    else if (!known.KeepsUnknownFields && !(path.Length == 0 && name is "apiVersion" or "kind" or "metadata"))
                    {
                        problems.Add($"{path}.{name}: field not declared in schema");
                    }
                }

                break;
            case MapShape map:
                foreach ((string name, JsonNode? value) in (JsonObject)node)
                {
                    Walk(map.Value, value, $"{path}.{name}", problems);
                }

                break;
            case ListShape list:
                Items(list, (JsonArray)node, path, problems);
                break;
        }
    }

    private static void Items(ListShape list, JsonArray items, string path, List<string> problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < items.Count; i++)
        {
            string step = $"[{i}]";
            if (list.Kind != ListKind.Atomic && FieldSteps.OfItem(list, items[i]) is { } key)
            {
                step = FieldSteps.Show([key]);
                if (!seen.Add(key))
                {
                    problems.Add($"{path}: duplicate entries for key {step}");
                }
            }

            Walk(list.Item, items[i], path + step, problems);
        }
    }

    private static void Scalar(ScalarKind kind, JsonNode node, string path, List<string> problems)
    {
        JsonValueKind actual = node.GetValueKind();
        switch (kind)
        {
            case ScalarKind.Whole when actual != JsonValueKind.Number:
                problems.Add($"{path}: expected numeric (int or float), got {GoType(actual)}");
                break;
            case ScalarKind.Text when actual != JsonValueKind.String:
                problems.Add($"{path}: expected string, got &value.valueUnstructured{{Value:{GoValue(node)}}}");
                break;
            case ScalarKind.Flag when actual is not (JsonValueKind.True or JsonValueKind.False):
                problems.Add($"{path}: expected boolean, got {GoValue(node)}");
                break;
            case ScalarKind.Any when actual is JsonValueKind.Object or JsonValueKind.Array:
                problems.Add($"{path}: expected any scalar, got {GoValue(node)}");
                break;
        }
    }

    private static string GoType(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Object => "map[string]interface {}",
        JsonValueKind.Array => "[]interface {}",
        _ => "bool",
    };

    private static string GoValue(JsonNode node) => node is JsonValue ? JsonText.WriteString(node) : GoJson.Print(node);
}
