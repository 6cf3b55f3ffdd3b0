using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Spaces become a character that the pieces have, one is put before the text, and each word begins with its own.</summary>
internal sealed class Metaspace
{
    private readonly char _mark;
    private readonly bool _isSplitting;
    private readonly Prepending _prepending;

    private enum Prepending
    {
        Always,
        First,
        Never,
    }

    private Metaspace(char mark, bool isSplitting, Prepending prepending) =>
        (_mark, _isSplitting, _prepending) = (mark, isSplitting, prepending);

    public static Metaspace Read(JsonElement json)
    {
        if (json.GetProperty("replacement").GetString() is not [var mark] || char.IsSurrogate(mark))
            throw new InvalidDataException("has a tokenizer with a Metaspace whose replacement is not one character");
        var scheme = json.TryGetProperty("prepend_scheme", out var named) ? named.GetString()
            : json.TryGetProperty("add_prefix_space", out var prefix) && !prefix.GetBoolean() ? "never" : "always";
        var prepending = scheme switch
        {
            "always" => Prepending.Always,
            "first" => Prepending.First,
            "never" => Prepending.Never,
            _ => throw new InvalidDataException($"has a tokenizer with the prepend_scheme {scheme}, which is not supported"),
        };
        return new Metaspace(mark, !json.TryGetProperty("split", out var split) || split.GetBoolean(), prepending);
    }

    public IEnumerable<Word> Split(Word text)
    {
        var marked = text.Text.Replace(' ', _mark);
        var isMarked = _prepending == Prepending.Always || _prepending == Prepending.First && text.IsFirst;
        if (isMarked && marked[0] != _mark) marked = _mark + marked;
        for (var start = 0; start < marked.Length;)
        {
            var next = _isSplitting ? marked.IndexOf(_mark, start + 1) : -1;
            var end = next < 0 ? marked.Length : next;
            yield return new Word(marked[start..end], text.IsFirst && start == 0);
            start = end;
        }
    }
}
