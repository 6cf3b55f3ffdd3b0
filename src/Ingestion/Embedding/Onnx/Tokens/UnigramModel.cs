using System.Globalization;
using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>SentencePiece's Unigram: each piece has a score, and the word becomes those of the highest sum.</summary>
internal sealed class UnigramModel : WordModel
{
    /// <summary>How much worse an unknown character is than the worst piece.</summary>
    private const double UnknownPenalty = 10;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly BytePieces? _bytes;
    private readonly int _unknown;
    private Pieces _pieces;

    private UnigramModel(double[] scores, IEnumerable<string> vocabulary, int unknown, bool hasBytes)
    {
        var next = 0;
        foreach (var piece in vocabulary) _ids[piece] = next++;
        _unknown = unknown;
        _pieces = new Pieces(new PieceTrie(_ids), scores, unknown, scores.Min() - UnknownPenalty);
        if (hasBytes) _bytes = new BytePieces(_ids);
    }

    public static new UnigramModel Read(JsonElement json)
    {
        if (!json.TryGetProperty("unk_id", out var unknown) || unknown.ValueKind != JsonValueKind.Number)
            throw new InvalidDataException("has a Unigram tokenizer without unk_id; export it with the piece for unknown characters");
        var vocabulary = json.GetProperty("vocab");
        var scores = vocabulary.EnumerateArray().Select(piece => piece[1].GetDouble()).ToArray();
        var id = unknown.GetInt32();
        if (id < 0 || id >= scores.Length)
        {
            throw new InvalidDataException(
                string.Create(CultureInfo.InvariantCulture, $"has a Unigram tokenizer whose unk_id {id} is none of its {scores.Length} pieces"));
        }
        var hasBytes = json.TryGetProperty("byte_fallback", out var fallback) && fallback.ValueKind == JsonValueKind.True;
        return new UnigramModel(scores, vocabulary.EnumerateArray().Select(piece => piece[0].GetString()!), id, hasBytes);
    }

    public override int? IdOf(string piece) => _ids.TryGetValue(piece, out var id) ? id : null;

    public override void Encode(string word, List<int> ids)
    {
        var path = new List<(int Start, int Id)>();
        BestPath.Find(word, ref _pieces, path);
        var (start, at) = (0, path.Count - 1);
        while (at >= 0)
        {
            var isUnknown = path[at].Id == _unknown;
            // Unknown characters side by side are one.
            while (isUnknown && at > 0 && path[at - 1].Id == _unknown) at--;
            var end = at > 0 ? path[at - 1].Start : word.Length;
            if (isUnknown) AddUnknown(word[start..end], ids);
            else ids.Add(path[at].Id);
            (start, at) = (end, at - 1);
        }
    }

    private void AddUnknown(string characters, List<int> ids)
    {
        if (_ids.TryGetValue(characters, out var id)) ids.Add(id);
        else if (_bytes?.TryAdd(characters, ids) != true) ids.Add(_unknown);
    }

    private readonly struct Pieces(PieceTrie trie, double[] scores, int unknown, double unknownScore) : IPieces
    {
        public int UnknownId => unknown;

        public double UnknownScore => unknownScore;

        public int Next(int node, char letter) => trie.Next(node, letter);

        public int IdAt(int node) => trie.IdAt(node);

        public double ScoreOf(int id) => scores[id];
    }
}
