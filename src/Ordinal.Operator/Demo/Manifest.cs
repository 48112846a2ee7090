using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ordinal.Operator.View;
using YamlText = Ordinal.ControlPlane.Text.YamlText;

namespace Ordinal.Operator.Demo;

/// <summary>The objects that the demo applies, checked for what it needs before anything is started.</summary>
public sealed record Manifest
{
    /// <summary>Path in the API of the kinds that a manifest may hold, with <c>{0}</c> for the namespace.</summary>
    private static readonly ImmutableSortedDictionary<string, string> Paths = ImmutableSortedDictionary.CreateRange(
        StringComparer.Ordinal,
        [
            KeyValuePair.Create("v1/Service", "/api/v1/namespaces/{0}/services"),
            KeyValuePair.Create("v1/ConfigMap", "/api/v1/namespaces/{0}/configmaps"),
            KeyValuePair.Create("v1/Secret", "/api/v1/namespaces/{0}/secrets"),
            KeyValuePair.Create("policy/v1/PodDisruptionBudget", "/apis/policy/v1/namespaces/{0}/poddisruptionbudgets"),
            KeyValuePair.Create("apps/v1/StatefulSet", "/apis/apps/v1/namespaces/{0}/statefulsets"),
            KeyValuePair.Create("ordinal.dev/v1alpha1/RolloutPolicy", "/apis/ordinal.dev/v1alpha1/namespaces/{0}/rolloutpolicies"),
        ]);

    /// <summary>Gets the documents in the order of the file.</summary>
    public required ImmutableArray<JsonObject> Documents { get; init; }

    /// <summary>Gets the one StatefulSet.</summary>
    public required JsonObject StatefulSet { get; init; }

    /// <summary>Gets the one RolloutPolicy.</summary>
    public required JsonObject Policy { get; init; }

    public string SetName => StatefulSet.Name();

    public string PolicyName => Policy.Name();

    public int Replicas => (int)(StatefulSet.Number("spec", "replicas") ?? 1);

    /// <summary>Returns the path of the collection that a document belongs to.</summary>
    public static string CollectionPath(JsonObject document, string @namespace) =>
        string.Format(System.Globalization.CultureInfo.InvariantCulture, Paths[KindOf(document)], @namespace);

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="DemoFailedException">It cannot be used; the message says what is wrong where, and what to do.</exception>
    public static Manifest Read(string file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var fact = Directory.Exists(file) ? "is a folder" : e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message.TrimEnd('.');
            throw Wrong($"{file}: {fact}", "give --manifest the path of a YAML file that this user may read, such as config/samples/etcd.yaml, or leave it out for the scenario's own");
        }

        return Parse(text, file);
    }

    /// <summary>Checks a text.</summary>
    /// <param name="file">The name for messages.</param>
    /// <exception cref="DemoFailedException">As for <see cref="Read"/>.</exception>
    public static Manifest Parse(string text, string file)
    {
        IReadOnlyList<JsonObject> documents;
        try
        {
            documents = YamlText.ParseAll(text);
        }
        catch (FormatException e)
        {
            throw Wrong($"{file}: {e.Message}", "correct the YAML; kubectl apply --dry-run=client shows the same place");
        }

        foreach (var (index, document) in documents.Index())
        {
            var name = $"{file}: document {index + 1}";
            if (document.Text("kind").Length == 0 || document.Text("apiVersion").Length == 0)
            {
                throw Wrong($"{name} has no {(document.Text("kind").Length == 0 ? "kind" : "apiVersion")}", "begin each document with apiVersion and kind");
            }

            if (!Paths.ContainsKey(KindOf(document)))
            {
                throw Wrong(
                    $"{name} is {document.Text("kind")} {document.Name()} of {document.Text("apiVersion")}, and the demo applies only {string.Join(", ", Paths.Keys)}",
                    "take it out, or write the workload as a StatefulSet, as config/samples/etcd.yaml does; anything else can be applied with kubectl while the demo runs");
            }

            if (document.Name().Length == 0)
            {
                throw Wrong($"{name} ({document.Text("kind")}) has no metadata.name", "name the object");
            }

            if (document.Text("metadata", "namespace") is { Length: > 0 } other and not "default")
            {
                throw Wrong($"{name} ({document.Text("kind")} {document.Name()}) is for namespace {other}", "leave metadata.namespace out; the demo's objects live in default");
            }
        }

        var set = One(documents, "StatefulSet", file);
        var policy = One(documents, "RolloutPolicy", file);
        if (!policy.Items("spec", "targets", "statefulSets").Any(t => t.Text("name") == set.Name()))
        {
            throw Wrong($"{file}: RolloutPolicy {policy.Name()} does not list StatefulSet {set.Name()}", $"add {{name: {set.Name()}}} to spec.targets.statefulSets");
        }

        return new Manifest { Documents = [.. documents], StatefulSet = set, Policy = policy };
    }

    private static JsonObject One(IEnumerable<JsonObject> documents, string kind, string file)
    {
        JsonObject[] found = [.. documents.Where(d => d.Text("kind") == kind)];
        return found.Length == 1 ? found[0] : throw Wrong($"{file} has {found.Length} objects of kind {kind}", $"give exactly one {kind}, as config/samples/etcd.yaml does");
    }

    private static string KindOf(JsonObject document) => $"{document.Text("apiVersion")}/{document.Text("kind")}";

    private static DemoFailedException Wrong(string fact, string remedy) => new($"{fact}; {remedy}.", DemoFailedException.Usage);
}
