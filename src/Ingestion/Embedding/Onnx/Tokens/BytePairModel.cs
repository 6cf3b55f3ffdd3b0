using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Byte pair encoding: a word's characters are merged, pair by pair, in the order in which the pairs were learned.</summary>
internal sealed class BytePairModel : WordModel
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly string _prefix;
    private readonly string _suffix;
    private readonly int? _unknown;
    private readonly bool _fusesUnknown;
    private readonly bool _knowsWholeWords;
    private readonly BytePieces? _bytes;
    private Merges _merges;

    private BytePairModel(JsonElement json)
    {
        _ids = json.GetProperty("vocab").EnumerateObject()
            .ToDictionary(piece => piece.Name, piece => piece.Value.GetInt32(), StringComparer.Ordinal);
        _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        (_prefix, _suffix) = (Text(json, "continuing_subword_prefix"), Text(json, "end_of_word_suffix"));
        (_fusesUnknown, _knowsWholeWords) = (Flag(json, "fuse_unk"), Flag(json, "ignore_merges"));
        if (Text(json, "unk_token") is { Length: > 0 } unknown) _unknown = Id(unknown);
        if (Flag(json, "byte_fallback")) _bytes = new BytePieces(_ids);
        var pairs = json.GetProperty("merges").EnumerateArray().Select(PairOf).OfType<(string Left, string Right)>().ToList();
        var pieces = new int[pairs.Count];
        var ranks = new Dictionary<long, int>(pairs.Count);
        for (var rank = 0; rank < pieces.Length; rank++)
        {
            var (left, right) = pairs[rank];
            if (right.Length < _prefix.Length)
                throw new InvalidDataException($"has a BPE tokenizer with the merge {left} {right}, whose second piece is too short");
            pieces[rank] = Id(string.Concat(left, right.AsSpan(_prefix.Length)));
            ranks[Merges.Pair(Id(left), Id(right))] = rank;
        }
        _merges = new Merges(ranks, pieces);
    }

    public static new BytePairModel Read(JsonElement json)
    {
        if (json.TryGetProperty("dropout", out var dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() > 0)
            throw new InvalidDataException("has a BPE tokenizer with dropout, which gives another answer each time; export it without");
        return new BytePairModel(json);
    }

    public override int? IdOf(string piece) => _ids.TryGetValue(piece, out var id) ? id : null;

    public override void Encode(string word, List<int> ids)
    {
        if (_knowsWholeWords && _ids.TryGetValue(word, out var whole))
        {
            ids.Add(whole);
            return;
        }
        var first = ids.Count;
        AddCharacters(word, ids);
        var kept = PairMerge.Merge(CollectionsMarshal.AsSpan(ids)[first..], ref _merges);
        CollectionsMarshal.SetCount(ids, first + kept);
    }

    private void AddCharacters(string word, List<int> ids)
    {
        var isUnknown = false;
        for (var (at, width) = (0, 0); at < word.Length; at += width)
        {
            width = char.IsSurrogatePair(word, at) ? 2 : 1;
            var (isFirst, isLast) = (at == 0, at + width == word.Length);
            var character = word.AsSpan(at, width);
            if (!isFirst && _prefix.Length > 0 || isLast && _suffix.Length > 0)
                character = string.Concat(isFirst ? "" : _prefix, character, isLast ? _suffix : "");
            if (_idsBySpan.TryGetValue(character, out var id))
            {
                AddUnknown();
                ids.Add(id);
            }
            else if (_bytes?.TryAdd(character, ids) != true)
            {
                if (!_fusesUnknown) AddUnknown();
                isUnknown = true;
            }
        }
        AddUnknown();

        void AddUnknown()
        {
            if (isUnknown && _unknown is { } unknown) ids.Add(unknown);
            isUnknown = false;
        }
    }

    private int Id(string piece) =>
        _ids.TryGetValue(piece, out var id) ? id
            : throw new InvalidDataException($"has a BPE tokenizer whose vocabulary lacks the piece {piece}");

    /// <summary>"a b" or ["a","b"]; null for the line that names the format's version.</summary>
    private static (string Left, string Right)? PairOf(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2) return (merge[0].GetString()!, merge[1].GetString()!);
        var line = merge.GetString()!;
        if (line.StartsWith("#version", StringComparison.Ordinal)) return null;
        return line.Split(' ') is [var left, var right] ? (left, right)
            : throw new InvalidDataException($"has a BPE tokenizer with the merge {line}, which is not two pieces");
    }

    private static string Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private readonly struct Merges(Dictionary<long, int> ranks, int[] pieces) : IMerges
    {
        public static long Pair(int left, int right) => (long)left << 32 | (uint)right;

        public int RankOf(int left, int right) => ranks.TryGetValue(Pair(left, right), out var rank) ? rank : -1;

        public int PieceOf(int rank) => pieces[rank];
    }
}
