using Microsoft.Win32.SafeHandles;

namespace Ingestion.Sqlite;

/// <summary>
/// Which of the processes that worked on a folder have died. Each holds the lock of a file of its own for as long as it lives; the system
/// lets go of it with the process, whatever ended that. Names are never used twice, so whose lock is free has died for good.
/// </summary>
public sealed class ProcessLocks : IDisposable
{
    private const int MaxTries = 5;

    private readonly string _folder;
    private readonly FileStream? _own;

    public ProcessLocks(string folder)
    {
        _folder = folder;
        for (var tries = 0; Own is null && tries < MaxTries; tries++)
        {
            var name = Guid.NewGuid().ToString("N");
            try
            {
                CreateFolder();
                _own = new FileStream(PathOf(name), OwnFile);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // Another process tried its lock in the moment before it was locked, and took it for a dead one's.
                continue;
            }
            if (!File.Exists(PathOf(name)))
            {
                // The same, and it was faster still.
                _own.Dispose();
                continue;
            }
            if (TryLock(name) is { } locksKeepNobodyOut)
            {
                locksKeepNobodyOut.Dispose();
                _own.Dispose();
                File.Delete(PathOf(name));
                return;
            }
            Own = name;
        }
    }

    /// <summary>This process's name. Null where locks keep nobody out, as in some network folders: then nothing is told of any process.</summary>
    public string? Own { get; }

    /// <summary>Gives the name of each process that has died to <paramref name="bury"/>, then forgets it.</summary>
    public async Task ForgetDeadAsync(Func<string, Task> bury)
    {
        if (Own is null || !Directory.Exists(_folder)) return;
        foreach (var path in Directory.EnumerateFiles(_folder))
        {
            var name = Path.GetFileName(path);
            if (name == Own) continue;
            using var dead = TryLock(name);
            if (dead is null) continue;
            await bury(name);
            File.Delete(path);
        }
    }

    public void Dispose() => _own?.Dispose();

    private static FileStreamOptions OwnFile
    {
        get
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return options;
        }
    }

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(_folder);
        else Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Null where its process lives, or somebody else found it dead and it is gone.</summary>
    private SafeFileHandle? TryLock(string name)
    {
        try
        {
            return File.OpenHandle(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Delete);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
