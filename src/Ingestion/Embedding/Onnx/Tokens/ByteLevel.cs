using System.Buffers;
using System.Text;
using System.Text.Json;
using Ingestion.Chunking.Tokens;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Words as GPT-2 divides them, each of their bytes written as a character that can be seen.</summary>
internal sealed class ByteLevel
{
    private static readonly char[] Characters = ListCharacters();

    private readonly bool _addsSpace;
    private readonly bool _isSplitting;

    private ByteLevel(bool addsSpace, bool isSplitting) => (_addsSpace, _isSplitting) = (addsSpace, isSplitting);

    public static ByteLevel Read(JsonElement json) => new(
        json.GetProperty("add_prefix_space").GetBoolean(), !json.TryGetProperty("use_regex", out var regex) || regex.GetBoolean());

    public IEnumerable<Word> Split(Word text)
    {
        var spaced = _addsSpace && text.Text[0] != ' ' ? ' ' + text.Text : text.Text;
        for (var start = 0; start < spaced.Length;)
        {
            var end = _isSplitting ? End(spaced, start) : spaced.Length;
            yield return new Word(Write(spaced.AsSpan(start, end - start)), text.IsFirst && start == 0);
            start = end;
        }
    }

    /// <summary>Of the match of <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c> at a place.</summary>
    private static int End(ReadOnlySpan<char> text, int start)
    {
        var contraction = text[start..] switch
        {
            ['\'', 's' or 't' or 'm' or 'd', ..] => 2,
            ['\'', 'r' or 'v', 'e', ..] or ['\'', 'l', 'l', ..] => 3,
            _ => 0,
        };
        if (contraction > 0) return start + contraction;
        var from = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        var kind = KindAt(text, from, out var end);
        if (kind != CharClass.Space)
        {
            while (end < text.Length && KindAt(text, end, out var next) == kind) end = next;
            return end;
        }
        for (end = start; end < text.Length && char.IsWhiteSpace(text[end]); end++) { }
        // The last space goes with what follows, unless it is the only one.
        return end == text.Length || end == start + 1 ? end : end - 1;
    }

    private static CharClass KindAt(ReadOnlySpan<char> text, int at, out int end)
    {
        var found = CharClasses.At(text, at, out var width) & (CharClass.Letter | CharClass.Number | CharClass.Space);
        end = at + width;
        return found;
    }

    private static string Write(ReadOnlySpan<char> word)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        var count = Encoding.UTF8.GetBytes(word, bytes);
        var written = string.Create(count, bytes, (characters, from) =>
        {
            for (var i = 0; i < characters.Length; i++) characters[i] = Characters[from[i]];
        });
        ArrayPool<byte>.Shared.Return(bytes);
        return written;
    }

    /// <summary>A byte that is a visible character in Latin-1 is that character; the others are those from U+0100 on, in their order.</summary>
    private static char[] ListCharacters()
    {
        var next = '\u0100';
        return [.. Enumerable.Range(0, 256).Select(
            value => (char)value is >= '!' and <= '~' or >= '\u00A1' and <= '\u00AC' or >= '\u00AE' ? (char)value : next++)];
    }
}
