using System.Text.Json.Nodes;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>One column of a table.</summary>
/// <param name="Name">Heading.</param>
/// <param name="Type">string, integer, number, boolean or date.</param>
/// <param name="Priority">0 is always shown; above 0 only in wide output.</param>
/// <param name="Format">Format hint; <c>name</c> marks the name column.</param>
/// <param name="Description">What it shows.</param>
public sealed record TableColumn(string Name, string Type = "string", int Priority = 0, string Format = "", string Description = "");

/// <summary>The columns of a kind and how a row is made.</summary>
/// <param name="Columns">Columns in order.</param>
/// <param name="Cells">Makes the cells of one object at a time of day.</param>
public sealed record TableColumns(IReadOnlyList<TableColumn> Columns, Func<JsonObject, DateTimeOffset, JsonNode?[]> Cells)
{
    /// <summary>Gets the columns of a kind without columns of its own.</summary>
    public static TableColumns NameAndAge { get; } = new(
        [
            new TableColumn("Name", Format: "name", Description: "Name must be unique within a namespace."),
            new TableColumn("Age", Description: "Time since creation."),
        ],
        static (document, now) => [CellText.Name(document), CellText.Age(document, now)]);
}
