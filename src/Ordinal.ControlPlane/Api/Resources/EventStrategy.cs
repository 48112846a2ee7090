using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Events: an old one needs its object's namespace, a new one says who reports what. What is reported is the stored form.</summary>
/// <param name="isNew">Whether the writer speaks <c>events.k8s.io/v1</c>, which is stricter.</param>
public sealed class EventStrategy(bool isNew) : ResourceStrategy
{
    private const int LongestNote = 1024;
    private const int LongestWord = 128;

    public override void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
        string @namespace = document.Metadata().Text("namespace") ?? "";
        string about = document.Child("involvedObject").Text("namespace") ?? "";
        if (document.Text("eventTime") is null)
        {
            if (about.Length == 0 ? @namespace != "default" : about != @namespace)
            {
                errors.Invalid("involvedObject.namespace", about, "does not match event.namespace");
            }
        }
        else
        {
            if (about.Length == 0 && @namespace is not ("default" or "kube-system"))
            {
                errors.Invalid("involvedObject.namespace", about, "does not match event.namespace");
            }

            Report(document, errors);
        }

        if (isNew && old is null)
        {
            Strictly(document, errors);
        }
    }

    private static void Strictly(JsonObject document, FieldErrors errors)
    {
        if (document.Text("eventTime") is null)
        {
            errors.Required("eventTime");
        }

        string type = document.Text("type") ?? "";
        if (type is not ("Normal" or "Warning"))
        {
            errors.Invalid("type", "", $"has invalid value: {type}");
        }

        foreach (string name in (ReadOnlySpan<string>)["firstTimestamp", "lastTimestamp", "count"])
        {
            if (document[name] is { } value && value.AsNumber() is not 0)
            {
                errors.Invalid(name, "", "needs to be unset");
            }
        }
    }

    private void Report(JsonObject document, FieldErrors errors)
    {
        string controller = document.Text("reportingComponent") ?? "";
        string controllerField = isNew ? "reportingController" : "reportingComponent";
        if (controller.Length == 0)
        {
            errors.Required(controllerField);
        }

        PodRules.Report(Names.QualifiedProblems(controller), controllerField, controller, errors);
        Word(document, "reportingInstance", LongestWord, isNeeded: true, errors);
        Word(document, "action", LongestWord, isNeeded: true, errors);
        Word(document, "reason", LongestWord, isNeeded: true, errors);
        Word(document, "message", LongestNote, isNeeded: false, errors);
    }

    private static void Word(JsonObject document, string field, int longest, bool isNeeded, FieldErrors errors)
    {
        string text = document.Text(field) ?? "";
        if (isNeeded && text.Length == 0)
        {
            errors.Required(field);
        }

        if (text.Length > longest)
        {
            errors.Invalid(field, "", $"can have at most {longest} characters");
        }
    }
}
