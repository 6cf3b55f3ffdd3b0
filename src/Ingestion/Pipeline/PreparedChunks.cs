using Ingestion.Chunking;
using Ingestion.Extraction;
using Ingestion.Store;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>A document's chunks with the ids and code points that the wire shows.</summary>
/// <param name="Chunking">The chunker and its options.</param>
/// <param name="Preface">Embedded before each chunk's text; null for nothing.</param>
/// <param name="Chunks">To be embedded and searched, in order of the text.</param>
/// <param name="Parents">Larger chunks that those are a part of, level by level.</param>
/// <param name="Points">Of the document's text.</param>
public sealed record PreparedChunks(
    string Chunking, string? Preface, IReadOnlyList<NewChunk> Chunks, IReadOnlyList<NewChunk> Parents, CodePoints Points)
{
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public static PreparedChunks Of(TaskSpec spec, ExtractedDocument document, IReadOnlyList<Chunk> chunks, string chunking, string? preface)
    {
        var points = new CodePoints(document.Text);
        var parents = chunks.TakeWhile(chunk => chunk.IsParent).Count();
        var ids = new Dictionary<int, ChunkIds>();
        var levels = new int[parents];
        var prepared = new NewChunk[chunks.Count];
        for (var i = 0; i < chunks.Count; i++)
        {
            var chunk = chunks[i];
            var level = parents == 0 ? 0 : chunk.Parent is { } parent ? levels[parent] + 1 : 1;
            if (i < parents) levels[i] = level;
            // Those that are searched have the ids of any other chunker's.
            var scope = i < parents ? level : 0;
            if (!ids.TryGetValue(scope, out var next))
                ids.Add(scope, next = new ChunkIds(spec.TenantId, spec.CollectionId, spec.DocumentId, scope));
            prepared[i] = Prepare(document.Text, points, chunk, level, preface, next);
        }
        return new(
            chunking, preface, new ArraySegment<NewChunk>(prepared, parents, chunks.Count - parents), new ArraySegment<NewChunk>(prepared, 0, parents), points);
    }

    private static NewChunk Prepare(string text, CodePoints points, Chunk chunk, int level, string? preface, ChunkIds ids)
    {
        var header = chunk.TableHeader is { } rows ? new TableHeaderRows(points.Before(rows.Start), text[rows.Start..rows.End]) : null;
        var window = chunk.Window is { } around ? new CodePointRange(points.Before(around.Start), points.Before(around.End)) : (CodePointRange?)null;
        var id = ids.Next(text.AsSpan(chunk.Start, chunk.End - chunk.Start), EmbeddedText.Before(preface, header?.Text));
        return new NewChunk(
            id, chunk.Start, chunk.End, points.Before(chunk.Start), points.Before(chunk.End), chunk.TokenCount, chunk.PageStart, chunk.PageEnd, chunk.HeadingPath)
        {
            Context = level > 0 || window is not null || header is not null ? new ChunkContext(level, window, header) : null,
            Parent = chunk.Parent,
        };
    }
}
