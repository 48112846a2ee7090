using System.Globalization;
using System.Text;

namespace Ordinal.Runtime.Client;

/// <summary>Builds a query string; parameters without a value are left out.</summary>
internal sealed class QueryString
{
    private readonly StringBuilder text = new();

    public QueryString With(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return this;
    }

    public QueryString With(string name, int value) => With(name, value.ToString(CultureInfo.InvariantCulture));

    public override string ToString() => text.ToString();
}
