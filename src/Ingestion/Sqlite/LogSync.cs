using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Ingestion.Sqlite;

/// <summary>
/// Brings the write-ahead log to the disk beside the writer, so that no commit waits for another's. What is committed before a sync
/// begins is on the disk when it ends, which is what <c>synchronous=FULL</c> gives, one sync for all who wait for it.
/// </summary>
internal sealed partial class LogSync : IDisposable
{
    private readonly SafeFileHandle _log;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private List<IWaitForDisk> _waiting = [];
    private bool _closed;

    /// <param name="log">The log of an open database. It lives as long as any connection of this process does.</param>
    public LogSync(string log)
    {
        _log = File.OpenHandle(log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _thread = new Thread(Loop) { IsBackground = true, Name = "sqlite-sync" };
        _thread.Start();
    }

    /// <summary>Its commit is in the log; it is told when that is on the disk.</summary>
    public void Add(IWaitForDisk write)
    {
        lock (_gate)
        {
            _waiting.Add(write);
            Monitor.Pulse(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
        _log.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            List<IWaitForDisk> synced;
            lock (_gate)
            {
                while (_waiting.Count == 0 && !_closed) Monitor.Wait(_gate);
                if (_waiting.Count == 0) return;
                (synced, _waiting) = (_waiting, []);
            }
            try
            {
                Sync();
                foreach (var write in synced) write.Complete();
            }
            catch (Exception fault)
            {
                foreach (var write in synced) write.Fail(new UnavailableException("The disk did not take the write: " + fault.Message, fault));
            }
        }
    }

    private void Sync()
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(_log);
            return;
        }
        // The log keeps its size, so only its data has to reach the disk, not its times: as SQLite itself does it.
        const int Interrupted = 4;
        while (SyncData(_log) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw new IOException(Marshal.GetPInvokeErrorMessage(error));
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncData(SafeFileHandle file);
}

/// <summary>A committed write that is answered once it is on the disk.</summary>
internal interface IWaitForDisk
{
    void Complete();
    void Fail(Exception fault);
}
