namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>The rules of a custom resource: those of its CRD's schema.</summary>
public sealed class CustomResourceStrategy : ResourceStrategy
{
}
