using Ordinal.Core.Model;

namespace Ordinal.Operator.Actuating;

/// <summary>Says what an action is, for logs and events.</summary>
internal static class ActionWords
{
    public static string Of(PlannedAction action) => action switch
    {
        TakeClaim claim => $"claimed for {claim.ClaimId}",
        ReleaseClaim claim => $"claim of {claim.ClaimId} given back",
        WriteStrategy write => $"{write.Why} ({Of(write.Next)})",
        AdoptSet adopt => $"adopted: {Of(adopt.Next)}, and the original strategy ({Of(adopt.Original)}) is kept in an annotation",
        LetGoSet letGo => $"let go: {Of(letGo.Next)} is back",
        OpenGate open => $"{open.Pod} ({open.Uid}): its readiness gate opens: {open.Why}",
        RestoreTemplate restore => $"the template of {restore.Revision} is written back",
        RemovePod remove => $"{remove.Pod} ({remove.Uid}): {remove.Why}",
        BurnIntent burn => $"{burn.Pod} ({burn.Uid}): an abandoned intent is burnt",
        PrepareGate prepare => $"gate {prepare.Gate} prepares for {prepare.Pod}",
        _ => action.GetType().Name,
    };

    private static string Of(StrategyValue strategy) => strategy.Type is UpdateStrategyType.OnDelete ? "OnDelete" : $"partition {strategy.Partition ?? 0}";
}
