using System.Globalization;
using System.Text.Json.Nodes;
using Ordinal.Operator.View;

namespace Ordinal.Operator.Demo;

/// <summary>The change that the demo makes to the template: a flag of the server, so that the processes really differ.</summary>
/// <param name="OldWord">The argument as the manifest has it.</param>
/// <param name="NewWord">The argument that it becomes.</param>
/// <param name="Patch">The JSON patch; it tests the old word first.</param>
public sealed record TemplateChange(string OldWord, string NewWord, JsonArray Patch)
{
    private const string Flag = "--snapshot-count=";
    private const string Property = "-Dzookeeper.snapCount=";

    /// <summary>Plans the change of an etcd manifest.</summary>
    /// <exception cref="DemoFailedException">No container has the flag.</exception>
    public static TemplateChange OfEtcd(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        foreach (var (c, container) in manifest.StatefulSet.Items("spec", "template", "spec", "containers").Index())
        {
            foreach (var (a, argument) in container.Items("args").Index())
            {
                if (argument is JsonValue value && value.TryGetValue<string>(out var word) && word.StartsWith(Flag, StringComparison.Ordinal))
                {
                    var changed = Flag + (int.TryParse(word[Flag.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 1000 ? count - 1000 : 10000);
                    return Replace(string.Create(CultureInfo.InvariantCulture, $"/spec/template/spec/containers/{c}/args/{a}"), word, changed);
                }
            }
        }

        throw new DemoFailedException(
            $"StatefulSet {manifest.SetName}: no container has an argument {Flag}N, which is what the demo changes; add {Flag}10000 to its args.",
            DemoFailedException.Usage);
    }

    /// <summary>Plans the change of a ZooKeeper manifest: a property among the words of the variable JVMFLAGS.</summary>
    /// <exception cref="DemoFailedException">No container has the property.</exception>
    public static TemplateChange OfZooKeeper(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        foreach (var (c, container) in manifest.StatefulSet.Items("spec", "template", "spec", "containers").Index())
        {
            foreach (var (e, variable) in container.Items("env").Index())
            {
                var words = variable.Text("value");
                if (variable.Text("name") == "JVMFLAGS" && words.Split(' ').FirstOrDefault(w => w.StartsWith(Property, StringComparison.Ordinal)) is { } word)
                {
                    var changed = Property + (int.TryParse(word[Property.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 1000 ? count - 1000 : 10000);
                    var path = string.Create(CultureInfo.InvariantCulture, $"/spec/template/spec/containers/{c}/env/{e}/value");
                    return Replace(path, words, words.Replace(word, changed, StringComparison.Ordinal)) with { OldWord = word, NewWord = changed };
                }
            }
        }

        throw new DemoFailedException(
            $"StatefulSet {manifest.SetName}: no container has {Property}N in its variable JVMFLAGS, which is what the demo changes; add {Property}10000.",
            DemoFailedException.Usage);
    }

    /// <summary>Plans a new image for the first container.</summary>
    /// <exception cref="DemoFailedException">There is no container with an image.</exception>
    public static TemplateChange OfImage(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var image = manifest.StatefulSet.Items("spec", "template", "spec", "containers").FirstOrDefault().Text("image");
        return image.Length > 0
            ? Replace("/spec/template/spec/containers/0/image", image, image + "-next")
            : throw new DemoFailedException($"StatefulSet {manifest.SetName}: the first container has no image, which is what the demo changes; give it one.", DemoFailedException.Usage);
    }

    private static TemplateChange Replace(string path, string from, string to) => new(
        from,
        to,
        [
            new JsonObject { ["op"] = "test", ["path"] = path, ["value"] = from },
            new JsonObject { ["op"] = "replace", ["path"] = path, ["value"] = to },
        ]);
}
