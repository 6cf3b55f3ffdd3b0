using System.Runtime.CompilerServices;

namespace Ingestion.Extraction.Pdf;

/// <summary>The type size that most glyphs of a line have; a line has few sizes.</summary>
internal struct SizeTally
{
    private const int Capacity = 8;

    [InlineArray(Capacity)]
    private struct Entries
    {
        private (float Size, int Count) _first;
    }

    private Entries _entries;
    private int _count;

    public void Add(float size)
    {
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Size != size) continue;
            _entries[i].Count++;
            return;
        }
        if (_count < Capacity) _entries[_count++] = (size, 1);
    }

    public readonly float Usual
    {
        get
        {
            var best = default((float Size, int Count));
            for (var i = 0; i < _count; i++)
            {
                if (_entries[i].Count > best.Count || (_entries[i].Count == best.Count && _entries[i].Size > best.Size)) best = _entries[i];
            }
            return best.Size;
        }
    }
}
