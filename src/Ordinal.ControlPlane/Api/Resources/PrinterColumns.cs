using System.Text.Json;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Makes table columns from a CRD's <c>additionalPrinterColumns</c>.</summary>
internal static class PrinterColumns
{
    /// <summary>Gets the columns: the name first, and the age where a CRD names none.</summary>
    public static TableColumns Of(JsonArray? columns)
    {
        if (columns is not { Count: > 0 })
        {
            return TableColumns.NameAndAge;
        }

        List<TableColumn> shown = [TableColumns.NameAndAge.Columns[0]];
        List<(string Type, JsonPath? Path)> paths = [];
        foreach (JsonObject column in columns.OfType<JsonObject>())
        {
            string type = column.Text("type") ?? "string";
            shown.Add(new TableColumn(
                column.Text("name") ?? "", type, (int)(column.Number("priority") ?? 0), column.Text("format") ?? "", column.Text("description") ?? ""));
            paths.Add((type, TryParse(column.Text("jsonPath") ?? "")));
        }

        return new TableColumns(shown, (document, now) => [CellText.Name(document), .. paths.Select(p => Cell(p.Type, p.Path, document, now))]);
    }

    private static JsonPath? TryParse(string path)
    {
        try
        {
            return JsonPath.Parse(path);
        }
        catch (FormatException)
        {
            // A column that cannot be read stays empty, as with a real server.
            return null;
        }
    }

    private static JsonNode? Cell(string type, JsonPath? path, JsonObject document, DateTimeOffset now)
    {
        JsonNode? value = path?.Find(document).FirstOrDefault();
        return (type, value) switch
        {
            (_, null) => null,
            ("date", _) => CellText.Since(value.AsText(), now),
            ("string", _) => value.AsShown(),
            ("boolean", _) => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? value.DeepClone() : null,
            _ => value.GetValueKind() == JsonValueKind.Number ? value.DeepClone() : null,
        };
    }
}
