using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using Ordinal.ControlPlane.Door;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Clusters;

/// <summary>What a cluster answered to one request.</summary>
public sealed class Answer(ApiCall call, ApiAnswer answer)
{
    private JsonObject? body;

    /// <summary>Gets the HTTP status code.</summary>
    public int Code => answer.StatusCode;

    /// <summary>Gets the seconds of Retry-After; null when it is not there.</summary>
    public double? RetryAfter => answer.RetryAfter?.TotalSeconds;

    /// <summary>Gets the Warning headers.</summary>
    public IReadOnlyList<string> Warnings => answer.Warnings;

    /// <summary>Gets the media type.</summary>
    public string ContentType => answer.ContentType;

    /// <summary>Gets the body as text.</summary>
    public string Text => Encoding.UTF8.GetString(answer.Body.Span);

    /// <summary>Gets the body, an object or a Status.</summary>
    public JsonObject Body => body ??= JsonNode.Parse(answer.Body.Span)!.AsObject();

    /// <summary>Gets the message of a refusal.</summary>
    public string? Message => Body.Text("message");

    /// <summary>Gets the reason of a refusal.</summary>
    public string? Reason => Body.Text("reason");

    /// <summary>Gets the causes of a refusal.</summary>
    public IReadOnlyList<(string? Reason, string? Field, string? Message)> Causes =>
        [.. (Body.Child("details").List("causes") ?? []).OfType<JsonObject>().Select(cause => (cause.Text("reason"), cause.Text("field"), cause.Text("message")))];

    /// <summary>Gets the object of an answer that must be a success.</summary>
    public JsonObject Ok()
    {
        Assert.That(Code, Is.InRange(200, 299), $"{call.Method} {call.Path}?{call.Query}: {Text}");
        return Body;
    }

    /// <summary>Holds that the request was refused, with this code and (if given) exactly this message.</summary>
    public Answer Refused(int code, string? message = null)
    {
        Assert.That(Code, Is.EqualTo(code), $"{call.Method} {call.Path}?{call.Query}: {Text}");
        if (message is not null)
        {
            Assert.That(Message, Is.EqualTo(message));
        }

        return this;
    }
}
