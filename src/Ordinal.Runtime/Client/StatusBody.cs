using System.Text.Json;

namespace Ordinal.Runtime.Client;

/// <summary>What is read of a <c>v1.Status</c>. An answer that is none (a proxy's HTML page) gives empty values.</summary>
internal sealed record StatusBody(int Code, string Reason, string Message, bool NamesObject, IReadOnlyList<ApiErrorCause> Causes, TimeSpan? RetryAfter)
{
    /// <summary>Messages go to logs and conditions; a server, or something in front of it, may send a page.</summary>
    private const int LongestMessage = 1024;

    private static readonly StatusBody Empty = new(0, "", "", false, [], null);

    public static StatusBody Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return Empty;
        }
    }

    public static StatusBody Read(JsonElement status)
    {
        if (status.ValueKind != JsonValueKind.Object)
        {
            return Empty;
        }

        var details = status.Member("details");
        var causes = new List<ApiErrorCause>();
        foreach (var cause in details.Member("causes").Items())
        {
            causes.Add(new ApiErrorCause(cause.Text("reason"), cause.Text("field"), Shorten(cause.Text("message"))));
        }

        return new StatusBody(
            (int)status.WholeNumber("code"),
            status.Text("reason"),
            Shorten(status.Text("message")),
            details.Text("name").Length > 0 || details.Text("kind").Length > 0,
            causes,
            details.WholeNumber("retryAfterSeconds") is var seconds and > 0 ? TimeSpan.FromSeconds(seconds) : null);
    }

    private static string Shorten(string text) => text.Length <= LongestMessage ? text : text[..LongestMessage] + "…";
}
