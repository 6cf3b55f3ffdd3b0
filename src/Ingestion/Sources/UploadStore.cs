using System.Buffers;
using System.Security.Cryptography;

namespace Ingestion.Sources;

/// <summary>Uploaded bytes that wait for a worker: files of <c>DATA_DIR/uploads</c>, readable by this user alone.</summary>
/// <remarks>
/// What <see cref="SaveAsync(Stream,long,CancellationToken)"/> has answered survives a power cut. Memory does not grow with the upload.
/// Keys are made here and have nothing of the client's.
/// </remarks>
public sealed class UploadStore
{
    /// <summary>Bytes up to which an upload stays in memory and travels with its task.</summary>
    public const int InlineLimit = 32 * 1024;

    private const int BufferSize = 80 * 1024;
    private const string PartSuffix = ".part";
    private const string IdentityFile = ".identity";
    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string folder;
    private readonly Func<string, FileStreamOptions, FileStream> openFile;

    public UploadStore(string dataDir) : this(dataDir, (path, options) => new FileStream(path, options))
    {
    }

    internal UploadStore(string dataDir, Func<string, FileStreamOptions, FileStream> openFile)
    {
        this.openFile = openFile;
        folder = Path.Combine(Path.GetFullPath(dataDir), "uploads");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        // A folder that was there keeps its mode: it may be shared with others on purpose. Uploads are ours alone.
        Directory.CreateDirectory(dataDir, OwnerFolder);
        Directory.CreateDirectory(folder, OwnerFolder);
        File.SetUnixFileMode(folder, OwnerFolder);
        FolderSync.Flush(dataDir);
    }

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
            return await SaveFileAsync(body, buffer, start, maxBytes, progress, cancel);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The source's bytes, seekable, at position 0. Null where the file is gone.</summary>
    /// <exception cref="ArgumentException">The source has neither bytes nor a key.</exception>
    public Stream? Open(DocumentSource source) => source switch
    {
        { Inline: { } bytes } => new MemoryStream(bytes, writable: false),
        { FileKey: { } key } => Open(key),
        _ => throw new ArgumentException("The source has not been saved; fetch its URL first.", nameof(source)),
    };

    /// <summary>Null where the file is gone.</summary>
    /// <exception cref="ArgumentException">Not a key of this store.</exception>
    public Stream? Open(string key)
    {
        try
        {
            return new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <returns>Whether there was such a file.</returns>
    /// <exception cref="ArgumentException">Not a key of this store.</exception>
    public bool Delete(string key)
    {
        var path = PathOf(key);
        if (!File.Exists(path)) return false;
        File.Delete(path);
        return true;
    }

    /// <summary>Deletes what a crash left behind: half-written files, and files that no task refers to.</summary>
    /// <param name="olderThan">Since the last write. Longer than the time between an upload's end and its task's being queued.</param>
    /// <param name="isReferenced">Whether any task still needs the key. Asked only for old files.</param>
    /// <returns>Files deleted.</returns>
    public int Sweep(TimeSpan olderThan, Func<string, bool> isReferenced)
    {
        var (deleted, before) = (0, DateTime.UtcNow - olderThan);
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
        {
            var isPart = file.Name.EndsWith(PartSuffix, StringComparison.Ordinal);
            var key = isPart ? file.Name[..^PartSuffix.Length] : file.Name;
            if (!IsKey(key) || file.LastWriteTimeUtc >= before || (!isPart && isReferenced(key))) continue;
            file.Delete();
            deleted++;
        }
        return deleted;
    }

    /// <summary>Made at the first call and kept in the folder: two processes that read the same share it.</summary>
    public string ReadIdentity()
    {
        var path = Path.Combine(folder, IdentityFile);
        if (!File.Exists(path))
        {
            var part = path + "." + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            File.WriteAllText(part, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
            try
            {
                File.Move(part, path);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process was faster.
                File.Delete(part);
            }
        }
        return File.ReadAllText(path);
    }

    /// <summary>Whether this could be a key of this store; a key that came over the wire is asked about here first.</summary>
    public static bool IsKey(string key) => key.Length == 32 && key.All(c => c is >= '0' and <= '9' or >= 'a' and <= 'f');

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

    private async Task<SaveOutcome> SaveFileAsync(
        Stream body, byte[] buffer, int start, long maxBytes, Action<long>? progress, CancellationToken cancel)
    {
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var part = PathOf(key) + PartSuffix;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        FileStream file;
        try
        {
            file = openFile(part, NewFile());
        }
        catch (Exception e) when (IsDiskFault(e))
        {
            return new SaveOutcome.NotStored(e);
        }
        var isKept = false;
        try
        {
            long size = 0;
            await using (file)
            {
                for (var read = start; read > 0; read = await body.ReadAsync(buffer, cancel))
                {
                    size += read;
                    if (size > maxBytes) return new SaveOutcome.TooLarge(maxBytes);
                    hash.AppendData(buffer, 0, read);
                    if (await TryWriteAsync(file, buffer.AsMemory(0, read), cancel) is { } fault) return new SaveOutcome.NotStored(fault);
                    progress?.Invoke(size);
                }
                if (TryOnDisk(() => file.Flush(flushToDisk: true)) is { } unflushed) return new SaveOutcome.NotStored(unflushed);
            }
            if (TryOnDisk(() => Publish(part, PathOf(key))) is { } unpublished) return new SaveOutcome.NotStored(unpublished);
            isKept = true;
            return new SaveOutcome.Saved(
                new DocumentSource { FileKey = key, Size = size, Hash = Convert.ToHexStringLower(hash.GetHashAndReset()) });
        }
        finally
        {
            if (!isKept) TryOnDisk(() => File.Delete(part));
        }
    }

    private void Publish(string part, string final)
    {
        File.Move(part, final);
        try
        {
            FolderSync.Flush(folder);
        }
        catch (IOException)
        {
            File.Delete(final);
            throw;
        }
    }

    private static async ValueTask<Exception?> TryWriteAsync(FileStream file, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            await file.WriteAsync(bytes, cancel);
            return null;
        }
        catch (Exception e) when (IsDiskFault(e))
        {
            return e;
        }
    }

    private static Exception? TryOnDisk(Action step)
    {
        try
        {
            step();
            return null;
        }
        catch (Exception e) when (IsDiskFault(e))
        {
            return e;
        }
    }

    private static bool IsDiskFault(Exception e) => e is IOException or UnauthorizedAccessException;

    private static FileStreamOptions NewFile()
    {
        // Our own buffer is large enough; a second one would only copy.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerFile;
        return options;
    }

    private string PathOf(string key) =>
        IsKey(key) ? Path.Combine(folder, key) : throw new ArgumentException("Not a key of the upload store.", nameof(key));
}
