using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework.Interfaces;
using Ordinal.Conformance.Clusters;
using Ordinal.TestSupport;

namespace Ordinal.Conformance.Rules;

/// <summary>The table rule × cluster. Written to the file that ORDINAL_CONFORMANCE_TABLE names when all tests have run.</summary>
public static partial class ResultTable
{
    private static readonly Lock Gate = new();
    private static readonly SortedDictionary<string, Dictionary<ClusterKind, Cell>> Rows = new(Comparer<string>.Create(CompareIds));
    private static readonly SortedSet<string> Reasons = new(StringComparer.Ordinal);

    /// <summary>Adds one result.</summary>
    public static void Add(string rule, ClusterKind kind, TestStatus status, string? message)
    {
        lock (Gate)
        {
            if (!Rows.TryGetValue(rule, out var row))
            {
                Rows.Add(rule, row = []);
            }

            var cell = row.GetValueOrDefault(kind, default);
            row[kind] = status switch
            {
                TestStatus.Passed => cell with { Passed = cell.Passed + 1 },
                TestStatus.Failed => cell with { Failed = cell.Failed + 1 },
                TestStatus.Skipped or TestStatus.Inconclusive or TestStatus.Warning => cell with { Missing = cell.Missing + 1 },
                _ => cell with { Failed = cell.Failed + 1 },
            };
            if (status is TestStatus.Skipped or TestStatus.Inconclusive)
            {
                Reasons.Add($"{rule} {Head(kind)}: {message}");
            }
        }
    }

    /// <summary>Gets the table.</summary>
    public static string Text()
    {
        lock (Gate)
        {
            var kinds = Enum.GetValues<ClusterKind>();
            var width = Math.Max(4, Rows.Keys.Select(rule => rule.Length).DefaultIfEmpty(0).Max());
            var text = new StringBuilder();
            AddLine("rule", kinds.Select(Head));
            foreach (var (rule, row) in Rows)
            {
                AddLine(rule, kinds.Select(kind => row.GetValueOrDefault(kind, default).ToString()));
            }

            text.AppendLine();
            foreach (var kind in kinds.Where(kind => Rows.Values.Any(row => row.ContainsKey(kind))))
            {
                var cells = Rows.Values.Select(row => row.GetValueOrDefault(kind, default)).ToList();
                text.AppendLine(CultureInfo.InvariantCulture, $"{Head(kind)}: {cells.Count(cell => cell.IsGood)} rules pass, {cells.Count(cell => cell.Failed > 0)} fail ({cells.Sum(cell => cell.Passed)} tests passed, {cells.Sum(cell => cell.Failed)} failed)");
            }

            if (RealControlPlane.Assets is null)
            {
                text.AppendLine("– real: KUBEBUILDER_ASSETS is not set; name the folder that holds etcd, kube-apiserver and kube-controller-manager");
            }

            foreach (var reason in Reasons)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"– {reason}");
            }

            return text.ToString();

            void AddLine(string first, IEnumerable<string> cells) =>
                text.AppendLine((first.PadRight(width + 2) + string.Concat(cells.Select(cell => cell.PadRight(12)))).TrimEnd());
        }
    }

    private static string Head(ClusterKind kind) => kind switch
    {
        ClusterKind.InProcess => "in process",
        ClusterKind.Https => "https",
        ClusterKind.Real => "real",
    };

    /// <summary>Compares the numbers in ids as numbers: T2 before T10.</summary>
    private static int CompareIds(string? left, string? right)
    {
        static string Padded(string? id) => Number().Replace(id ?? "", number => number.Value.PadLeft(6, '0'));
        var order = string.CompareOrdinal(Padded(left), Padded(right));
        return order != 0 ? order : string.CompareOrdinal(left, right);
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    private readonly record struct Cell(int Passed, int Failed, int Missing)
    {
        public bool IsGood => Failed == 0 && Passed > 0;

        public override string ToString() => this switch
        {
            { Failed: > 0 } => string.Create(CultureInfo.InvariantCulture, $"FAIL {Failed}/{Passed + Failed}"),
            { Passed: > 1 } => string.Create(CultureInfo.InvariantCulture, $"pass ({Passed})"),
            { Passed: 1 } => "pass",
            _ => "–",
        };
    }
}
