using System.Text.Json.Nodes;
using Ordinal.ControlPlane.Text;

namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>
/// The rules of one kind: what is defaulted, what a write may not touch and what is invalid. The base class fits a kind without
/// rules of its own.
/// </summary>
public class ResourceStrategy
{
    /// <summary>Fills in defaults, on every write and before managed fields are computed: a default belongs to its maker.</summary>
    public virtual void ApplyDefaults(JsonObject document)
    {
    }

    /// <summary>Clears what a creator may not set. Status is already gone where the kind has a status subresource.</summary>
    public virtual void PrepareForCreate(JsonObject document)
    {
    }

    /// <summary>Carries over what this write may not change.</summary>
    public virtual void PrepareForUpdate(JsonObject document, JsonObject old, string subresource)
    {
    }

    /// <summary>Fills in what the server itself decides after the writer's fields are known: what is set here belongs to nobody.</summary>
    public virtual void Admit(JsonObject document)
    {
    }

    /// <summary>Checks a document.</summary>
    /// <param name="document">The new state.</param>
    /// <param name="old">The state before; null for a creation.</param>
    /// <param name="isStatusWrite">Whether only the status was written.</param>
    /// <param name="errors">Collects the findings.</param>
    public virtual void Validate(JsonObject document, JsonObject? old, bool isStatusWrite, FieldErrors errors)
    {
    }

    /// <summary>Checks metadata.name; the default is a DNS subdomain.</summary>
    public virtual string? NameProblem(string name) => Names.SubdomainProblem(name);

    /// <summary>Gets a value indicating whether a delete answers with the object that went instead of a Status.</summary>
    public virtual bool AnswersDeletedObject => false;

    /// <summary>
    /// Decides how long a deletion takes, in seconds. Null: the object goes at once unless finalizers keep it. A number: it gets a
    /// deletion timestamp that far ahead and goes when somebody deletes it with grace 0; 0 is at once.
    /// </summary>
    /// <param name="document">The object.</param>
    /// <param name="asked">What the caller asked for; null for the default.</param>
    public virtual long? GraceSeconds(JsonObject document, long? asked) => null;

    /// <summary>Whether this update changes what metadata.generation counts; the default looks at spec.</summary>
    public virtual bool ChangesGeneration(JsonObject document, JsonObject old) => !JsonNodes.Same(document["spec"], old["spec"]);
}
