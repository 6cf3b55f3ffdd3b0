using Ingestion.Tasks;

namespace Ingestion.Pipeline;

public enum EndReason
{
    None,

    /// <summary>A client asked for it.</summary>
    Cancelled,

    /// <summary>The service stops: hand the task back.</summary>
    Stopping,

    /// <summary>The lease is another's: write nothing more.</summary>
    Lost,
}

/// <summary>A lease while an attempt runs under it, and the one way to end that attempt early. The first reason stands.</summary>
public sealed class LeaseHold(Lease lease) : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private int _reason;

    public Lease Lease { get; } = lease;

    public CancellationToken Token => _cancel.Token;

    public EndReason Reason => (EndReason)Volatile.Read(ref _reason);

    public void End(EndReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)EndReason.None) != (int)EndReason.None) return;
        try
        {
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The attempt ended by itself at the same moment.
        }
    }

    public void Dispose() => _cancel.Dispose();
}
