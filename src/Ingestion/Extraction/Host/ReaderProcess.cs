using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ingestion.Extraction.Host;

/// <summary>One reading process, as the service holds it: given one document at a time, and killed where it must be.</summary>
internal sealed class ReaderProcess : IAsyncDisposable
{
    private const int MaxSaid = 4096;
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly ReaderHostOptions _options;
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly byte[] _head = Frame.NewHead();
    private readonly StringBuilder _said = new();
    private readonly Task _listening;
    private int _documents;
    private long _workingSet;
    private bool _spoiled;

    private ReaderProcess(Process process, ReaderHostOptions options)
    {
        (_process, _options, Id) = (process, options, process.Id);
        _input = process.StandardInput.BaseStream;
        _output = process.StandardOutput.BaseStream;
        _listening = ListenAsync(process.StandardError.BaseStream);
    }

    public int Id { get; }

    /// <summary>Whether it may be given another document.</summary>
    public bool IsUsable => !_spoiled && !_process.HasExited && _documents < _options.DocumentsPerProcess && _workingSet < _options.WornAbove;

    /// <exception cref="IOException">It does not start: nothing can be read on this machine as it is set up.</exception>
    public static async Task<ReaderProcess> StartAsync(ReaderHostOptions options, CancellationToken cancel)
    {
        var started = new ReaderProcess(Launch(options, await Confinement.WrapperAsync()), options);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(StartPatience);
        var ready = await started.ReceiveAsync(patience.Token);
        if (ready is { Kind: FrameKind.Ready } && new FrameReader(ready.Value.Fields).Take<Guid>() == HostMessages.Build) return started;

        started.Kill();
        await started.EndAsync();
        var end = started.DescribeEnd();
        await started.DisposeAsync();
        cancel.ThrowIfCancellationRequested();
        throw new IOException(ready is null
            ? "The reading process did not start. " + end
            : "The program's files were replaced while it runs. Start the service anew.");
    }

    /// <summary>Has it read the document. Cancelled, or over a limit, the process is gone when this returns.</summary>
    /// <exception cref="ExtractionException">The document cannot be read, or its reading process died of it.</exception>
    /// <exception cref="IOException">The process could not come by the document's bytes.</exception>
    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        _documents++;
        var (clock, isLast) = (Stopwatch.StartNew(), false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_options.Stall);
        await using var kill = limit.Token.UnsafeRegister(static process => ((ReaderProcess)process!).Kill(), this);
        for (var frame = await AskAsync(content, limit.Token); frame is not null; frame = await ReceiveAsync(limit.Token))
        {
            switch (frame.Value.Kind)
            {
                case FrameKind.Progress:
                    var left = _options.Timeout - clock.Elapsed;
                    isLast = left < _options.Stall;
                    limit.CancelAfter(!isLast ? _options.Stall : left > TimeSpan.Zero ? left : TimeSpan.Zero);
                    content.Progress?.Invoke(HostMessages.ReadProgress(frame.Value.Fields));
                    continue;
                case FrameKind.Document:
                    (var document, _workingSet) = HostMessages.ReadDocument(frame.Value.Fields);
                    return document;
                case FrameKind.Refusal:
                    (var refusal, _workingSet) = HostMessages.ReadRefusal(frame.Value.Fields);
                    _spoiled = refusal.Failure == ExtractionFailure.OutOfMemory;
                    throw refusal;
                case FrameKind.Fault:
                    throw new IOException("A reading process met an error of its own: " + new FrameReader(frame.Value.Fields).TakeText());
                default:
                    throw new InvalidOperationException($"A message of kind {frame.Value.Kind}.");
            }
        }
        _spoiled = true;
        Kill();
        await EndAsync();
        cancel.ThrowIfCancellationRequested();
        throw limit.IsCancellationRequested ? TimedOut(isLast) : CauseOfDeath();
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await EndAsync();
        _process.Dispose();
    }

    private string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }

    private static Process Launch(ReaderHostOptions options, string[] wrapper)
    {
        string[] command = [.. wrapper, .. options.Program, ReaderChild.Verb, options.MemoryMegabytes.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        Confinement.CleanEnvironment(start.Environment, options.MemoryMegabytes);
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new IOException("The reading process could not be started: " + fault.Message, fault);
        }
    }

    private void Kill() => Confinement.Kill(_process);

    private async Task<Frame?> AskAsync(DocumentContent content, CancellationToken limit)
    {
        var question = HostMessages.Write(content).ToBytes();
        try
        {
            await _input.WriteAsync(question, limit);
            await _input.FlushAsync(limit);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            return null;
        }
        return await ReceiveAsync(limit);
    }

    /// <summary>Null where nothing more can come.</summary>
    private async Task<Frame?> ReceiveAsync(CancellationToken limit)
    {
        try
        {
            return await Frame.ReadAsync(_output, _head, limit);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or InvalidDataException)
        {
            return null;
        }
    }

    private async Task EndAsync()
    {
        using var patience = new CancellationTokenSource(EndPatience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
            await _listening.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The kernel has not let go of it yet; it has been killed, and nothing waits for it.
        }
    }

    /// <summary>Keeps the first of what the runtime says as it dies, and lets it not go on for long.</summary>
    private async Task ListenAsync(Stream errors)
    {
        var buffer = new byte[1024];
        for (int read; (read = await errors.ReadAsync(buffer)) > 0;)
        {
            lock (_said)
            {
                if (_said.Length < MaxSaid) _said.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
            // The trace that follows can take it seconds to write.
            if (Said.Contains("Stack overflow", StringComparison.Ordinal)) Kill();
        }
    }

    private string DescribeEnd() => _process.HasExited ? $"Exit code {_process.ExitCode}. {Said}" : "It does not end.";

    private ExtractionException TimedOut(bool whole) => new(
        ExtractionFailure.TimedOut,
        whole
            ? $"Reading the document took longer than {_options.Timeout.TotalSeconds:0.#} s (EXTRACTION_TIMEOUT). Split it, or ask the operator for more time."
            : $"Reading the document got no further for {_options.Stall.TotalSeconds:0.#} s, half of what it may take (EXTRACTION_TIMEOUT)."
                + " Split it, or ask the operator for more time.");

    private ExtractionException CauseOfDeath()
    {
        var said = Said;
        var cause = new IOException(DescribeEnd());
        if (said.Contains("OutOfMemory", StringComparison.Ordinal) || said.Contains("Out of memory", StringComparison.Ordinal))
            return ExtractionException.OutOfMemory(cause);
        var how = said.Contains("Stack overflow", StringComparison.Ordinal) ? "its parts are nested without end" : "it was ended from outside or by a fault";
        return new(
            ExtractionFailure.Crashed,
            $"The process that read the document crashed: {how}. Open the document with its own program, save it again, and send that.", cause);
    }
}
