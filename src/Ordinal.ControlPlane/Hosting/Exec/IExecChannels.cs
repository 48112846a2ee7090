namespace Ordinal.ControlPlane.Hosting.Exec;

/// <summary>The streams of a command, as remote command protocols number them.</summary>
internal static class ExecChannel
{
    public const int Input = 0;
    public const int Output = 1;
    public const int Errors = 2;

    /// <summary>Carries one Status at the end.</summary>
    public const int Status = 3;

    /// <summary>Carries the sizes of a terminal.</summary>
    public const int Resize = 4;
}

/// <summary>What a client sent.</summary>
/// <param name="Channel">The stream.</param>
/// <param name="Data">The bytes; valid until the next read.</param>
/// <param name="IsEnd">Whether the client sends nothing more on it.</param>
internal readonly record struct ExecMessage(int Channel, ReadOnlyMemory<byte> Data, bool IsEnd);

/// <summary>A connection that carries the streams of one command. One reads, several may write.</summary>
internal interface IExecChannels : IAsyncDisposable
{
    /// <summary>Waits until the client has opened all streams that it asked for.</summary>
    /// <exception cref="IOException">The connection is lost, or what comes is not of the protocol.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Reads what comes next; null when the client has closed the connection.</summary>
    /// <exception cref="IOException">The connection is lost, or what comes is not of the protocol.</exception>
    Task<ExecMessage?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Sends bytes on a stream.</summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    Task WriteAsync(int channel, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Sends nothing more on a stream.</summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    Task EndAsync(int channel, CancellationToken cancellationToken);

    /// <summary>Ends the connection in good order.</summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    Task CloseAsync(CancellationToken cancellationToken);
}
