using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Schemas;
using Ordinal.ControlPlane.Storage;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api;

/// <summary>
/// Serves what CRDs define. A CRD's resource is there before its write is answered; when the CRD is deleted its objects are
/// deleted first, and it stays until the last of them is gone.
/// </summary>
internal sealed class CustomResources(RevisionedStore store, TypeRegistry types, TimeProvider timeProvider)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _cleaning = new(StringComparer.Ordinal);

    private ResourceType Definitions => types.FindAnyVersion("apiextensions.k8s.io", "customresourcedefinitions")!;

    /// <summary>Brings the registry in line with a CRD as it is stored now.</summary>
    public void Refresh(string name)
    {
        lock (_lock)
        {
            int dot = name.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
            {
                return;
            }

            StoredObject? stored = store.Find(new StoreKey(Definitions.StorageName, "", name));
            types.Replace(name[(dot + 1)..], name[..dot], stored is null ? [] : Types(stored.Parse()));
        }
    }

    /// <summary>Deletes the objects of a CRD that is being deleted, and the CRD itself when none is left.</summary>
    public void CleanUp(string name, ObjectWriter writer, Deleter deleter)
    {
        StoredObject? stored = store.Find(new StoreKey(Definitions.StorageName, "", name));
        JsonObject? crd = stored?.Parse();
        if (stored is null || crd is null || crd.Metadata().Text("deletionTimestamp") is null || crd.Metadata().List("finalizers")?.Any(f => f.AsText() == CrdStrategy.CleanupFinalizer) != true)
        {
            return;
        }

        lock (_lock)
        {
            // Each deletion below comes back here.
            if (!_cleaning.Add(name))
            {
                return;
            }
        }

        try
        {
            CleanUp(stored, writer, deleter);
        }
        finally
        {
            lock (_lock)
            {
                _cleaning.Remove(name);
            }
        }
    }

    private static void Ignore404(Action action)
    {
        try
        {
            action();
        }
        catch (ApiRefusalException refusal) when (refusal.Code == 404)
        {
            // Somebody else deleted it in between: that is what was wanted.
        }
    }

    private void CleanUp(StoredObject stored, ObjectWriter writer, Deleter deleter)
    {
        string name = stored.Key.Name;
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        ResourceType? type = types.FindAnyVersion(name[(dot + 1)..], name[..dot]);
        var context = new WriteContext("kube-apiserver", timeProvider.GetUtcNow()) { ApiVersion = "apiextensions.k8s.io/v1" };
        if (type is not null)
        {
            foreach (StoredObject instance in store.Snapshot(type.StorageName, "").Objects())
            {
                if (instance.Parse().Metadata().Text("deletionTimestamp") is null)
                {
                    Ignore404(() => deleter.Delete(type, instance.Key, new DeleteOptions(), context));
                }
            }

            if (store.Snapshot(type.StorageName, "").All.Count > 0)
            {
                return;
            }
        }

        Ignore404(() => writer.Update(
            Definitions,
            stored.Key,
            current =>
            {
                JsonArray? finalizers = current.Metadata().List("finalizers");
                finalizers?.Remove(finalizers.FirstOrDefault(f => f.AsText() == CrdStrategy.CleanupFinalizer));
                return current;
            },
            context));
    }

    private static List<ResourceType> Types(JsonObject crd)
    {
        JsonObject spec = crd.Child("spec")!;
        JsonObject names = spec.Child("names")!;
        string group = spec.Text("group")!;
        JsonObject[] versions = [.. (spec.List("versions") ?? []).OfType<JsonObject>()];
        string storage = versions.First(v => v.Flag("storage") == true).Text("name")!;
        var result = new List<ResourceType>();
        foreach (JsonObject version in versions.Where(v => v.Flag("served") == true))
        {
            string name = version.Text("name")!;
            string kind = names.Text("kind")!;
            StructuralSchema schema = KnownSchemas.Read(version.Child("schema").Child("openAPIV3Schema")!);
            JsonObject? subresources = version.Child("subresources");
            bool hasStatus = subresources.Child("status") is not null;
            var type = new ResourceType(group, name, names.Text("plural")!, kind, spec.Text("scope") == "Namespaced")
            {
                Singular = names.Text("singular") ?? kind.ToLowerInvariant(),
                ListKind = names.Text("listKind") ?? kind + "List",
                ShortNames = Texts(names, "shortNames"),
                Categories = Texts(names, "categories"),
                HasStatus = hasStatus,
                TracksGeneration = true,
                Scale = ScaleOf(subresources.Child("scale")),
                Strategy = new CustomResourceStrategy(schema, hasStatus, ScaleOf(subresources.Child("scale"))),
                Shape = SchemaShape.OfResource(kind, schema),
                Columns = PrinterColumns.Of(version.List("additionalPrinterColumns")),
                SelectableFields = Selectable(version),
                StorageApiVersion = $"{group}/{storage}",
                Converter = name == storage ? null : new ApiVersionConverter($"{group}/{name}", $"{group}/{storage}"),
            };

            // The storage version first: it is the one that is found when none is named.
            result.Insert(name == storage ? 0 : result.Count, type);
        }

        return result;
    }

    private static ScalePaths? ScaleOf(JsonObject? scale) => scale is null ? null : new ScalePaths(
        scale.Text("specReplicasPath") ?? ".spec.replicas", scale.Text("statusReplicasPath") ?? ".status.replicas", scale.Text("labelSelectorPath"));

    private static string[] Texts(JsonObject parent, string name) => [.. (parent.List(name) ?? []).Select(t => t.AsText() ?? "")];

    private static Dictionary<string, string> Selectable(JsonObject version) => (version.List("selectableFields") ?? [])
        .OfType<JsonObject>().Select(f => (f.Text("jsonPath") ?? "").TrimStart('.')).Where(f => f.Length > 0)
        .Distinct(StringComparer.Ordinal).ToDictionary(f => f, f => f, StringComparer.Ordinal);

    /// <summary>Conversion strategy None: only the apiVersion differs.</summary>
    private sealed class ApiVersionConverter(string served, string stored) : IVersionConverter
    {
        public JsonObject FromStorage(JsonObject document) => With(document, served);

        public JsonObject ToStorage(JsonObject document) => With(document, stored);

        private static JsonObject With(JsonObject document, string apiVersion)
        {
            document["apiVersion"] = apiVersion;
            return document;
        }
    }

    /// <summary>Finds the schema that a CRD gives one version of its resource, as it was written; null when the resource is of no CRD.</summary>
    public JsonObject? SchemaOf(ResourceType type)
    {
        if (type.Strategy is not CustomResourceStrategy)
        {
            return null;
        }

        JsonObject? definition = store.Find(new StoreKey(Definitions.StorageName, "", $"{type.Plural}.{type.Group}"))?.Parse();
        return (definition.Child("spec").List("versions") ?? []).OfType<JsonObject>().FirstOrDefault(version => version.Text("name") == type.Version).Child("schema").Child("openAPIV3Schema");
    }
}
