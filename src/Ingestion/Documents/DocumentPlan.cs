using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Pipeline;
using Ingestion.Sources;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Documents;

/// <summary>What ingesting a document would give and change, without storing or embedding anything.</summary>
public sealed class DocumentPlan(DocumentIntake intake, DocumentPreparation preparation, IChunkStore store, UploadStore uploads, Settings settings) : IDisposable
{
    private const int MaxOfTenant = 4;

    /// <summary>Plans run in the request, so only a few may at once; the others wait their turn.</summary>
    private readonly SemaphoreSlim _turns = new(2);

    /// <summary>How many plans of a tenant run or wait: a tenant that asks for more would keep the others from theirs.</summary>
    private readonly Dictionary<string, int> _ofTenant = [];

    public void Dispose() => _turns.Dispose();

    public async Task<IResult> MakeAsync(DocumentDraft draft, CancellationToken cancel)
    {
        var source = draft.File;
        try
        {
            if (draft.Check(settings) is { } problem) return problem;
            if (!TryCome(draft.TenantId)) return Problems.TooManyPlans(MaxOfTenant);
            var isTurn = false;
            try
            {
                await _turns.WaitAsync(cancel);
                isTurn = true;
                (source, problem) = await intake.PrepareAsync(draft, cancel);
                if (problem is not null) return problem;
                if (draft.Url is not null) source = await preparation.FetchAsync(draft.Url, null, cancel);
                return await MakeAsync(draft, source!, cancel);
            }
            catch (StepException fault)
            {
                return new Problem(StatusCodes.Status422UnprocessableEntity, fault.Error.Code, fault.Error.Message);
            }
            finally
            {
                if (isTurn) _turns.Release();
                Leave(draft.TenantId);
            }
        }
        finally
        {
            if (source?.FileKey is { } key) await uploads.DeleteAsync(key);
        }
    }

    private bool TryCome(string tenant)
    {
        lock (_ofTenant)
        {
            var there = _ofTenant.GetValueOrDefault(tenant);
            if (there >= MaxOfTenant) return false;
            _ofTenant[tenant] = there + 1;
            return true;
        }
    }

    private void Leave(string tenant)
    {
        lock (_ofTenant)
        {
            if (--_ofTenant[tenant] == 0) _ofTenant.Remove(tenant);
        }
    }

    private async Task<IResult> MakeAsync(DocumentDraft draft, DocumentSource source, CancellationToken cancel)
    {
        var spec = draft.ToSpec("", source, settings, null, DateTimeOffset.UnixEpoch);
        var document = await preparation.ReadAsync(source, spec.Source, null, cancel);
        var current = await store.FindCurrentAsync(draft.TenantId, draft.CollectionId, draft.DocumentId, cancel);
        var prepared = await preparation.SplitAsync(spec, document, current, cancel);
        var (chunks, parents) = (prepared.Chunks, prepared.Parents);
        var stored = await store.ReadChunkIdsAsync(draft.TenantId, draft.CollectionId, draft.DocumentId, cancel);
        var kept = chunks.Count(chunk => stored.Contains(chunk.ChunkId));
        var plan = new PlanResponse(
            true, chunks.Count == 1 ? "1 chunk." : $"{chunks.Count} chunks.", Views(chunks), Views(parents),
            chunks.Sum(chunk => (long)chunk.TokenCount), document.PageCount, new(kept, chunks.Count - kept, stored.Count - kept), [.. draft.Warnings, .. document.Warnings, .. prepared.Warnings]);
        return Results.Json(plan, DocumentWire.Answers.PlanResponse);

        IReadOnlyList<ChunkView> Views(IReadOnlyList<NewChunk> all) =>
        [
            .. all.Select((chunk, index) => ChunkView.Of(
                new StoredChunk(
                    chunk.ChunkId, index, document.Text[chunk.Start..chunk.End], chunk.StartCodePoint, chunk.EndCodePoint,
                    chunk.TokenCount, chunk.PageStart, chunk.PageEnd, chunk.HeadingPath)
                {
                    PreviousId = Neighbour(all, index, -1),
                    NextId = Neighbour(all, index, 1),
                    ParentId = chunk.Parent is { } parent ? parents[parent].ChunkId : null,
                    Context = chunk.Context,
                },
                draft.Metadata)),
        ];
    }

    private static string? Neighbour(IReadOnlyList<NewChunk> chunks, int at, int step) =>
        at + step >= 0 && at + step < chunks.Count && (chunks[at + step].Context?.Level ?? 0) == (chunks[at].Context?.Level ?? 0)
            ? chunks[at + step].ChunkId : null;
}

/// <param name="Parents">The larger chunks that others are a part of, the largest first; of the hierarchical chunker alone.</param>
public sealed record PlanResponse(
    bool Success, string Message, IReadOnlyList<ChunkView> Chunks, IReadOnlyList<ChunkView> Parents, long TokenCount, int? PageCount, PlanDiff Diff, IReadOnlyList<string> Warnings);

/// <summary>Chunks, against the stored version of the document.</summary>
public sealed record PlanDiff(int Kept, int Added, int Removed);
