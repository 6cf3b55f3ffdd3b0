namespace Ingestion.Chunking;

/// <summary>Turns UTF-16 offsets of one text, as .NET counts, into Unicode code points, as LlamaIndex and the wire count.</summary>
public sealed class CodePoints
{
    /// <summary>Positions of the second halves of surrogate pairs; empty for most texts, which makes both counts the same.</summary>
    private readonly List<int> _secondHalves = [];

    public CodePoints(ReadOnlySpan<char> text)
    {
        for (var at = 0; ;)
        {
            var next = text[at..].IndexOfAnyInRange('\uD800', '\uDBFF');
            if (next < 0) break;
            at += next + 1;
            if (at < text.Length && char.IsLowSurrogate(text[at])) _secondHalves.Add(at++);
        }
        Total = text.Length - _secondHalves.Count;
    }

    /// <summary>Code points of the whole text.</summary>
    public int Total { get; }

    /// <summary>Code points before the UTF-16 offset.</summary>
    public int Before(int offset)
    {
        if (_secondHalves.Count == 0) return offset;
        var at = _secondHalves.BinarySearch(offset);
        return offset - (at >= 0 ? at : ~at);
    }

    /// <summary>The UTF-16 offset after that many code points.</summary>
    public int OffsetOf(int codePoint)
    {
        int low = 0, high = _secondHalves.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_secondHalves[middle] - middle <= codePoint) low = middle + 1;
            else high = middle;
        }
        return codePoint + low;
    }
}
