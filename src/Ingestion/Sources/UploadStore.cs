using System.Buffers;
using System.Security.Cryptography;

namespace Ingestion.Sources;

/// <summary>Uploaded bytes that wait for a worker. Small ones travel with their task; the others lie in a folder or in a bucket.</summary>
/// <remarks>
/// What <see cref="SaveAsync(Stream,long,CancellationToken)"/> has answered is kept for good. Memory does not grow with the upload.
/// Keys are made here and have nothing of the client's. <c>UploadStoreConformance</c> is what each store must pass.
/// </remarks>
public abstract class UploadStore
{
    /// <summary>Bytes up to which an upload stays in memory and travels with its task.</summary>
    public const int InlineLimit = 32 * 1024;

    private const int BufferSize = 80 * 1024;

    /// <summary>Reads the body to its end, with size and SHA-256 taken on the way.</summary>
    /// <param name="body">Left open.</param>
    /// <param name="maxBytes">More is <see cref="SaveOutcome.TooLarge"/>; nothing is kept then.</param>
    /// <returns>An empty body is saved as such, with size 0.</returns>
    /// <exception cref="OperationCanceledException">Nothing is kept.</exception>
    /// <remarks>What reading the body throws comes through, and nothing is kept.</remarks>
    public Task<SaveOutcome> SaveAsync(Stream body, long maxBytes, CancellationToken cancel) => SaveAsync(body, maxBytes, null, cancel);

    /// <inheritdoc cref="SaveAsync(Stream, long, CancellationToken)"/>
    /// <param name="progress">Told the bytes kept so far, as they grow; must not block.</param>
    public async Task<SaveOutcome> SaveAsync(Stream body, long maxBytes, Action<long>? progress, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var start = await ReadStartAsync(body, buffer, cancel);
            if (start > maxBytes) return new SaveOutcome.TooLarge(maxBytes);
            progress?.Invoke(start);
            if (start <= InlineLimit)
            {
                var bytes = buffer.AsSpan(0, start).ToArray();
                return new SaveOutcome.Saved(
                    new DocumentSource { Inline = bytes, Size = start, Hash = Convert.ToHexStringLower(SHA256.HashData(bytes)) });
            }
            return await SaveLargeAsync(body, buffer, start, maxBytes, progress, cancel);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The source's bytes, seekable, at position 0. Null where they are gone.</summary>
    /// <exception cref="ArgumentException">The source has neither bytes nor a key.</exception>
    /// <exception cref="UnavailableException">The store cannot be reached.</exception>
    public Task<Stream?> OpenAsync(DocumentSource source, CancellationToken cancel) => source switch
    {
        { Inline: { } bytes } => Task.FromResult<Stream?>(new MemoryStream(bytes, writable: false)),
        { FileKey: { } key } => OpenAsync(key, cancel),
        _ => throw new ArgumentException("The source has not been saved; fetch its URL first.", nameof(source)),
    };

    /// <summary>Null where the upload is gone.</summary>
    /// <exception cref="ArgumentException">Not a key of this store.</exception>
    /// <exception cref="UnavailableException">The store cannot be reached.</exception>
    public abstract Task<Stream?> OpenAsync(string key, CancellationToken cancel);

    /// <summary>Where the store cannot be reached, the upload is left to <see cref="SweepAsync"/>.</summary>
    /// <returns>Whether there was such an upload, as far as the store tells.</returns>
    /// <exception cref="ArgumentException">Not a key of this store.</exception>
    public abstract Task<bool> DeleteAsync(string key);

    /// <summary>Deletes what a crash left behind: half-written uploads, and those that no task refers to.</summary>
    /// <param name="olderThan">Since the last write. Longer than the time between an upload's end and its task's being queued.</param>
    /// <param name="isReferenced">Whether any task still needs the key. Asked only for old uploads.</param>
    /// <returns>Uploads deleted.</returns>
    public abstract Task<int> SweepAsync(TimeSpan olderThan, Func<string, Task<bool>> isReferenced, CancellationToken cancel);

    /// <summary>Made at the first call and kept in the store: two processes that read the same share it.</summary>
    /// <exception cref="UnavailableException">The store cannot be reached.</exception>
    public abstract Task<string> ReadIdentityAsync(CancellationToken cancel);

    /// <summary>Whether this could be a key of this store; a key that came over the wire is asked about here first.</summary>
    public static bool IsKey(string key) => key.Length == 32 && key.All(c => c is >= '0' and <= '9' or >= 'a' and <= 'f');

    /// <summary>Begins an upload. Disposed without <see cref="Upload.CompleteAsync"/>, it leaves nothing.</summary>
    protected abstract Task<Upload> BeginAsync(string key, CancellationToken cancel);

    /// <summary>Whether an exception of an <see cref="Upload"/> says that the store cannot take it.</summary>
    protected abstract bool IsFault(Exception fault);

    protected static string Checked(string key) =>
        IsKey(key) ? key : throw new ArgumentException("Not a key of the upload store.", nameof(key));

    protected static string NewIdentity() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Fills the buffer beyond <see cref="InlineLimit"/>, or to the body's end.</summary>
    private static async Task<int> ReadStartAsync(Stream body, byte[] buffer, CancellationToken cancel)
    {
        var start = 0;
        while (start <= InlineLimit)
        {
            var read = await body.ReadAsync(buffer.AsMemory(start), cancel);
            if (read == 0) break;
            start += read;
        }
        return start;
    }

    private async Task<SaveOutcome> SaveLargeAsync(
        Stream body, byte[] buffer, int start, long maxBytes, Action<long>? progress, CancellationToken cancel)
    {
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Upload? begun = null;
        if (await TryAsync(async () => begun = await BeginAsync(key, cancel)) is { } fault) return new SaveOutcome.NotStored(fault);
        await using var upload = begun!;
        long size = 0;
        for (var read = start; read > 0; read = await body.ReadAsync(buffer, cancel))
        {
            size += read;
            if (size > maxBytes) return new SaveOutcome.TooLarge(maxBytes);
            hash.AppendData(buffer, 0, read);
            var bytes = buffer.AsMemory(0, read);
            if (await TryAsync(() => upload.WriteAsync(bytes, cancel)) is { } unwritten) return new SaveOutcome.NotStored(unwritten);
            progress?.Invoke(size);
        }
        if (await TryAsync(() => upload.CompleteAsync(cancel)) is { } incomplete) return new SaveOutcome.NotStored(incomplete);
        return new SaveOutcome.Saved(
            new DocumentSource { FileKey = key, Size = size, Hash = Convert.ToHexStringLower(hash.GetHashAndReset()) });
    }

    private async Task<Exception?> TryAsync(Func<Task> step)
    {
        try
        {
            await step();
            return null;
        }
        catch (Exception fault) when (IsFault(fault))
        {
            return fault;
        }
    }

    /// <summary>An upload on its way. Disposing it takes away what was not completed, and throws nothing.</summary>
    protected abstract class Upload : IAsyncDisposable
    {
        public abstract Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);

        /// <summary>When it returns, the upload is there, whole and for good.</summary>
        public abstract Task CompleteAsync(CancellationToken cancel);

        public abstract ValueTask DisposeAsync();
    }
}
