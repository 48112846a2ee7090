namespace Ordinal.Core.Reasons;

/// <content>What any gate may say.</content>
public static partial class ReasonCodes
{
    public static ReasonCode GateOpen { get; } = Add("GateOpen", ReasonArea.Gate, false, "The gate passed.", "Nothing to do.");

    public static ReasonCode GateTimeout { get; } = Add("GateTimeout", ReasonArea.Gate, false, "The gate did not answer within its deadline, so its state is unknown.", "Look at the workload and at the network path from the operator to it; the gate is asked again.");

    public static ReasonCode GateFailed { get; } = Add("GateFailed", ReasonArea.Gate, false, "Asking the gate failed in a way that nobody foresaw, so its state is unknown.", "Look at the operator's log for the exception and report it; the gate is asked again.");

    public static ReasonCode GateNotFound { get; } = Add("GateNotFound", ReasonArea.Gate, true, "A gate of this name is not in the policy.", "Name the gate in the policy's update.gates, or wait until the operator has seen the change.");

    public static ReasonCode GatePodChanged { get; } = Add("GatePodChanged", ReasonArea.Gate, false, "The pod that the question is about is gone, or runs another revision than the one asked about.", "Nothing to do: the question is asked again for the pod that is there now.");

    public static ReasonCode GateSecretMissing { get; } = Add("GateSecretMissing", ReasonArea.Gate, true, "A Secret that the gate needs does not exist, or lacks a key.", "Create the Secret that the message names, in the policy's namespace, with the keys that it names.");

    public static ReasonCode GateConfigurationInvalid { get; } = Add("GateConfigurationInvalid", ReasonArea.Gate, true, "The gate's configuration cannot work: a value is out of range, or a certificate cannot be read.", "Correct the field of the policy, or the key of the Secret, that the message names.");

    public static ReasonCode GatePrepared { get; } = Add("GatePrepared", ReasonArea.Gate, false, "What had to be done before the pod may stop is done.", "Nothing to do.");
}
