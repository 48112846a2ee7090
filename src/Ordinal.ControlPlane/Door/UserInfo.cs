namespace Ordinal.ControlPlane.Door;

/// <summary>Who asks: a user as authentication finds it.</summary>
/// <param name="Name">User name; a service account's is <c>system:serviceaccount:namespace:name</c>.</param>
/// <param name="Groups">Groups, in the order in which they are shown.</param>
public sealed record UserInfo(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>The group whose members may do everything.</summary>
    public const string Masters = "system:masters";

    /// <summary>The group of all who have shown who they are.</summary>
    public const string Authenticated = "system:authenticated";

    /// <summary>What the name of every service account begins with.</summary>
    public const string ServiceAccountPrefix = "system:serviceaccount:";

    /// <summary>A member of the control plane: who calls in process without a name.</summary>
    public static readonly UserInfo Admin = new("system:admin", [Masters, Authenticated]);

    /// <summary>Who does not say who they are.</summary>
    public static readonly UserInfo Anonymous = new("system:anonymous", ["system:unauthenticated"]);

    /// <summary>Gets the unique id; empty when there is none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Gets a value indicating whether everything is allowed without a look at roles.</summary>
    public bool IsMaster => Groups.Contains(Masters);

    /// <summary>Makes the user of a service account.</summary>
    public static UserInfo OfServiceAccount(string @namespace, string name, string uid) =>
        new($"{ServiceAccountPrefix}{@namespace}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{@namespace}", Authenticated]) { Uid = uid };
}

/// <summary>Who a caller wants to be instead of itself.</summary>
/// <param name="User">User name; empty when only groups were named, which is refused.</param>
/// <param name="Groups">Groups; none means those that follow from the name.</param>
/// <param name="Uid">Unique id; empty for none.</param>
public sealed record Impersonation(string User, IReadOnlyList<string> Groups, string Uid);
