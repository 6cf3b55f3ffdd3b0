namespace Ingestion.Chunking.Splitting;

/// <summary>
/// Merges consecutive pieces into chunks of at most a size, each starting with the last pieces of the one before, up to the overlap.
/// Sizes are sums of the pieces' own counts.
/// </summary>
internal abstract class PieceMerger(string text, int size, int overlap, TokenCounter tokens)
{
    private readonly List<Piece> _chunks = [];

    // The open chunk's pieces are those from _first on.
    private readonly List<Piece> _pieces = [];
    private int _first;

    protected int Size => size;

    protected int Overlap => overlap;

    /// <summary>Tokens of the open chunk.</summary>
    protected int Length { get; private set; }

    protected bool IsEmpty => _first == _pieces.Count;

    public abstract void Add(Piece piece);

    public List<Piece> Finish()
    {
        Emit();
        return _chunks;
    }

    protected void Append(Piece piece)
    {
        if (_first > 1_000 && _first > _pieces.Count / 2)
        {
            _pieces.RemoveRange(0, _first);
            _first = 0;
        }
        _pieces.Add(piece);
        Length += piece.Tokens;
    }

    protected void DropFirst() => Length -= _pieces[_first++].Tokens;

    /// <summary>Keeps the last pieces, as many as fit into the overlap.</summary>
    protected void KeepOverlap()
    {
        var (last, first) = (_pieces.Count, _first);
        (_first, Length) = (last, 0);
        while (_first > first && Length + _pieces[_first - 1].Tokens <= overlap) Length += _pieces[--_first].Tokens;
    }

    protected void Emit()
    {
        if (IsEmpty) return;
        var (start, end) = PythonCharacter.Strip(text, _pieces[_first].Start, _pieces[^1].End);
        if (start < end) _chunks.Add(new Piece(start, end, tokens.Count(text.AsSpan(start, end - start))));
    }
}

/// <summary>As LlamaIndex's SentenceSplitter merges.</summary>
internal sealed class SentenceMerger(string text, int size, int overlap, TokenCounter tokens) : PieceMerger(text, size, overlap, tokens)
{
    private bool _onlyOverlap = true;

    public override void Add(Piece piece)
    {
        if (Length + piece.Tokens > Size && !_onlyOverlap)
        {
            Emit();
            KeepOverlap();
            _onlyOverlap = true;
        }
        if (_onlyOverlap)
        {
            while (!IsEmpty && Length + piece.Tokens > Size) DropFirst();
        }
        Append(piece);
        _onlyOverlap = false;
    }
}

/// <summary>As LlamaIndex's TokenTextSplitter merges.</summary>
internal sealed class TokenMerger(string text, int size, int overlap, TokenCounter tokens) : PieceMerger(text, size, overlap, tokens)
{
    public override void Add(Piece piece)
    {
        if (Length + piece.Tokens > Size)
        {
            Emit();
            while (!IsEmpty && (Length > Overlap || Length + piece.Tokens > Size)) DropFirst();
        }
        Append(piece);
    }
}
