namespace Ingestion.Sources;

/// <summary>Uploads as files of <c>DATA_DIR/uploads</c>, readable by this user alone. What is saved survives a power cut.</summary>
public sealed class FolderUploads : UploadStore
{
    private const string PartSuffix = ".part";
    private const string IdentityFile = ".identity";
    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string folder;
    private readonly Func<string, FileStreamOptions, FileStream> openFile;

    public FolderUploads(string dataDir) : this(dataDir, (path, options) => new FileStream(path, options))
    {
    }

    internal FolderUploads(string dataDir, Func<string, FileStreamOptions, FileStream> openFile)
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

    public override Task<Stream?> OpenAsync(string key, CancellationToken cancel)
    {
        try
        {
            return Task.FromResult<Stream?>(new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete));
        }
        catch (FileNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    public override Task<bool> DeleteAsync(string key)
    {
        var path = PathOf(key);
        if (!File.Exists(path)) return Task.FromResult(false);
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            return Task.FromResult(false);
        }
        return Task.FromResult(true);
    }

    public override async Task<int> SweepAsync(TimeSpan olderThan, Func<string, Task<bool>> isReferenced, CancellationToken cancel)
    {
        var (deleted, before) = (0, DateTime.UtcNow - olderThan);
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
        {
            var isPart = file.Name.EndsWith(PartSuffix, StringComparison.Ordinal);
            var key = isPart ? file.Name[..^PartSuffix.Length] : file.Name;
            if (!IsKey(key) || file.LastWriteTimeUtc >= before || (!isPart && await isReferenced(key))) continue;
            file.Delete();
            deleted++;
        }
        return deleted;
    }

    public override async Task<string> ReadIdentityAsync(CancellationToken cancel)
    {
        var path = Path.Combine(folder, IdentityFile);
        if (!File.Exists(path))
        {
            var part = path + "." + NewIdentity();
            await File.WriteAllTextAsync(part, NewIdentity(), cancel);
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
        return await File.ReadAllTextAsync(path, cancel);
    }

    protected override Task<Upload> BeginAsync(string key, CancellationToken cancel) => Task.FromResult<Upload>(new FileUpload(this, PathOf(key)));

    protected override bool IsFault(Exception fault) => fault is IOException or UnauthorizedAccessException;

    private static FileStreamOptions NewFile()
    {
        // Our own buffer is large enough; a second one would only copy.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerFile;
        return options;
    }

    private string PathOf(string key) => Path.Combine(folder, Checked(key));

    private sealed class FileUpload(FolderUploads store, string path) : Upload
    {
        private readonly FileStream file = store.openFile(path + PartSuffix, NewFile());
        private bool isKept;

        public override async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => await file.WriteAsync(bytes, cancel);

        public override async Task CompleteAsync(CancellationToken cancel)
        {
            file.Flush(flushToDisk: true);
            await file.DisposeAsync();
            File.Move(path + PartSuffix, path);
            try
            {
                FolderSync.Flush(store.folder);
            }
            catch (IOException)
            {
                File.Delete(path);
                throw;
            }
            isKept = true;
        }

        public override async ValueTask DisposeAsync()
        {
            try
            {
                await file.DisposeAsync();
                if (!isKept) File.Delete(path + PartSuffix);
            }
            catch (Exception fault) when (store.IsFault(fault))
            {
                // The sweep takes it.
            }
        }
    }
}
