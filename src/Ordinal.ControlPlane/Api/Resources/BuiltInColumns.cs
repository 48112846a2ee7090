using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The columns in which kubectl shows the built-in kinds, as a real API server makes them.</summary>
internal static class BuiltInColumns
{
    private static readonly TableColumn NameColumn = new("Name", Format: "name");
    private static readonly TableColumn AgeColumn = new("Age");

    /// <summary>Gets the columns of a kind; name and age where it has none of its own.</summary>
    public static TableColumns Of(string kind) => kind switch
    {
        "Pod" => PodColumns.Columns,
        "StatefulSet" => Make(
            [NameColumn, new("Ready"), AgeColumn, new("Containers", Priority: 1), new("Images", Priority: 1)],
            static (o, now) => [CellText.Name(o), Ready(o), CellText.Age(o, now), Containers(o, "name"), Containers(o, "image")]),
        "Deployment" => Make(
            [
                NameColumn, new("Ready"), new("Up-to-date"), new("Available"), AgeColumn,
                new("Containers", Priority: 1), new("Images", Priority: 1), new("Selector", Priority: 1),
            ],
            static (o, now) =>
            [
                CellText.Name(o), Ready(o), Count(o, "updatedReplicas"), Count(o, "availableReplicas"), CellText.Age(o, now),
                Containers(o, "name"), Containers(o, "image"), LabelSelector.FromDocument(o.Child("spec").Child("selector"))?.ToString() ?? "",
            ]),
        "ControllerRevision" => Make(
            [NameColumn, new("Controller"), new("Revision"), AgeColumn],
            static (o, now) => [CellText.Name(o), Controller(o), o.Number("revision") ?? 0, CellText.Age(o, now)]),
        "Service" => ServiceColumns.Columns,
        "Endpoints" => Make([NameColumn, new("Endpoints"), AgeColumn], static (o, now) => [CellText.Name(o), ServiceColumns.Endpoints(o), CellText.Age(o, now)]),
        "EndpointSlice" => Make(
            [NameColumn, new("AddressType"), new("Ports"), new("Endpoints"), AgeColumn],
            static (o, now) => [CellText.Name(o), o.Text("addressType") ?? "", ServiceColumns.SlicePorts(o), ServiceColumns.SliceAddresses(o), CellText.Age(o, now)]),
        "Event" => EventColumns.Columns,
        "ConfigMap" => Make(
            [NameColumn, new("Data"), AgeColumn],
            static (o, now) => [CellText.Name(o), (long)((o.Child("data")?.Count ?? 0) + (o.Child("binaryData")?.Count ?? 0)), CellText.Age(o, now)]),
        "Secret" => Make(
            [NameColumn, new("Type"), new("Data"), AgeColumn],
            static (o, now) => [CellText.Name(o), o.Text("type"), (long)(o.Child("data")?.Count ?? 0), CellText.Age(o, now)]),
        "PersistentVolumeClaim" => Make(
            [
                NameColumn, new("Status"), new("Volume"), new("Capacity"), new("Access Modes"), new("StorageClass"), new("VolumeAttributesClass"), AgeColumn,
                new("VolumeMode", Priority: 1),
            ],
            Claim),
        "Namespace" => Make(
            [NameColumn, new("Status"), AgeColumn], static (o, now) => [CellText.Name(o), o.Child("status").Text("phase") ?? "", CellText.Age(o, now)]),
        "Node" => NodeColumns.Columns,
        "PodDisruptionBudget" => Make(
            [NameColumn, new("Min Available"), new("Max Unavailable"), new("Allowed Disruptions", "integer"), AgeColumn],
            static (o, now) =>
            [
                CellText.Name(o), OrNotAvailable(o, "minAvailable"), OrNotAvailable(o, "maxUnavailable"), Count(o, "disruptionsAllowed"), CellText.Age(o, now),
            ]),
        "Lease" => Make(
            [NameColumn, new("Holder"), AgeColumn],
            static (o, now) => [CellText.Name(o), o.Child("spec").Text("holderIdentity") ?? "", CellText.Age(o, now)]),
        "CustomResourceDefinition" or "Role" or "ClusterRole" => Make(
            [NameColumn, new("Created At", "date")], static (o, _) => [CellText.Name(o), o.Child("metadata").Text("creationTimestamp")]),
        "RoleBinding" or "ClusterRoleBinding" => Make(
            [NameColumn, new("Role"), AgeColumn, new("Users", Priority: 1), new("Groups", Priority: 1), new("ServiceAccounts", Priority: 1)],
            static (o, now) =>
            [
                CellText.Name(o), $"{o.Child("roleRef").Text("kind")}/{o.Child("roleRef").Text("name")}", CellText.Age(o, now),
                Subjects(o, "User"), Subjects(o, "Group"), Subjects(o, "ServiceAccount"),
            ]),
        "NetworkPolicy" => Make(
            [NameColumn, new("Pod-Selector"), AgeColumn],
            static (o, now) => [CellText.Name(o), LabelSelector.FromDocument(o.Child("spec").Child("podSelector"))?.ToString() is { Length: > 0 } selector ? selector : "<none>", CellText.Age(o, now)]),
        "Ingress" => IngressColumns.Columns,
        "StorageClass" => Make(
            [NameColumn, new("Provisioner"), new("ReclaimPolicy"), new("VolumeBindingMode"), new("AllowVolumeExpansion"), AgeColumn],
            static (o, now) =>
            [
                CellText.Name(o), o.Text("provisioner"), o.Text("reclaimPolicy") ?? "Delete", o.Text("volumeBindingMode") ?? "Immediate",
                o.Flag("allowVolumeExpansion") ?? false, CellText.Age(o, now),
            ]),
        "PriorityClass" => Make(
            [NameColumn, new("Value", "integer"), new("Global-Default", "boolean"), AgeColumn, new("PreemptionPolicy")],
            static (o, now) =>
            [
                CellText.Name(o), o.Number("value") ?? 0, o.Flag("globalDefault") ?? false, CellText.Age(o, now), o.Text("preemptionPolicy") ?? "PreemptLowerPriority",
            ]),
        _ => TableColumns.NameAndAge,
    };

    internal static TableColumns Make(IReadOnlyList<TableColumn> columns, Func<JsonObject, DateTimeOffset, JsonNode?[]> cells) => new(columns, cells);

    private static long Count(JsonObject document, string name) => document.Child("status").Number(name) ?? 0;

    private static string Ready(JsonObject document) =>
        string.Create(CultureInfo.InvariantCulture, $"{Count(document, "readyReplicas")}/{document.Child("spec").Number("replicas") ?? 0}");

    private static string Containers(JsonObject document, string field) => string.Join(
        ',', (document.Child("spec").Child("template").Child("spec").List("containers") ?? []).Select(c => (c as JsonObject).Text(field)));

    private static string Subjects(JsonObject binding, string kind) => string.Join(
        ", ",
        (binding.List("subjects") ?? []).OfType<JsonObject>().Where(s => s.Text("kind") == kind)
            .Select(s => kind == "ServiceAccount" ? $"{s.Text("namespace")}/{s.Text("name")}" : s.Text("name")));

    private static string OrNotAvailable(JsonObject document, string name) => document.Child("spec")?[name] is { } value ? value.AsShown() : "N/A";

    private static string Controller(JsonObject document)
    {
        JsonObject? owner = (document.Child("metadata").List("ownerReferences") ?? []).OfType<JsonObject>().FirstOrDefault(o => o.Flag("controller") == true);
        if (owner is null)
        {
            return "<none>";
        }

        string group = (owner.Text("apiVersion") ?? "").Split('/') is [var name, _] ? "." + name : "";
        return $"{owner.Text("kind")?.ToLowerInvariant()}{group}/{owner.Text("name")}";
    }

    private static JsonNode?[] Claim(JsonObject document, DateTimeOffset now)
    {
        JsonObject? spec = document.Child("spec");
        JsonObject? status = document.Child("status");
        bool isBound = status.Text("phase") == "Bound";
        string phase = document.Child("metadata").Text("deletionTimestamp") is null ? status.Text("phase") ?? "" : "Terminating";
        return
        [
            CellText.Name(document), phase, spec.Text("volumeName") ?? "",
            isBound ? status.Child("capacity").Text("storage") ?? "" : "",
            isBound ? AccessModes(status.List("accessModes") ?? spec.List("accessModes")) : "",
            spec.Text("storageClassName") ?? "", spec.Text("volumeAttributesClassName") ?? "<unset>", CellText.Age(document, now),
            spec.Text("volumeMode") ?? "<unset>",
        ];
    }

    private static string AccessModes(JsonArray? modes) => string.Join(',', (modes ?? []).Select(m => m.AsText() switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        var other => other,
    }));
}
