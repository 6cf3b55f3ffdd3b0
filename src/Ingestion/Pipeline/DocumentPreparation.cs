using System.Text.Json;
using Ingestion.Chunking;
using Ingestion.Chunking.Rechunking;
using Ingestion.Config;
using Ingestion.Embedding;
using Ingestion.Extraction;
using Ingestion.Extraction.Host;
using Ingestion.Extraction.Ocr;
using Ingestion.Sources;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>The steps that need no task: from bytes to text to chunks. Ingesting and planning share them.</summary>
public sealed class DocumentPreparation(
    UploadStore uploads, UrlFetcher fetcher, ReaderHost readers, IEmbedder embedder, IChunkStore store, Settings settings)
{
    private const int ShortText = 32 * 1024;

    /// <summary>The embedding model of a document that asks for one.</summary>
    public string ModelFor(string? requested) => embedder.ModelFor(requested);

    /// <summary>Whether vectors cost nothing but this process's time.</summary>
    public bool IsEmbeddedHere => embedder.IsLocal;

    /// <exception cref="StepException">The address cannot be fetched.</exception>
    public async Task<DocumentSource> FetchAsync(string url, Action<FetchProgress>? progress, CancellationToken cancel)
    {
        var outcome = await fetcher.FetchAsync(url, settings.MaxFileSize, settings.UrlTimeout, progress, cancel);
        return outcome switch
        {
            FetchOutcome.Fetched fetched => fetched.Source with { Url = fetched.Address.AbsoluteUri },
            FetchOutcome.Failed failed => throw new StepException(new TaskError(CodeOf(failed.Failure), failed.Message), failed.IsTransient, failed.RetryAfter, failed.Cause),
            _ => throw new InvalidOperationException("Every outcome of a fetch is known."),
        };
    }

    /// <summary>Reads a document's bytes. Cancelling ends the reading itself, at once.</summary>
    /// <exception cref="StepException">It cannot be read, or not within its limits.</exception>
    public async Task<ExtractedDocument> ReadAsync(DocumentSource source, SourceKind kind, Action<ReadProgress>? progress, CancellationToken cancel)
    {
        await using var bytes = await uploads.OpenAsync(source, cancel)
            ?? throw new StepException(new TaskError(TaskErrors.Storage, "The uploaded file is gone. Send the document again."), transient: false);
        var content = new DocumentContent
        {
            Bytes = bytes,
            MediaType = kind == SourceKind.Text ? MediaTypes.Markdown : source.MediaType ?? "",
            // A text that was sent as text is text, whatever it looks like.
            IsTypeCertain = kind == SourceKind.Text,
            Charset = kind == SourceKind.Text ? "utf-8" : source.Charset,
            FileName = source.FileName,
            Address = source.Url is null ? null : new Uri(source.Url),
            Ocr = settings.Ocr == "off" ? null : new OcrOptions
            {
                Languages = settings.OcrLanguages,
                Force = settings.Ocr == "force",
                PageTimeout = settings.ExtractionTimeout / 4,
            },
            Progress = progress,
        };
        try
        {
            return await readers.ReadAsync(content, cancel);
        }
        catch (ExtractionException fault)
        {
            throw new StepException(new TaskError(CodeOf(fault.Failure), fault.Message), transient: false, inner: fault);
        }
    }

    /// <summary>The chunks to store.</summary>
    /// <param name="current">What is stored of the document: where its text stays, so do the chunks, unless all is to be split anew.</param>
    /// <exception cref="StepException">It has no text, too many chunks, or cannot be split as asked.</exception>
    public async Task<PreparedChunks> SplitAsync(TaskSpec spec, ExtractedDocument document, CurrentVersion? current, CancellationToken cancel)
    {
        var chunker = Chunkers.Find(spec.Chunker)
            ?? throw new StepException(new TaskError(TaskErrors.Chunking, $"There is no chunker named {spec.Chunker}."), transient: false);
        if (chunker is AutoChunker auto) chunker = auto.For(document);
        var preface = spec.IncludeMetadata ? PrefaceOf(spec.Title ?? document.Title, spec.Metadata) : null;
        var options = new ChunkOptions
        {
            Size = spec.ChunkSize,
            Overlap = spec.ChunkOverlap,
            Tokens = TokenCounters.ForModel(settings.ChunkModel),
            Metadata = preface,
            Strict = spec.Strict,
            KeepAbbreviations = spec.KeepAbbreviations,
            Embed = (texts, stop) => EmbedSentencesAsync(spec, texts, stop),
        };
        var chunking = ChunkingOf(chunker, options);
        var isStable = StableSplit.IsPossible(chunker) && !spec.RechunkFull && current?.Chunking == chunking && current.Preface == preface;
        var earlier = isStable ? await store.ReadSplitAsync(current!, cancel) : null;
        IReadOnlyList<Chunk> chunks;
        try
        {
            Task<IReadOnlyList<Chunk>> Split() => earlier is null
                ? chunker.SplitAsync(document, options, cancel)
                : Task.FromResult(StableSplit.Split(chunker, document, options, EarlierOf(earlier), cancel));
            // A short text is split sooner than another thread would begin with it.
            chunks = document.Text.Length <= ShortText ? await Split() : await Task.Run(Split, cancel);
        }
        catch (ChunkingException fault)
        {
            throw new StepException(new TaskError(TaskErrors.Chunking, fault.Message), transient: false, inner: fault);
        }
        var warnings = new List<string>();
        chunks = Fit(spec, document, chunks, options, warnings.Add, cancel);
        if (chunks.Count == 0)
            throw new StepException(new TaskError(TaskErrors.EmptyDocument, "The document holds no text. A scan or a picture needs OCR first."), transient: false);
        if (chunks.Count > settings.MaxChunksPerDocument)
        {
            throw new StepException(
                new TaskError(TaskErrors.DocumentTooLarge,
                    $"The document would have {chunks.Count} chunks; {settings.MaxChunksPerDocument} are allowed (MAX_CHUNKS_PER_DOCUMENT). Split it, or ask for larger chunks."),
                transient: false);
        }
        return PreparedChunks.Of(spec, document, chunks, chunking, preface) with { Warnings = warnings };
    }

    /// <summary>Chunks that the embedding model takes whole.</summary>
    private IReadOnlyList<Chunk> Fit(
        TaskSpec spec, ExtractedDocument document, IReadOnlyList<Chunk> chunks, ChunkOptions options, Action<string> warnings, CancellationToken cancel)
    {
        if (embedder.LimitOf(embedder.ModelFor(spec.EmbeddingModel)) is not { } limit) return chunks;
        try
        {
            return LongChunks.Split(
                document, chunks, options, limit.Counter, limit.Tokens,
                chunk => EmbeddedText.Before(options.Metadata, chunk.TableHeader is { } rows ? document.Text[rows.Start..rows.End] : null),
                warnings, cancel);
        }
        catch (ChunkingException fault)
        {
            throw new StepException(new TaskError(TaskErrors.Chunking, fault.Message), transient: false, inner: fault);
        }
    }

    /// <summary>All that decides where a text is cut.</summary>
    private static string ChunkingOf(IChunker chunker, ChunkOptions options) =>
        $"{chunker.Name} {options.Size}/{options.Overlap} {options.Tokens.Encoding}"
        + (options.Strict ? " strict" : "") + (options.KeepAbbreviations ? " abbreviations" : "");

    private static EarlierSplit EarlierOf(StoredSplit stored)
    {
        var points = new CodePoints(stored.Content);
        return new(stored.Content,
        [
            .. stored.Chunks.Select(chunk => new EarlierChunk(
                points.OffsetOf(chunk.Start), points.OffsetOf(chunk.End), chunk.TokenCount,
                chunk.Header is { } rows && points.OffsetOf(rows.Start) is var start ? new TextSlice(start, start + rows.Text.Length) : null)),
        ]);
    }

    /// <summary>What LlamaIndex embeds before a node's text: a line for each name and value; null where there is none.</summary>
    private static string? PrefaceOf(string? title, JsonElement? metadata)
    {
        List<string> lines = title is null ? [] : [$"title: {title}"];
        if (metadata is { ValueKind: JsonValueKind.Object } named)
            lines.AddRange(named.EnumerateObject().Select(field => $"{field.Name}: {field.Value}"));
        return lines.Count == 0 ? null : string.Join('\n', lines);
    }

    /// <summary>For chunkers that compare sentences by meaning: with the task's own model.</summary>
    private async Task<IReadOnlyList<ReadOnlyMemory<float>>> EmbedSentencesAsync(TaskSpec spec, IReadOnlyList<string> texts, CancellationToken cancel)
    {
        var vectors = new List<ReadOnlyMemory<float>>(texts.Count);
        var sentences = texts.Select((text, index) => new BatchText(index, "", text)).ToList();
        var model = embedder.ModelFor(spec.EmbeddingModel);
        foreach (var batch in EmbeddingBatches.Split(sentences, embedder.MaxBatch, embedder.MaxBatchTokens, embedder.LimitOf(model)?.Counter))
        {
            var answer = await embedder.EmbedAsync(
                new EmbeddingBatch
                {
                    TenantId = spec.TenantId,
                    CollectionId = spec.CollectionId,
                    DocumentId = spec.DocumentId,
                    TaskId = spec.TaskId,
                    Attempt = 0,
                    Title = spec.Title,
                    Model = model,
                    TotalChunks = texts.Count,
                    Texts = batch,
                }, cancel);
            if (answer is not EmbeddingAnswer.Vectors now)
                throw new ChunkingException($"The chunker {spec.Chunker} needs an embedding provider that answers at once; {embedder.Name} answers later. Choose another chunker.");
            vectors.AddRange(now.Values);
        }
        return vectors;
    }

    private static string CodeOf(FetchFailure failure) => failure switch
    {
        FetchFailure.TooLarge => TaskErrors.DocumentTooLarge,
        FetchFailure.NotStored => TaskErrors.Storage,
        FetchFailure.Refused or FetchFailure.Unreachable or FetchFailure.Status or FetchFailure.TooManyRedirects or FetchFailure.TimedOut => TaskErrors.Fetch,
    };

    private static string CodeOf(ExtractionFailure failure) => failure switch
    {
        ExtractionFailure.Unsupported => TaskErrors.UnsupportedFileType,
        ExtractionFailure.TooLarge => TaskErrors.DocumentTooLarge,
        ExtractionFailure.Empty => TaskErrors.EmptyDocument,
        ExtractionFailure.TimedOut => TaskErrors.ExtractionTimeout,
        ExtractionFailure.Encrypted or ExtractionFailure.Corrupt or ExtractionFailure.OutOfMemory or ExtractionFailure.Crashed => TaskErrors.Extraction,
    };
}

/// <summary>A step of the pipeline cannot go on, and what the client is told of it.</summary>
/// <param name="transient">Whether another attempt may succeed.</param>
/// <param name="retryAfter">As the other side asked.</param>
public sealed class StepException(TaskError error, bool transient, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(error.Message, inner)
{
    public TaskError Error { get; } = error;
    public bool Transient { get; } = transient;
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
