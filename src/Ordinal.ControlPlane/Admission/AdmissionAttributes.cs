using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Api;
using Ordinal.ControlPlane.Api.Resources;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Admission;

/// <summary>What a policy is asked about: one write, after it was found valid and before it is stored.</summary>
/// <param name="Operation">CREATE, UPDATE or DELETE.</param>
/// <param name="Type">The resource.</param>
/// <param name="Object">The new state; null for a deletion.</param>
/// <param name="OldObject">The state before; null for a creation.</param>
/// <param name="Context">Who writes, and how.</param>
internal sealed record AdmissionAttributes(string Operation, ResourceType Type, JsonObject? Object, JsonObject? OldObject, WriteContext Context)
{
    private JsonObject Known => Object ?? OldObject!;

    public string Name => Known.Child("metadata").Text("name") ?? "";

    /// <summary>Gets a value indicating whether this is about a namespace itself, which counts as being in itself.</summary>
    public bool IsNamespace => Type.Strategy is NamespaceStrategy;

    public string Namespace => IsNamespace ? Name : Known.Child("metadata").Text("namespace") ?? "";

    /// <summary>Gets the write as expressions see it: <c>request</c>.</summary>
    public JsonObject Request()
    {
        JsonObject Kind() => new() { ["group"] = Type.Group, ["version"] = Type.Version, ["kind"] = Type.Kind };
        JsonObject Resource() => new() { ["group"] = Type.Group, ["version"] = Type.Version, ["resource"] = Type.Plural };
        var user = new JsonObject { ["username"] = Context.User.Name };
        if (Context.User.Uid.Length > 0)
        {
            user["uid"] = Context.User.Uid;
        }

        user["groups"] = new JsonArray([.. Context.User.Groups.Select(group => JsonValue.Create(group))]);
        var request = new JsonObject { ["kind"] = Kind(), ["resource"] = Resource(), ["requestKind"] = Kind(), ["requestResource"] = Resource() };
        if (Context.Subresource.Length > 0)
        {
            request["subResource"] = Context.Subresource;
            request["requestSubResource"] = Context.Subresource;
        }

        request["name"] = Name;
        if (Namespace.Length > 0)
        {
            request["namespace"] = Namespace;
        }

        request["operation"] = Operation;
        request["userInfo"] = user;
        request["dryRun"] = Context.IsDryRun;
        request["options"] = new JsonObject
        {
            ["kind"] = Operation switch { "CREATE" => "CreateOptions", "UPDATE" => "UpdateOptions", _ => "DeleteOptions" },
            ["apiVersion"] = "meta.k8s.io/v1",
        };
        return request;
    }
}
