namespace Ordinal.ControlPlane.Controllers;

/// <summary>A pass of a controller could not be finished, for a reason that time may cure: it is tried again with back-off.</summary>
public sealed class SyncFailedException : Exception
{
    public SyncFailedException(string message)
        : base(message)
    {
    }

    public SyncFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
