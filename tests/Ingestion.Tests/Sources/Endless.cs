namespace Ingestion.Tests.Sources;

/// <summary>A body of zeros that never ends by itself.</summary>
internal sealed class Endless : Stream
{
    public long Sent { get; private set; }
    public long End { get; init; } = long.MaxValue;
    public long FailAt { get; init; } = long.MaxValue;
    public Action<long>? OnRead { get; init; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Sent >= FailAt) throw new IOException("The client went away.");
        var count = (int)Math.Min(Math.Min(buffer.Length, 65_536), End - Sent);
        buffer.Span[..count].Clear();
        Sent += count;
        OnRead?.Invoke(Sent);
        return ValueTask.FromResult(count);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
