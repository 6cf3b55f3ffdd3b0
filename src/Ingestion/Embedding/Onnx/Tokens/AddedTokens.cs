using System.Buffers;
using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>What is found in a text as it stands and never divided, such as &lt;mask&gt;.</summary>
internal sealed class AddedTokens
{
    private readonly SearchValues<string> _contents;
    private readonly ILookup<char, Token> _byFirst;

    private AddedTokens(IReadOnlyCollection<Token> tokens)
    {
        _contents = SearchValues.Create([.. tokens.Select(token => token.Content)], StringComparison.Ordinal);
        _byFirst = tokens.OrderByDescending(token => token.Content.Length).ToLookup(token => token.Content[0]);
    }

    /// <param name="normalizer">That of the text in which they are looked for.</param>
    /// <param name="isNormalized">Those that are found once the text is normalized, or those that are found before.</param>
    public static AddedTokens Read(JsonElement json, Normalizer normalizer, bool isNormalized)
    {
        var tokens = new List<Token>();
        foreach (var one in json.EnumerateArray())
        {
            var content = one.GetProperty("content").GetString()!;
            if (one.GetProperty("single_word").GetBoolean())
            {
                throw new InvalidDataException(
                    $"has a tokenizer with the token {content}, which is found as a whole word only (single_word); that is not supported");
            }
            if (one.GetProperty("normalized").GetBoolean() != isNormalized) continue;
            if (isNormalized) content = normalizer(new Word(content, IsFirst: true)).Text;
            if (content.Length == 0) continue;
            var (left, right) = (one.GetProperty("lstrip").GetBoolean(), one.GetProperty("rstrip").GetBoolean());
            tokens.Add(new Token(content, one.GetProperty("id").GetInt32(), left, right));
        }
        return new AddedTokens(tokens);
    }

    public int? IdOf(string content) =>
        content.Length == 0 ? null : _byFirst[content[0]].FirstOrDefault(token => token.Content == content)?.Id;

    /// <summary>The text in parts: those that are a token have its id, the others, never empty, have to be divided.</summary>
    public IEnumerable<(Word Text, int? Id)> Split(Word text)
    {
        var (start, from) = (0, 0);
        while (text.Text.AsSpan(from).IndexOfAny(_contents) is >= 0 and var found)
        {
            var at = from + found;
            var token = _byFirst[text.Text[at]].First(one => string.CompareOrdinal(text.Text, at, one.Content, 0, one.Content.Length) == 0);
            var end = from = at + token.Content.Length;
            while (token.TakesLeft && at > start && char.IsWhiteSpace(text.Text[at - 1])) at--;
            while (token.TakesRight && end < text.Text.Length && char.IsWhiteSpace(text.Text[end])) end++;
            if (at > start) yield return (Part(start, at), null);
            yield return (default, token.Id);
            start = end;
        }
        if (start < text.Text.Length) yield return (Part(start, text.Text.Length), null);

        Word Part(int begin, int end) => new(text.Text[begin..end], text.IsFirst && begin == 0);
    }

    /// <param name="TakesLeft">The white space before it is part of it.</param>
    /// <param name="TakesRight">And that after it.</param>
    private sealed record Token(string Content, int Id, bool TakesLeft, bool TakesRight);
}
