namespace Ingestion.Chunking.Splitting;

/// <summary>
/// Merges consecutive pieces into chunks of at most a size, each starting with the last pieces of the one before, up to the overlap;
/// table rows are not repeated. Sizes are sums of the pieces' own counts, as in LlamaIndex; a strict merger also sees to the chunk's own.
/// </summary>
/// <param name="narrow">Splits a chunk of one piece whose own count is over the size. Null: not strict.</param>
internal sealed class PieceMerger(string text, int size, int overlap, TokenCounter tokens, Func<Piece, IEnumerable<Piece>>? narrow)
{
    private readonly List<Piece> _chunks = [];

    // The open chunk's pieces are those from _first on; those from _fresh on are in no chunk yet.
    private readonly List<Piece> _pieces = [];
    private int _first;
    private int _fresh;
    private int _length;

    private bool IsEmpty => _first == _pieces.Count;

    /// <summary>Tokens of the open chunk's pieces and of the header that it needs.</summary>
    private int Length => IsEmpty ? 0 : _length + (_pieces[_first].Header?.Tokens ?? 0);

    public void Add(Piece piece)
    {
        while (_fresh < _pieces.Count && Length + piece.Tokens > size) Close();
        // What is left was in the chunk before. A row does not follow a repeated text, which is not of its table.
        while (!IsEmpty && (Length + piece.Tokens > size || piece.Header is not null && _fresh == _pieces.Count)) DropFirst();
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
        var lastRow = _pieces.FindLastIndex(_pieces.Count - 1, _pieces.Count - _first, piece => piece.Header is not null);
        while (_first <= lastRow || _length > overlap) DropFirst();
        foreach (var piece in back) Add(piece);
    }

    /// <summary>Gives back the last pieces, where the chunk's own count leaves no room for them.</summary>
    private List<Piece> Emit()
    {
        List<Piece> back = [];
        var chunk = Open();
        if (narrow is not null)
        {
            while (IsOver(chunk) && _pieces.Count > _first + 1)
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
            if (IsOver(chunk))
            {
                _chunks.AddRange(narrow(chunk));
                while (!IsEmpty) DropFirst();
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
        return new Piece(start, end, tokens.Count(text.AsSpan(start, end - start)), _pieces[_first].Header);
    }

    private bool IsOver(Piece chunk) => chunk.Tokens + (chunk.Header?.Tokens ?? 0) > size;

    private void DropFirst() => _length -= _pieces[_first++].Tokens;

    private void Compact()
    {
        _pieces.RemoveRange(0, _first);
        _fresh -= _first;
        _first = 0;
    }
}
