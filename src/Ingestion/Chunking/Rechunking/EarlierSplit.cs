namespace Ingestion.Chunking.Rechunking;

/// <summary>A text and the chunks that it was split into, with the options that a new split is to have.</summary>
/// <param name="Chunks">In order of the text.</param>
public sealed record EarlierSplit(string Text, IReadOnlyList<EarlierChunk> Chunks);

/// <summary>Offsets are UTF-16 units of the earlier text.</summary>
/// <param name="Header">The header rows of the table that the chunk goes on with.</param>
public readonly record struct EarlierChunk(int Start, int End, int TokenCount, TextSlice? Header);
