using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>Checks the parameters of a write, in the words of a real API server, which names the options by the verb.</summary>
internal static class WriteOptions
{
    private const string Group = "meta.k8s.io";

    /// <summary>Checks <c>dryRun</c>, <c>fieldValidation</c> and <c>fieldManager</c>.</summary>
    /// <exception cref="ApiRefusalException">One is not valid (422).</exception>
    public static void Check(ApiRequest request)
    {
        string kind = request.Call.Method switch { "PUT" => "UpdateOptions", "PATCH" => "PatchOptions", "DELETE" => "DeleteOptions", _ => "CreateOptions" };
        var errors = new FieldErrors();
        if (kind == "DeleteOptions")
        {
            DryRun(request.All("dryRun"), errors);
            Throw(kind, errors);
            return;
        }

        bool isApply = Bodies.MediaType(request).StartsWith("application/apply-patch", StringComparison.Ordinal);
        if (kind == "PatchOptions")
        {
            if (!isApply && request.Text("force") is not null)
            {
                errors.Forbidden("force", "may not be specified for non-apply patch");
            }
            else if (isApply && request.Text("fieldManager") is null)
            {
                errors.Required("fieldManager", "is required for apply patch");
            }
        }

        FieldManager(request.Text("fieldManager") ?? "", errors);
        DryRun(request.All("dryRun"), errors);
        if (request.Text("fieldValidation") is { } validation and not ("Strict" or "Warn" or "Ignore"))
        {
            errors.NotSupported("fieldValidation", validation, "", "Ignore", "Strict", "Warn");
        }

        Throw(kind, errors);
    }

    /// <summary>Checks the values of <c>dryRun</c>.</summary>
    public static void DryRun(IReadOnlyList<string> values, FieldErrors errors)
    {
        if (values.Any(v => v != "All"))
        {
            string shown = string.Join(',', values.Select(v => JsonText.WriteString(v)));
            errors.NotSupportedShown("dryRun", $"[{shown}]", "All");
        }
    }

    /// <summary>Reports findings about options.</summary>
    public static void Throw(string kind, FieldErrors errors)
    {
        if (errors.Found.Count > 0)
        {
            throw Refuse.Invalid(Group, kind, "", errors.Found);
        }
    }

    // As Go quotes it.
    private static string Shown(char c) => "\a\b\f\n\r\t\v".IndexOf(c, StringComparison.Ordinal) is var at and >= 0 ? "\\" + "abfnrtv"[at]
        : char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString();

    private static void FieldManager(string manager, FieldErrors errors)
    {
        const int Longest = 128;
        if (manager.Length > Longest)
        {
            errors.TooLong("fieldManager", Longest);
        }

        for (int i = 0; i < manager.Length; i++)
        {
            if (char.IsControl(manager[i]))
            {
                errors.InvalidShown("fieldManager", $"\"{string.Concat(manager.Select(Shown))}\"", $"invalid character U+{(int)manager[i]:X4} (at position {i})");
                return;
            }
        }
    }
}
