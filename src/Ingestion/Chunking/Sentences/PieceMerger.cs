using System.Runtime.InteropServices;

namespace Ingestion.Chunking.Sentences;

/// <summary>
/// Merges consecutive pieces into chunks of at most a size, each chunk starting with the last pieces of the one before, up to the overlap.
/// Sizes are sums of the pieces' own counts.
/// </summary>
internal sealed class PieceMerger(string text, int size, int overlap, TokenCounter tokens)
{
    private readonly List<Piece> _chunks = [];

    // The open chunk's pieces are those from _first on.
    private readonly List<Piece> _pieces = [];
    private int _first;
    private int _length;
    private bool _onlyOverlap = true;

    public void Add(Piece piece)
    {
        if (_length + piece.Tokens > size && !_onlyOverlap) Close();
        if (_onlyOverlap)
        {
            while (_first < _pieces.Count && _length + piece.Tokens > size) _length -= _pieces[_first++].Tokens;
        }
        _pieces.Add(piece);
        _length += piece.Tokens;
        _onlyOverlap = false;
    }

    public List<Piece> Finish()
    {
        if (!_onlyOverlap) Emit();
        return _chunks;
    }

    private void Close()
    {
        Emit();
        _first = _pieces.Count;
        _length = 0;
        while (_first > 0 && _length + _pieces[_first - 1].Tokens <= overlap) _length += _pieces[--_first].Tokens;
        CollectionsMarshal.AsSpan(_pieces)[_first..].CopyTo(CollectionsMarshal.AsSpan(_pieces));
        _pieces.RemoveRange(_pieces.Count - _first, _first);
        _first = 0;
        _onlyOverlap = true;
    }

    private void Emit()
    {
        var (start, end) = PythonCharacter.Strip(text, _pieces[_first].Start, _pieces[^1].End);
        if (start < end) _chunks.Add(new Piece(start, end, tokens.Count(text.AsSpan(start, end - start))));
    }
}
