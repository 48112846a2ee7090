namespace Ordinal.Operator.Cli.Verbs;

/// <summary>Writes rows under titles as kubectl does: three blanks between columns, nothing after the last.</summary>
internal sealed class Table(params string[] titles)
{
    private readonly List<string[]> rows = [];

    public int Count => rows.Count;

    public void Add(params string[] cells) => rows.Add(cells);

    public async Task WriteAsync(TextWriter output)
    {
        List<string[]> all = [titles, .. rows];
        int[] widths = [.. Enumerable.Range(0, titles.Length).Select(column => all.Max(row => row[column].Length))];
        foreach (var row in all)
        {
            await output.WriteLineAsync(string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }
}
