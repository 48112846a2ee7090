namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Roles and bindings have names with colons in them.</summary>
public sealed class RbacStrategy : ResourceStrategy
{
    public override string? NameProblem(string name) => Names.PathSegmentProblem(name);
}
