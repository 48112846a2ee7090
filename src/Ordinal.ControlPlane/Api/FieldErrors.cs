using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>One finding of validation.</summary>
/// <param name="Reason">Cause reason: FieldValueInvalid, FieldValueRequired and so on.</param>
/// <param name="Field">Path of the field.</param>
/// <param name="Message">The message with its leading words ("Invalid value: …").</param>
public sealed record FieldError(string Reason, string Field, string Message);

/// <summary>Collects the findings of validation in the words of a real API server.</summary>
public sealed class FieldErrors
{
    private readonly List<FieldError> _found = [];

    /// <summary>Gets the findings in order.</summary>
    public IReadOnlyList<FieldError> Found => _found;

    /// <summary>Gets what is wrong and let pass, for Warning headers.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Takes over a finding.</summary>
    public void Add(FieldError error) => _found.Add(error);

    /// <summary>Takes over the findings of others.</summary>
    public void Add(FieldErrors others) => _found.AddRange(others._found);

    /// <summary>Forgets the findings after the first ones: what was found wrong is let pass after all.</summary>
    public void KeepFirst(int count) => _found.RemoveRange(count, _found.Count - count);

    /// <summary>Notes a missing value.</summary>
    public void Required(string field, string detail = "") =>
        _found.Add(new FieldError("FieldValueRequired", field, detail.Length == 0 ? "Required value" : $"Required value: {detail}"));

    /// <summary>Notes a value that is not allowed, with the value.</summary>
    public void Invalid(string field, JsonNode? value, string detail) =>
        _found.Add(new FieldError("FieldValueInvalid", field, $"Invalid value: {(value is null ? "null" : JsonText.WriteString(value))}: {detail}"));

    /// <summary>Notes a value that is not allowed, with a rendering of the value of the caller's own.</summary>
    public void InvalidShown(string field, string shown, string detail) =>
        _found.Add(new FieldError("FieldValueInvalid", field, $"Invalid value: {shown}: {detail}"));

    /// <summary>Notes a value that is not allowed and too large to be shown.</summary>
    public void InvalidOmitted(string field, string detail) => _found.Add(new FieldError("FieldValueInvalid", field, $"Invalid value: {detail}"));

    /// <summary>Notes a value that is not allowed, and shows its type in place of it.</summary>
    public void InvalidTyped(string field, string? type, string detail) => InvalidShown(field, $"\"{type}\"", detail);

    /// <summary>Notes a value of the wrong type.</summary>
    public void TypeInvalid(string field, string shown, string detail) =>
        _found.Add(new FieldError("FieldValueTypeInvalid", field, $"Invalid value: {shown}: {detail}"));

    /// <summary>Notes a value outside an enumeration; supported values are shown sorted by the caller.</summary>
    public void NotSupported(string field, JsonNode? value, params IEnumerable<string> supported) =>
        _found.Add(new FieldError(
            "FieldValueNotSupported",
            field,
            $"Unsupported value: {(value is null ? "null" : JsonText.WriteString(value))}: supported values: {string.Join(", ", supported.Select(s => $"\"{s}\""))}"));

    /// <summary>Notes a value outside an enumeration, with a rendering of the value of the caller's own.</summary>
    public void NotSupportedShown(string field, string shown, params IEnumerable<string> supported) => _found.Add(new FieldError(
        "FieldValueNotSupported", field, $"Unsupported value: {shown}: supported values: {string.Join(", ", supported.Select(s => $"\"{s}\""))}"));

    /// <summary>Notes a value that is not allowed where a real API server shows an empty text in place of it and says no more.</summary>
    public void InvalidBare(string field, JsonNode? value) => _found.Add(new FieldError("FieldValueInvalid", field, $"Invalid value: {(value is null ? "null" : JsonText.WriteString(value))}"));

    /// <summary>Notes a repeated value, with a rendering of the value of the caller's own.</summary>
    public void DuplicateShown(string field, string shown, string detail = "") => _found.Add(new FieldError(
        "FieldValueDuplicate", field, detail.Length == 0 ? $"Duplicate value: {shown}" : $"Duplicate value: {shown}: {detail}"));

    /// <summary>Notes a reference to something that is not there.</summary>
    public void NotFound(string field, JsonNode? value) =>
        _found.Add(new FieldError("FieldValueNotFound", field, $"Not found: {JsonText.WriteString(value)}"));

    /// <summary>Notes that something could not be checked.</summary>
    public void InternalError(string field, string detail) => _found.Add(new FieldError("InternalError", field, $"Internal error: {detail}"));

    /// <summary>Notes a forbidden change or field.</summary>
    public void Forbidden(string field, string detail) => _found.Add(new FieldError("FieldValueForbidden", field, $"Forbidden: {detail}"));

    /// <summary>Notes a repeated value of a set or a key of a list map.</summary>
    public void Duplicate(string field, JsonNode? value) =>
        _found.Add(new FieldError("FieldValueDuplicate", field, $"Duplicate value: {(value is null ? "null" : JsonText.WriteString(value))}"));

    /// <summary>Notes a repeated value; one that is too large to be shown is null.</summary>
    public void DuplicateOf(string field, JsonNode? value) =>
        _found.Add(new FieldError("FieldValueDuplicate", field, value is null ? "Duplicate value" : $"Duplicate value: {JsonText.WriteString(value)}"));

    /// <summary>Notes a list or map with too many entries.</summary>
    public void TooMany(string field, int actual, long maximum) =>
        _found.Add(new FieldError("FieldValueTooMany", field, $"Too many: {actual}: must have at most {maximum} {(maximum == 1 ? "item" : "items")}"));

    /// <summary>Notes a string that is too long.</summary>
    public void TooLong(string field, long maximum) =>
        _found.Add(new FieldError("FieldValueTooLong", field, $"Too long: may not be more than {maximum} {(maximum == 1 ? "byte" : "bytes")}"));
}
