using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The columns of nodes.</summary>
internal static class NodeColumns
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static TableColumns Columns { get; } = BuiltInColumns.Make(
        [
            new("Name", Format: "name"), new("Status"), new("Roles"), new("Age"), new("Version"), new("Internal-IP", Priority: 1),
            new("External-IP", Priority: 1), new("OS-Image", Priority: 1), new("Kernel-Version", Priority: 1), new("Container-Runtime", Priority: 1),
        ],
        static (node, now) =>
        {
            JsonObject? info = node.Child("status").Child("nodeInfo");
            return
            [
                CellText.Name(node), Status(node), Roles(node), CellText.Age(node, now), info.Text("kubeletVersion") ?? "",
                Address(node, "InternalIP"), Address(node, "ExternalIP"), OrUnknown(info.Text("osImage")), OrUnknown(info.Text("kernelVersion")),
                OrUnknown(info.Text("containerRuntimeVersion")),
            ];
        });

    private static string OrUnknown(string? text) => string.IsNullOrEmpty(text) ? "<unknown>" : text;

    private static string Status(JsonObject node)
    {
        JsonObject? ready = (node.Child("status").List("conditions") ?? []).OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == "Ready");
        string status = ready is null ? "Unknown" : ready.Text("status") == "True" ? "Ready" : "NotReady";
        return node.Child("spec").Flag("unschedulable") == true ? status + ",SchedulingDisabled" : status;
    }

    private static string Roles(JsonObject node)
    {
        string[] roles =
        [
            .. (node.Child("metadata").Child("labels") ?? []).Select(l => l.Key)
                .Where(k => k.StartsWith(RolePrefix, StringComparison.Ordinal)).Select(k => k[RolePrefix.Length..]).Order(StringComparer.Ordinal),
        ];
        return roles.Length == 0 ? "<none>" : string.Join(',', roles);
    }

    private static string Address(JsonObject node, string type) =>
        (node.Child("status").List("addresses") ?? []).OfType<JsonObject>().FirstOrDefault(a => a.Text("type") == type).Text("address") ?? "<none>";
}
