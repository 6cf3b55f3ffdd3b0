namespace Ingestion.Chunking.Splitting;

/// <summary>The slice <c>[Start, End)</c> that a splitter does not divide further.</summary>
internal readonly record struct Piece(int Start, int End, int Tokens);
