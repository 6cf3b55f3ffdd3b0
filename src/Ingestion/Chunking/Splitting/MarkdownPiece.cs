namespace Ingestion.Chunking.Splitting;

/// <param name="Table">The header rows, where the piece is a table's row after them.</param>
/// <param name="TableTokens">Those rows' tokens.</param>
internal readonly record struct MarkdownPiece(Piece Piece, TextSlice? Table = null, int TableTokens = 0)
{
    public int Tokens => Piece.Tokens;
}
