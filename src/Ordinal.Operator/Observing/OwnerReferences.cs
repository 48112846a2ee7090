using System.Text.Json;
using Ordinal.Runtime.Client;

namespace Ordinal.Operator.Observing;

/// <summary>Reads owner references.</summary>
internal static class OwnerReferences
{
    /// <summary>Returns name and UID of the controller if it is of this kind of <c>apps</c>, else null.</summary>
    public static (string Name, string Uid)? Controller(JsonElement metadata, string kind)
    {
        foreach (var reference in metadata.Member("ownerReferences").Items())
        {
            if (reference.Flag("controller"))
            {
                return reference.Text("kind") == kind && reference.Text("apiVersion").StartsWith("apps/", StringComparison.Ordinal)
                    ? (reference.Text("name"), reference.Text("uid"))
                    : null;
            }
        }

        return null;
    }
}
