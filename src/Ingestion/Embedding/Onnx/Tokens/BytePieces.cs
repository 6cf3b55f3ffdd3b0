using System.Globalization;
using System.Text;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>The pieces &lt;0x00&gt; to &lt;0xFF&gt;, which spell what has no piece of its own.</summary>
internal sealed class BytePieces
{
    private readonly int[] _ids;

    public BytePieces(Dictionary<string, int> vocabulary)
    {
        _ids = [.. Enumerable.Range(0, 256).Select(
            value => vocabulary.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), -1))];
    }

    /// <summary>Adds nothing where one of the bytes has no piece.</summary>
    public bool TryAdd(ReadOnlySpan<char> characters, List<int> ids)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(characters.Length)];
        var spelled = bytes.AsSpan(0, Encoding.UTF8.GetBytes(characters, bytes));
        foreach (var one in spelled)
            if (_ids[one] < 0) return false;
        foreach (var one in spelled) ids.Add(_ids[one]);
        return true;
    }
}
