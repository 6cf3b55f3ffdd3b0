using System.Collections.Concurrent;

namespace Ingestion.Extraction.Host;

/// <summary>
/// The door to the readers for a program that must outlive every document: a stack overflow, a hang or ten gigabytes cannot be caught,
/// so documents are read in processes of their own. They are kept warm; a crash, a limit or a cancel ends the one and nothing else.
/// </summary>
public sealed class ReaderHost(ReaderHostOptions options) : IAsyncDisposable
{
    /// <summary>Bytes. Above it even the simplest reader is not this process's work.</summary>
    private const int InProcessLimit = 1 << 20;

    private readonly SemaphoreSlim _turns = new(options.MaxProcesses);
    private readonly ConcurrentStack<ReaderProcess> _idle = [];
    private readonly ConcurrentDictionary<ReaderProcess, bool> _all = [];
    private volatile bool _disposed;

    /// <summary>Of the processes there are now.</summary>
    internal IReadOnlyCollection<int> ProcessIds => [.. _all.Keys.Select(process => process.Id)];

    /// <summary>As <see cref="DocumentReaders.ReadAsync(DocumentContent, CancellationToken)"/>, within the host's limits.</summary>
    /// <exception cref="ExtractionException">The document cannot be read, for whatever reason.</exception>
    /// <exception cref="IOException">No fault of the document's: its bytes cannot be opened, or no process can be started.</exception>
    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        if (MayReadHere(content)) return await DocumentReaders.ReadAsync(content, cancel);
        try
        {
            return await ReadInProcessAsync(content, cancel);
        }
        catch (ExtractionException fault) when (fault.Failure == ExtractionFailure.Crashed)
        {
            // Not always the document's doing; a second death is.
            return await ReadInProcessAsync(content, cancel);
        }
        finally
        {
            if (_all.IsEmpty) Prestart();
        }
    }

    /// <summary>Starts a process in the background, so that the next document finds one that is warm.</summary>
    public void Prestart() => _ = Task.Run(PrestartAsync);

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        foreach (var process in _all.Keys) await EndAsync(process);
        _turns.Dispose();
    }

    private static bool MayReadHere(DocumentContent content)
    {
        if (content.Bytes.Length > InProcessLimit) return false;
        if (content.Bytes.Length == 0) return true;
        var type = content.IsTypeCertain
            ? content.MediaType
            : MediaTypes.Detect(content.Bytes, content.FileName, content.MediaType, content.Limits).MediaType;
        // What no reader takes is refused before any reader sees it.
        return DocumentReaders.Find(type) is not { RunsInProcess: false };
    }

    private async Task<ExtractedDocument> ReadInProcessAsync(DocumentContent content, CancellationToken cancel)
    {
        await _turns.WaitAsync(cancel);
        try
        {
            var process = await TakeAsync(cancel);
            try
            {
                return await process.ReadAsync(content, cancel);
            }
            finally
            {
                if (process.IsUsable && !_disposed) _idle.Push(process);
                else await EndAsync(process);
            }
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<ReaderProcess> TakeAsync(CancellationToken cancel)
    {
        while (_idle.TryPop(out var process))
        {
            if (process.IsUsable) return process;
            await EndAsync(process);
        }
        return await StartAsync(cancel);
    }

    private async Task<ReaderProcess> StartAsync(CancellationToken cancel)
    {
        var process = await ReaderProcess.StartAsync(options, cancel);
        _all[process] = true;
        return process;
    }

    private async Task PrestartAsync()
    {
        // With a document's turn in hand there are never more processes than there may be.
        if (_disposed || !_turns.Wait(0)) return;
        try
        {
            if (_idle.IsEmpty) _idle.Push(await StartAsync(CancellationToken.None));
        }
        catch (IOException)
        {
            // The next document meets the same, and says so.
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task EndAsync(ReaderProcess process)
    {
        if (_all.TryRemove(process, out _)) await process.DisposeAsync();
    }
}
