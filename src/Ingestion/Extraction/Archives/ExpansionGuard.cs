namespace Ingestion.Extraction.Archives;

/// <summary>Counts what is unpacked, over all entries of an archive, and is where a cancelled reading stops.</summary>
internal sealed class ExpansionGuard(ExtractionLimits limits, long packedLength, CancellationToken cancel)
{
    private long _unpacked;

    public Stream Watch(Stream entry) => new WatchedStream(entry, this);

    private void Count(int bytes)
    {
        cancel.ThrowIfCancellationRequested();
        _unpacked += bytes;
        if (_unpacked <= limits.ExpansionFloor || _unpacked <= packedLength * limits.MaxExpansionRatio) return;
        throw new ExtractionException(ExtractionFailure.TooLarge,
            $"The document unpacks to more than {limits.MaxExpansionRatio} times its size, as a zip bomb does. "
            + "Save it in smaller parts, or send what is in it one by one.");
    }

    private sealed class WatchedStream(Stream entry, ExpansionGuard guard) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var read = entry.Read(buffer);
            guard.Count(read);
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await entry.ReadAsync(buffer, cancellationToken);
            guard.Count(read);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) entry.Dispose();
            base.Dispose(disposing);
        }
    }
}
