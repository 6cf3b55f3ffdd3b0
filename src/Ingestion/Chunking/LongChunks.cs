using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Chunking;

/// <summary>
/// Splits chunks again that have more tokens than some model takes, whatever the size that was asked for. Providers would refuse them, or cut
/// what is too long and say nothing.
/// </summary>
public static class LongChunks
{
    /// <param name="limit">Tokens of <paramref name="counter"/> that a text may have, with what stands before it.</param>
    /// <param name="before">What is put before a chunk's text; null for nothing.</param>
    /// <param name="warnings">Told what was done.</param>
    /// <exception cref="ChunkingException">What stands before every chunk leaves too little room.</exception>
    public static IReadOnlyList<Chunk> Split(
        ExtractedDocument document, IReadOnlyList<Chunk> chunks, ChunkOptions options, TokenCounter counter, int limit,
        Func<Chunk, string?> before, Action<string> warnings, CancellationToken cancel)
    {
        List<Chunk>? all = null;
        ChunkPlace? place = null;
        var (split, headless) = (0, 0);
        for (var i = 0; i < chunks.Count; i++)
        {
            var chunk = chunks[i];
            if (chunk.IsParent || Fits(before(chunk), chunk))
            {
                all?.Add(chunk);
                continue;
            }
            cancel.ThrowIfCancellationRequested();
            all ??= [.. chunks.Take(i)];
            if (chunk.TableHeader is not null && counter.CountUpTo(before(chunk), limit / 2) > limit / 2)
            {
                chunk = chunk with { TableHeader = null };
                headless++;
            }
            var room = limit - counter.CountUpTo(before(chunk), limit / 2);
            if (room < limit / 2)
            {
                throw new ChunkingException(
                    $"Title and metadata alone take more than half of the {limit} tokens that the embedding model takes. Send less, or leave include_metadata out.");
            }
            place ??= new ChunkPlace(document);
            // One for the break between what stands before and the text, which may be counted otherwise together.
            var smaller = options with { Size = Math.Max(1, room - 1), Overlap = 0, Strict = true, Metadata = null, Tokens = counter };
            foreach (var piece in ReadableSplitter.Split(document.Text, chunk.Start, chunk.End, smaller, cancel))
            {
                var own = place.Describe(piece);
                var text = document.Text.AsSpan(piece.Start, piece.End - piece.Start);
                all.Add(chunk with
                {
                    Start = own.Start,
                    End = own.End,
                    TokenCount = options.Tokens.Count(text),
                    PageStart = own.PageStart,
                    PageEnd = own.PageEnd,
                    HeadingPath = own.HeadingPath,
                });
            }
            split++;
        }
        if (all is null) return chunks;
        warnings($"{Are(split)} longer than the {limit} tokens that the embedding model takes, and split again: {chunks.Count} chunks became {all.Count}.");
        if (headless > 0) warnings($"{Are(headless)} embedded without the header rows of the table, which are too long for the embedding model.");
        return all;

        bool Fits(string? first, Chunk chunk)
        {
            // A token is at least a byte, a UTF-16 unit at most three.
            var length = (first?.Length ?? 0) + chunk.End - chunk.Start;
            return length <= limit / 3 || counter.CountUpTo(string.Concat(first, document.Text.AsSpan(chunk.Start, chunk.End - chunk.Start)), limit) <= limit;
        }
    }

    private static string Are(int count) => count == 1 ? "1 chunk was" : $"{count} chunks were";
}
