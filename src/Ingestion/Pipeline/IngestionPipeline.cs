using System.Globalization;
using System.Text.Json;
using Ingestion.Access;
using Ingestion.Chunking;
using Ingestion.Config;
using Ingestion.Embedding;
using Ingestion.Extraction;
using Ingestion.Sources;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>
/// One attempt at one document: fetch, read, split, stage, embed, commit. Values go forward only. What happens outside is told to the
/// <see cref="TaskStory"/>; how the attempt ends is the value that comes back.
/// </summary>
public sealed class IngestionPipeline(
    ITaskEngine engine, IChunkStore store, IEmbedder embedder, ChunkEmbedding embedding, UploadStore uploads, DocumentPreparation preparation, StoredQuota quota,
    Settings settings, TimeProvider time, ILogger<IngestionPipeline> log, ShortWay? shortWay = null)
{
    /// <summary>Above this many chunks, doing it again would cost more than writing down that it is done.</summary>
    private const int CheckpointChunks = 64;

    private const int MaxCallbackAsks = 3;
    private static readonly TimeSpan StorePause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckpointTime = TimeSpan.FromMilliseconds(500);

    /// <summary>How the attempt ended, and what is left to write of it.</summary>
    public async Task<AttemptEnd> RunAsync(LeaseHold hold)
    {
        await using var story = new TaskStory(engine, hold, time);
        try
        {
            return await IngestAsync(hold, story);
        }
        catch (OperationCanceledException) when (hold.Reason != EndReason.None)
        {
            return new(await EndEarlyAsync(hold, story));
        }
        catch (Exception fault)
        {
            if (fault is UnavailableException) await WaitForStoreAsync(hold);
            return new(hold.Reason == EndReason.None ? await FailAsync(hold, story, fault) : await EndEarlyAsync(hold, story));
        }
    }

    /// <summary>However long the store is away, it costs a task one attempt, and no other task begins that would fail as well.</summary>
    private async Task WaitForStoreAsync(LeaseHold hold)
    {
        while (!hold.Token.IsCancellationRequested)
        {
            try
            {
                await store.ReadIdentityAsync(hold.Token);
                return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (UnavailableException)
            {
                await Task.Delay(StorePause, time, hold.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<AttemptEnd> IngestAsync(LeaseHold hold, TaskStory story)
    {
        var spec = hold.Lease.Task.Spec;
        // One whose vectors have come, or have been waited for long enough, goes on where it stood. Any other begins anew, whatever was asked.
        if (story.State != TaskState.Embedding)
        {
            if (story.Checkpoint.Asked > 0) story.Remember(checkpoint => checkpoint with { Asked = 0 });
            story.MoveTo(TaskState.Processing, "A worker has started on the document.");
        }
        var staged = story.Checkpoint.Staged ? await store.FindStagedAsync(spec.TenantId, spec.TaskId, hold.Token) : null;
        if (staged is null)
        {
            var started = time.GetTimestamp();
            var (version, current) = await PrepareAsync(spec, story, hold.Token);
            if (version is null) return new(await EndUnchangedAsync(current!, spec, story));
            // Another attempt may have left something behind, or have been refused the short way.
            if (shortWay is not null && current is null && hold.Lease.Attempt == 1 && shortWay.CanTake(version))
                return await shortWay.GoAsync(version, hold, story);
            staged = await StageAsync(version, started, story, hold.Token);
        }
        if (staged.Space is { } space && space.Model != staged.Model) throw await embedding.OtherModelAsync(staged, space, null);
        if (story.Checkpoint is { CallbackError: null, Asked: >= MaxCallbackAsks } && staged.VectorCount < staged.ChunkCount) throw Unanswered();
        Telling.OfEmbedding(staged.ChunkCount, staged.Model, story);
        var embedded = await embedding.RunAsync(staged, hold, story);
        if (!embedded.IsPending) return new(await CommitAsync(staged, embedded.Saving, story));
        await embedded.Saving;
        return new(await ParkAsync(story));
    }

    /// <summary>The version to stage and the visible one, null where there is none; only the visible one where it is what would be staged.</summary>
    private async Task<(NewVersion? Version, CurrentVersion? Current)> PrepareAsync(TaskSpec spec, TaskStory story, CancellationToken cancel)
    {
        var source = spec.Content;
        try
        {
            if (spec.Source == SourceKind.Url) source = await FetchAsync(spec, story, cancel);
            story.Reach("document_received", 10, "The document was received.", Telling.Details(
                ("document_id", spec.DocumentId), ("source", spec.Source.Wire()), ("size", source.Size), ("file_name", source.FileName)));

            var current = await store.FindCurrentAsync(spec.TenantId, spec.CollectionId, spec.DocumentId, cancel);
            var fingerprint = VersionFingerprint.Of(spec, source, embedder.ModelFor(spec.EmbeddingModel), settings.ChunkModel);
            if (current is not null && current.Fingerprint == fingerprint && fingerprint is not null && !spec.RechunkFull
                && await store.ConfirmAsync(current, spec.TaskId, cancel))
                return (null, current);

            var document = await ReadAsync(spec, source, story, cancel);
            story.Reach("text_extracted", 30, "The text was extracted.", Telling.Details(
                ("text_length", new CodePoints(document.Text).Total), ("page_count", document.PageCount), ("media_type", document.MediaType)));

            story.MoveTo(TaskState.Chunking, "The text is being split into chunks.");
            var splitting = time.GetTimestamp();
            var prepared = await preparation.SplitAsync(spec, document, current, cancel);
            foreach (var warning in prepared.Warnings) story.Warn(warning);
            var chunks = prepared.Chunks;
            story.Took("chunk", time.GetElapsedTime(splitting));
            story.Reach("chunking_completed", 60, Telling.Counted(chunks.Count, "chunk") + " made.", Telling.Details(
                ("chunk_count", chunks.Count), ("token_count", chunks.Sum(chunk => (long)chunk.TokenCount))));
            if (await quota.CheckAsync(new(spec.TenantId, spec.CollectionId, spec.DocumentId), source.Size, chunks.Count, cancel) is { } excess)
                throw new StepException(new TaskError(TaskErrors.Quota, excess.Message), transient: false);
            return (NewVersionOf(spec, source, document, prepared, fingerprint, story), current);
        }
        finally
        {
            if (spec.Source == SourceKind.Url && source.FileKey is { } key) await uploads.DeleteAsync(key);
        }
    }

    /// <param name="started">When the attempt began.</param>
    private async Task<StagedVersion> StageAsync(NewVersion version, long started, TaskStory story, CancellationToken cancel)
    {
        var storing = time.GetTimestamp();
        var staged = await store.StageAsync(version, cancel);
        story.Took("store", time.GetElapsedTime(storing));
        story.Remember(checkpoint => checkpoint with { Staged = true, PageCount = version.PageCount });
        if (version.Chunks.Count > CheckpointChunks || time.GetElapsedTime(started) > CheckpointTime) await story.FlushAsync();
        return staged;
    }

    private async Task<DocumentSource> FetchAsync(TaskSpec spec, TaskStory story, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var source = await preparation.FetchAsync(
            spec.Content.Url!,
            fetched => story.Progress(
                fetched.Total is > 0 ? (int)Math.Min(9, fetched.Bytes * 10 / fetched.Total.Value) : 1,
                fetched.Total is > 0 ? $"Fetched {Megabytes(fetched.Bytes)} of {Megabytes(fetched.Total.Value)}." : $"Fetched {Megabytes(fetched.Bytes)}."),
            cancel);
        story.Took("fetch", time.GetElapsedTime(started));
        return source;
    }

    private async Task<ExtractedDocument> ReadAsync(TaskSpec spec, DocumentSource source, TaskStory story, CancellationToken cancel)
    {
        story.MoveTo(TaskState.Extracting, "The text is being extracted.");
        var started = time.GetTimestamp();
        var document = await preparation.ReadAsync(
            source, spec.Source,
            progress =>
            {
                var percentage = progress.Total > 0 ? 10 + (int)(20L * Math.Min(progress.Done, progress.Total) / progress.Total) : 10;
                story.Progress(
                    Math.Min(percentage, 29),
                    progress.Total > 0 ? $"Read {progress.Unit} {progress.Done} of {progress.Total}." : $"Read {progress.Unit} {progress.Done}.",
                    Telling.Details(("done", progress.Done), ("total", progress.Total), ("unit", progress.Unit)));
            },
            cancel);
        story.Took("extract", time.GetElapsedTime(started));
        foreach (var warning in document.Warnings) story.Warn(warning);
        return document;
    }

    private NewVersion NewVersionOf(
        TaskSpec spec, DocumentSource source, ExtractedDocument document, PreparedChunks prepared, string? fingerprint, TaskStory story)
    {
        var model = embedder.ModelFor(spec.EmbeddingModel);
        if (spec.EmbeddingModel is { } asked && asked != model)
            story.Warn($"The embedding model {asked} was asked for; the provider {embedder.Name} made the vectors with {model}.");
        return new NewVersion
        {
            TenantId = spec.TenantId,
            CollectionId = spec.CollectionId,
            DocumentId = spec.DocumentId,
            TaskId = spec.TaskId,
            Title = spec.Title ?? document.Title,
            Description = spec.Description,
            Tags = spec.Tags,
            Metadata = spec.Metadata,
            Source = new(spec.Source.Wire(), source.FileName, source.Url, document.MediaType, source.Size, source.Hash),
            Content = document.Text,
            PageCount = document.PageCount,
            PageStarts = [.. document.PageStarts.Select(prepared.Points.Before)],
            Language = document.Language,
            Warnings = story.Warnings,
            Model = model,
            Fingerprint = fingerprint,
            Chunking = prepared.Chunking,
            Preface = prepared.Preface,
            Chunks = prepared.Chunks,
            Parents = prepared.Parents,
        };
    }

    private StepException Unanswered() => new(
        new TaskError(TaskErrors.EmbeddingTimeout,
            $"The embedding service took {MaxCallbackAsks} requests and called back for none of them within {settings.EmbeddingTimeout.TotalSeconds:0} s (EMBEDDING_TIMEOUT). Check the service and its callback queue, then retry the task."),
        transient: false);

    private async Task<TaskOutcome> ParkAsync(TaskStory story)
    {
        story.Remember(checkpoint => checkpoint with { Asked = checkpoint.Asked + 1 });
        return new TaskOutcome { Kind = OutcomeKind.Parked, At = time.GetUtcNow() + settings.EmbeddingTimeout, Change = await story.CloseAsync() };
    }

    /// <summary>A provider that wants to be asked later has not failed: for as long as a document may wait, that counts nothing.</summary>
    private bool MayPause(Checkpoint checkpoint) =>
        checkpoint.PausedSince is not { } since || time.GetUtcNow() - since < settings.EmbeddingTimeout;

    private async Task<TaskOutcome> PauseAsync(EmbeddingException busy, TaskStory story)
    {
        var now = time.GetUtcNow();
        var wait = busy.RetryAfter ?? TaskRules.FirstBackoff * (1 + Random.Shared.NextDouble());
        if (wait > settings.EmbeddingTimeout) wait = settings.EmbeddingTimeout;
        story.Remember(checkpoint => checkpoint with { PausedSince = checkpoint.PausedSince ?? now });
        story.Progress(story.Percentage, $"{busy.Message} It is asked again in {Math.Ceiling(wait.TotalSeconds):0} s.");
        // Full of the same wait, they would all come back at once.
        var at = now + wait + TimeSpan.FromSeconds(Random.Shared.NextDouble());
        return new TaskOutcome { Kind = OutcomeKind.Parked, At = at, Change = await story.CloseAsync() };
    }

    private async Task<TaskOutcome> CommitAsync(StagedVersion staged, Task saving, TaskStory story)
    {
        var dimension = staged.Dimension ?? story.Checkpoint.Dimension ?? staged.Space?.Dimension;
        Telling.OfStoring(staged.ChunkCount, dimension, story);
        await Task.WhenAll(saving, story.FlushAsync(committing: true));

        // Past the point of no return: nothing is cancelled from here on.
        var started = time.GetTimestamp();
        var commit = await store.CommitAsync(staged, CancellationToken.None);
        story.Took("store", time.GetElapsedTime(started));
        switch (commit.Kind)
        {
            case CommitKind.OtherModel:
                throw await embedding.OtherModelAsync(staged, commit.Space!, dimension);
            case CommitKind.NotReady:
                throw new StepException(new TaskError(TaskErrors.Storage, "The staged chunks are not complete."), transient: true);
            case CommitKind.Superseded:
                story.Warn("A later upload of the same document was stored before this one, so this one changed nothing.");
                break;
            case CommitKind.Committed:
                break;
        }

        await story.StopWritingAsync();
        Telling.OfEnd(staged.DocumentId, staged.CollectionId, staged.ChunkCount, commit, story);
        var change = await story.CloseAsync();
        var checkpoint = story.Checkpoint;
        return new TaskOutcome
        {
            Kind = OutcomeKind.Completed,
            Change = change,
            Result = Telling.ResultOf(
                staged.DocumentId, staged.CollectionId, staged.Model, staged.ChunkCount, staged.TokenCount, checkpoint.PageCount, commit, checkpoint),
        };
    }

    /// <summary>The same bytes with the same wishes: the visible version stays, and is now this task's.</summary>
    private static async Task<TaskOutcome> EndUnchangedAsync(CurrentVersion same, TaskSpec spec, TaskStory story)
    {
        var document = same.Document;
        foreach (var warning in document.Warnings) story.Warn(warning);
        // An attempt that stopped after its own commit finds the version that it made.
        var isOwn = document.TaskId == spec.TaskId;
        var commit = isOwn ? same.Commit : same.Commit with { Kept = document.ChunkCount, Added = 0, Removed = 0 };
        var message = isOwn ? "The document is stored and searchable." : "The document is stored as it was: nothing in it has changed.";
        await story.StopWritingAsync();
        story.Remember(checkpoint => checkpoint with { PageCount = document.PageCount });
        story.Reach("document_stored", 100, message, Telling.Details(
            ("document_id", spec.DocumentId), ("collection_id", spec.CollectionId), ("version", document.Version), ("chunk_count", document.ChunkCount)));
        story.MoveTo(TaskState.Completed, message);
        var change = await story.CloseAsync();
        var result = Telling.ResultOf(
            spec.DocumentId, spec.CollectionId, document.Model, document.ChunkCount, document.TokenCount, document.PageCount, commit, story.Checkpoint, unchanged: !isOwn);
        return new TaskOutcome { Kind = OutcomeKind.Completed, Change = change, Result = result };
    }

    private async Task<TaskOutcome?> EndEarlyAsync(LeaseHold hold, TaskStory story)
    {
        var change = await story.CloseAsync();
        var spec = hold.Lease.Task.Spec;
        switch (hold.Reason)
        {
            case EndReason.Cancelled:
                await DiscardAsync(spec);
                return TaskRules.Cancelled(story.State, time.GetUtcNow()).After(change);
            case EndReason.Stopping:
                return TaskRules.Released(story.State, time.GetUtcNow()).After(change);
            case EndReason.Lost or EndReason.None:
                return null;
            default:
                throw new InvalidOperationException("Every reason is known.");
        }
    }

    /// <summary>A store that is away keeps no task from its end: what nobody goes on with is swept one day.</summary>
    private async Task DiscardAsync(TaskSpec spec)
    {
        try
        {
            await store.DiscardAsync(spec.TenantId, spec.TaskId, CancellationToken.None);
        }
        catch (UnavailableException fault)
        {
            log.LogWarning(fault, "What task {Task} had staged could not be discarded now; a sweep does it", spec.TaskId);
        }
    }

    private async Task<TaskOutcome> FailAsync(LeaseHold hold, TaskStory story, Exception fault)
    {
        if (fault is EmbeddingException { Fault: EmbeddingFault.Busy } busy && MayPause(story.Checkpoint)) return await PauseAsync(busy, story);
        var (error, transient, retryAfter) = fault switch
        {
            StepException step => (step.Error, step.Transient, step.RetryAfter),
            EmbeddingException embedding => (new TaskError(TaskErrors.Embedding, embedding.Message), embedding.Transient, embedding.RetryAfter),
            UnavailableException => (new TaskError(TaskErrors.Storage, "The storage could not be reached or written."), true, null),
            _ => (new TaskError(TaskErrors.Internal, "The service met an error of its own while it processed the document."), true, null),
        };
        var task = hold.Lease.Task;
        if (fault is StepException or EmbeddingException) log.LogInformation("Task {Task} attempt {Attempt}: {Code} {Message}", task.Spec.TaskId, task.Attempt, error.Code, error.Message);
        else log.LogError(fault, "Task {Task} attempt {Attempt} met an error of our own", task.Spec.TaskId, task.Attempt);

        var now = time.GetUtcNow();
        var outcome = transient
            ? TaskRules.AfterFailure(task, story.State, error, settings.TaskMaxAttempts, Random.Shared.NextDouble(), now, retryAfter)
            : TaskRules.Failed(story.State, error, now);
        // Whoever asks for it again is given as much patience as the first time.
        if (outcome.Kind == OutcomeKind.Failed) story.Remember(checkpoint => checkpoint with { PausedSince = null });
        if (outcome.Kind == OutcomeKind.Failed && error.Code is not (TaskErrors.Embedding or TaskErrors.EmbeddingTimeout or TaskErrors.Storage))
        {
            // Only where a retry would read the document again anyway.
            await DiscardAsync(task.Spec);
        }
        return outcome.After(await story.CloseAsync());
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}

/// <param name="Outcome">What to finish the lease with; null where the lease is lost and there is nothing to write.</param>
/// <param name="Writing">Where given, the task's end on its way; only where it says false, the outcome is to be written.</param>
public sealed record AttemptEnd(TaskOutcome? Outcome, Task<bool>? Writing = null);
