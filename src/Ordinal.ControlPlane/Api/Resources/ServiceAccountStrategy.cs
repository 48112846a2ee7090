namespace Ordinal.ControlPlane.Api.Resources;

/// <summary>Service accounts: a deleted one is answered.</summary>
public sealed class ServiceAccountStrategy : ResourceStrategy
{
    public override bool AnswersDeletedObject => true;
}
