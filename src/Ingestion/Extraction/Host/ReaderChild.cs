using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ingestion.Extraction.Host;

/// <summary>
/// The reading process's own side: it takes documents from its input, one at a time, and answers on its output. The end of its input,
/// be it because the service stopped or because it died, is its own end at once, in the middle of a document too.
/// </summary>
internal sealed class ReaderChild(Stream output)
{
    /// <summary>The program's first argument; the memory in megabytes is the second.</summary>
    public const string Verb = "extract-worker";

    private const long TidyAbove = 192L << 20;

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(20);

    private readonly Lock _sending = new();
    private readonly BlockingCollection<byte[]> _requests = [];
    private long _lastProgress;

    public static int Run(string megabytes)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        Confinement.Apply(int.Parse(megabytes, CultureInfo.InvariantCulture));
        Confinement.WidenPipes();
        // When it ends is the service's to say.
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        // A library that prints would break the messages.
        Console.SetOut(TextWriter.Null);
        new ReaderChild(output).Serve(input);
        return 0;
    }

    private void Serve(Stream input)
    {
        new Thread(ReadDocuments) { IsBackground = true, Name = "reader" }.Start();
        Send(new FrameWriter(FrameKind.Ready).Add(HostMessages.Build));
        var head = Frame.NewHead();
        while (Frame.Read(input, head) is { } frame) _requests.Add(frame.Fields);
        Confinement.EndSelf();
    }

    private void ReadDocuments()
    {
        foreach (var request in _requests.GetConsumingEnumerable()) Send(Answer(request));
    }

    private FrameWriter Answer(byte[] request)
    {
        try
        {
            var content = HostMessages.ReadContent(request, Tell);
            using (content.Bytes)
            {
                var document = DocumentReaders.ReadAsync(content, CancellationToken.None).GetAwaiter().GetResult();
                return HostMessages.Write(document, MemoryLeft());
            }
        }
        catch (ExtractionException fault)
        {
            return HostMessages.Write(fault, MemoryLeft());
        }
        catch (Exception fault)
        {
            return new FrameWriter(FrameKind.Fault).Add(fault.ToString());
        }
    }

    /// <summary>Bytes held once what a large document left behind is given back.</summary>
    private static long MemoryLeft()
    {
        var held = Environment.WorkingSet;
        if (held < TidyAbove) return held;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }

    /// <summary>What comes too soon after the last is left out: progress may be.</summary>
    private void Tell(ReadProgress progress)
    {
        lock (_sending)
        {
            if (_lastProgress != 0 && Stopwatch.GetElapsedTime(_lastProgress) < ProgressEvery) return;
            _lastProgress = Stopwatch.GetTimestamp();
        }
        Send(HostMessages.Write(progress));
    }

    private void Send(FrameWriter message)
    {
        lock (_sending)
        {
            output.Write(message.ToBytes().Span);
            output.Flush();
        }
    }
}
