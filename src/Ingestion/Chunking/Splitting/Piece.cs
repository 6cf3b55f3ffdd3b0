namespace Ingestion.Chunking.Splitting;

/// <summary>The slice <c>[Start, End)</c>: a part that is not divided further, or a chunk made of such parts.</summary>
/// <param name="Header">Where it is a table's row, after the header rows: those.</param>
internal readonly record struct Piece(int Start, int End, int Tokens, TableHeader? Header = null);

/// <summary>A table's header rows, which a chunk that starts with a later row names and has room for.</summary>
internal sealed record TableHeader(int Start, int End, int Tokens);
