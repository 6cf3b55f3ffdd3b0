using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Ingestion.Extraction.Ocr;

namespace Ingestion.Extraction.Host;

/// <summary>How documents, and what is made of them, are written into messages.</summary>
internal static class HostMessages
{
    /// <summary>Changes with every build: the two ends of a pipe must be of the same one.</summary>
    public static readonly Guid Build = typeof(HostMessages).Module.ModuleVersionId;

    /// <param name="content">Bytes of a file go by its path, others with the message.</param>
    public static FrameWriter Write(DocumentContent content)
    {
        var file = content.Bytes as FileStream;
        var message = new FrameWriter(FrameKind.Read, file is null ? checked((int)content.Bytes.Length) : 0)
            .Add(content.MediaType).Add(content.IsTypeCertain).Add(content.FileName).Add(content.Charset).Add(content.Address?.AbsoluteUri);
        var limits = content.Limits;
        message.Add(limits.MaxTextLength).Add(limits.MaxExpansionRatio).Add(limits.ExpansionFloor).Add(limits.MaxArchiveEntries)
            .Add(limits.MaxNesting).Add(limits.MaxXmlDepth).Add(limits.MaxHtmlDepth).Add(limits.MaxHtmlNodes).Add(limits.MaxPages).Add(limits.MaxTableCells)
            .Add(limits.MaxPicturePixels);
        message.Add(content.Ocr?.Languages).Add(content.Ocr?.Force ?? false).Add(content.Ocr?.PageTimeout ?? default);
        return file is not null ? message.Add(file.Name) : message.Add((string?)null).AddAll(content.Bytes);
    }

    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static DocumentContent ReadContent(byte[] fields, Action<ReadProgress> progress)
    {
        var reader = new FrameReader(fields);
        var content = new DocumentContent
        {
            Bytes = Stream.Null,
            MediaType = reader.TakeText()!,
            IsTypeCertain = reader.Take<bool>(),
            FileName = reader.TakeText(),
            Charset = reader.TakeText(),
            Address = reader.TakeText() is { } address ? new Uri(address) : null,
            Limits = new ExtractionLimits
            {
                MaxTextLength = reader.Take<int>(),
                MaxExpansionRatio = reader.Take<int>(),
                ExpansionFloor = reader.Take<long>(),
                MaxArchiveEntries = reader.Take<int>(),
                MaxNesting = reader.Take<int>(),
                MaxXmlDepth = reader.Take<int>(),
                MaxHtmlDepth = reader.Take<int>(),
                MaxHtmlNodes = reader.Take<int>(),
                MaxPages = reader.Take<int>(),
                MaxTableCells = reader.Take<int>(),
                MaxPicturePixels = reader.Take<long>(),
            },
            Ocr = ReadOcr(ref reader),
            Progress = progress,
        };
        return content with
        {
            Bytes = reader.TakeText() is { } path
                ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete)
                : Rest(fields, reader.Take<int>()),
        };
    }

    public static FrameWriter Write(ReadProgress progress) =>
        new FrameWriter(FrameKind.Progress).Add(progress.Done).Add(progress.Total).Add(progress.Unit);

    public static ReadProgress ReadProgress(byte[] fields)
    {
        var reader = new FrameReader(fields);
        return new ReadProgress(reader.Take<int>(), reader.Take<int>(), reader.TakeText()!);
    }

    public static FrameWriter Write(ExtractedDocument document, long workingSet)
    {
        var message = new FrameWriter(FrameKind.Document, Encoding.UTF8.GetByteCount(document.Text) + (document.Elements.Count * Unsafe.SizeOf<Element>()))
            .Add(workingSet).Add(document.Text).AddAll(Span(document.Elements)).AddOptional(document.PageCount).AddAll(Span(document.PageStarts))
            .Add(document.Title).Add(document.Author).Add(document.Language).AddOptional(document.Created).AddOptional(document.Modified)
            .Add(document.MediaType).Add(document.Warnings.Count);
        foreach (var warning in document.Warnings) message.Add(warning);
        message.Add(document.Furniture.Count);
        foreach (var furniture in document.Furniture) message.Add(furniture.Text).Add(furniture.Page).AddOptional(furniture.Box);
        return message;
    }

    public static (ExtractedDocument Document, long WorkingSet) ReadDocument(byte[] fields)
    {
        var reader = new FrameReader(fields);
        var workingSet = reader.Take<long>();
        var document = new ExtractedDocument
        {
            Text = reader.TakeText()!,
            Elements = reader.TakeAll<Element>(),
            PageCount = reader.TakeOptional<int>(),
            PageStarts = reader.TakeAll<int>(),
            Title = reader.TakeText(),
            Author = reader.TakeText(),
            Language = reader.TakeText(),
            Created = reader.TakeOptional<DateTimeOffset>(),
            Modified = reader.TakeOptional<DateTimeOffset>(),
            MediaType = reader.TakeText()!,
        };
        var warnings = new string[reader.Take<int>()];
        for (var i = 0; i < warnings.Length; i++) warnings[i] = reader.TakeText()!;
        var furniture = new Furniture[reader.Take<int>()];
        for (var i = 0; i < furniture.Length; i++)
            furniture[i] = new Furniture(reader.TakeText()!, reader.Take<int>(), reader.TakeOptional<BoundingBox>());
        return (document with { Warnings = warnings, Furniture = furniture }, workingSet);
    }

    public static FrameWriter Write(ExtractionException fault, long workingSet) =>
        new FrameWriter(FrameKind.Refusal).Add(workingSet).Add((int)fault.Failure).Add(fault.Message).Add(fault.InnerException?.ToString());

    public static (ExtractionException Fault, long WorkingSet) ReadRefusal(byte[] fields)
    {
        var reader = new FrameReader(fields);
        var workingSet = reader.Take<long>();
        var failure = (ExtractionFailure)reader.Take<int>();
        var message = reader.TakeText()!;
        return (new ExtractionException(failure, message, reader.TakeText() is { } cause ? new InvalidDataException(cause) : null), workingSet);
    }

    // The last field where it lies: the message is nobody else's.
    private static MemoryStream Rest(byte[] fields, int length) => new(fields, fields.Length - length, length, writable: false);

    private static OcrOptions? ReadOcr(ref FrameReader reader)
    {
        var (languages, force, timeout) = (reader.TakeText(), reader.Take<bool>(), reader.Take<TimeSpan>());
        return languages is null ? null : new OcrOptions { Languages = languages, Force = force, PageTimeout = timeout };
    }

    private static ReadOnlySpan<T> Span<T>(IReadOnlyList<T> values) => values switch
    {
        List<T> list => CollectionsMarshal.AsSpan(list),
        T[] array => array,
        _ => values.ToArray(),
    };
}
