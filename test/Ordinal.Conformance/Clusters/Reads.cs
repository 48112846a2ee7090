using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.Conformance.Clusters;

/// <summary>Short reads of the objects that a StatefulSet is made of.</summary>
public static class Reads
{
    public static JsonObject Meta(this JsonObject item) => item.Child("metadata")!;

    public static string Name(this JsonObject item) => item.Meta().Text("name")!;

    public static string Uid(this JsonObject item) => item.Meta().Text("uid")!;

    public static string Version(this JsonObject item) => item.Meta().Text("resourceVersion")!;

    public static long Generation(this JsonObject item) => item.Meta().Number("generation") ?? 0;

    public static string? Label(this JsonObject item, string name) => item.Meta().Child("labels").Text(name);

    public static bool IsTerminating(this JsonObject item) => item.Meta().Text("deletionTimestamp") is not null;

    /// <summary>Gets the name of a pod's revision.</summary>
    public static string Revision(this JsonObject pod) => pod.Label("controller-revision-hash") ?? "";

    /// <summary>Gets the image of a pod's only container.</summary>
    public static string? Image(this JsonObject pod) => (pod.Child("spec").List("containers")?[0] as JsonObject).Text("image");

    public static string? Phase(this JsonObject pod) => pod.Child("status").Text("phase");

    public static bool IsReady(this JsonObject pod) => pod.ConditionStatus("Ready") is "True";

    public static string? ConditionStatus(this JsonObject item, string type) =>
        (item.Child("status").List("conditions") ?? []).OfType<JsonObject>().FirstOrDefault(condition => condition.Text("type") == type).Text("status");

    /// <summary>Gets a counter of a status; the server leaves zeros out.</summary>
    public static long Count(this JsonObject item, string field) => item.Child("status").Number(field) ?? 0;

    public static string? StatusText(this JsonObject item, string field) => item.Child("status").Text(field);
}
