using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Writes objects as a <c>meta.k8s.io/v1</c> Table, which is what kubectl prints.</summary>
internal static class Tables
{
    public static byte[] Write(
        ResourceType type, IReadOnlyList<StoredObject> objects, JsonObject? listMetadata, DateTimeOffset now, ApiRequest request, bool withColumns = true)
    {
        var columns = new JsonArray();
        if (withColumns)
        {
            foreach (TableColumn column in type.Columns.Columns)
            {
                columns.Add((JsonNode)new JsonObject
                {
                    ["name"] = column.Name,
                    ["type"] = column.Type,
                    ["format"] = column.Format,
                    ["description"] = column.Description,
                    ["priority"] = column.Priority,
                });
            }
        }

        string include = request.Text("includeObject") ?? "Metadata";
        if (include is not ("Metadata" or "Object" or "None"))
        {
            throw Refuse.BadRequest(
                $"Unable to convert to Table as requested: includeObject: Invalid value: {JsonText.WriteString(include)}: must be 'Metadata', 'Object', 'None', or empty");
        }

        string apiVersion = Representations.MetaVersion(request);
        var rows = new JsonArray();
        foreach (StoredObject stored in objects)
        {
            JsonObject document = stored.Parse();
            if (type.Converter is { } converter)
            {
                document = converter.FromStorage(document);
            }

            var row = new JsonObject { ["cells"] = new JsonArray(type.Columns.Cells(document, now)) };
            if (include == "Object")
            {
                row["object"] = document;
            }
            else if (include == "Metadata")
            {
                row["object"] = new JsonObject
                {
                    ["kind"] = "PartialObjectMetadata",
                    ["apiVersion"] = apiVersion,
                    ["metadata"] = document["metadata"]?.DeepClone(),
                };
            }

            rows.Add((JsonNode)row);
        }

        JsonObject metadata = listMetadata ?? new JsonObject
        {
            ["resourceVersion"] = objects.Count == 1 ? objects[0].Revision.ToString(System.Globalization.CultureInfo.InvariantCulture) : "",
        };
        return JsonText.Write(new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = apiVersion,
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? columns : null,
            ["rows"] = rows,
        });
    }
}
