namespace Ingestion.Chunking.Splitting;

/// <summary>
/// Merges consecutive pieces into chunks of at most a size, each starting with the last pieces of the one before, up to the overlap.
/// Sizes are sums of the pieces' own counts, as in LlamaIndex; a strict merger also sees to the chunk's own count.
/// </summary>
/// <param name="narrow">Splits a slice whose own count is over the size. Null: not strict.</param>
internal sealed class PieceMerger(string text, int size, int overlap, TokenCounter tokens, Func<Piece, List<Piece>>? narrow)
{
    private readonly List<Piece> _chunks = [];

    // The open chunk's pieces are those from _first on; those from _fresh on are in no chunk yet.
    private readonly List<Piece> _pieces = [];
    private int _first;
    private int _fresh;
    private int _length;

    public void Add(Piece piece)
    {
        while (_length + piece.Tokens > size && _fresh < _pieces.Count) Close();
        while (_first < _pieces.Count && _length + piece.Tokens > size) DropFirst();
        if (_first > 1_000 && _first > _pieces.Count / 2) Compact();
        _pieces.Add(piece);
        _length += piece.Tokens;
    }

    public List<Piece> Finish()
    {
        while (_fresh < _pieces.Count) Close();
        return _chunks;
    }

    private void Close()
    {
        var back = Emit();
        while (_length > overlap) DropFirst();
        foreach (var piece in back) Add(piece);
    }

    /// <summary>Gives back the last pieces, where the chunk's own count leaves no room for them.</summary>
    private List<Piece> Emit()
    {
        List<Piece> back = [];
        var chunk = Open();
        if (narrow is not null)
        {
            while (chunk.Tokens > size && _pieces.Count > _first + 1)
            {
                if (_pieces.Count > _fresh + 1)
                {
                    back.Insert(0, _pieces[^1]);
                    _length -= _pieces[^1].Tokens;
                    _pieces.RemoveAt(_pieces.Count - 1);
                }
                else
                {
                    DropFirst();
                }
                chunk = Open();
            }
            if (chunk.Tokens > size)
            {
                _chunks.AddRange(narrow(chunk));
                while (_first < _pieces.Count) DropFirst();
                chunk = default;
            }
        }
        if (chunk.Start < chunk.End) _chunks.Add(chunk);
        _fresh = _pieces.Count;
        return back;
    }

    /// <summary>The open chunk, without the white space at its ends.</summary>
    private Piece Open()
    {
        var (start, end) = PythonCharacter.Strip(text, _pieces[_first].Start, _pieces[^1].End);
        return new Piece(start, end, tokens.Count(text.AsSpan(start, end - start)));
    }

    private void DropFirst() => _length -= _pieces[_first++].Tokens;

    private void Compact()
    {
        _pieces.RemoveRange(0, _first);
        _fresh -= _first;
        _first = 0;
    }
}
