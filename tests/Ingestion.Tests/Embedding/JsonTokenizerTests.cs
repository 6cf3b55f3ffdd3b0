using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ingestion.Embedding.Onnx.Tokens;

namespace Ingestion.Tests.Embedding;

/// <summary>Golden/tokenizers has what Hugging Face's own library makes of its texts; make.cjs there says how.</summary>
public class JsonTokenizerTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizers");

    private static readonly FsCheck.Config Config = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20_261_123, 7);

    private static readonly string[] Stuff =
    [
        "a", "e", "la ", "que ", "Informe ", " ", "  ", "\t", "\r\n", ".", "'s", "12", "á", "e\u0301", "\u0301", "\u0323", "ñ", "Ñ", "中", "日本", "한", "😀", "👍🏽", "\u200D", "ﬁ", "…", "½", "ﷺ",
        "İ", "Σ", "\u00A0", "\u00AD", "\0", "\u2028", "\uFFFE", "\u0600", "▁", "\uD83D", "\uDE00", "<", "x",
    ];

    private static readonly Arbitrary<string> Texts =
        Gen.Elements(Stuff).ListOf().Select(parts => string.Concat(parts)).ToArbitrary();

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder, "*.ids.json").Select(file => Path.GetFileName(file)[..^".ids.json".Length]).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_text_has_the_tokens_that_the_reference_gives_it(string name)
    {
        var tokenizer = Open(name);
        var texts = Read("texts").Deserialize<string[]>()!;
        var expected = Read(name + ".ids").Deserialize<int[][]>()!;

        Assert.Equal(texts.Length, expected.Length);
        var wrong = new List<string>();
        for (var i = 0; i < texts.Length; i++)
        {
            var ids = tokenizer.Encode(texts[i]);
            if (!ids.SequenceEqual(expected[i])) wrong.Add($"{JsonSerializer.Serialize(texts[i])}: {string.Join(' ', expected[i])} became {string.Join(' ', ids)}");
            Assert.Equal(ids.Count - tokenizer.Around, tokenizer.Count(texts[i]));
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {texts.Length} differ.\n{string.Join('\n', wrong.Take(5))}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Half_a_character_is_read_as_one_that_is_unknown(string name)
    {
        var tokenizer = Open(name);

        Prop.ForAll(Texts, text =>
            Assert.Equal(tokenizer.Encode(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))), tokenizer.Encode(text))).Check(Config);
    }

    [Theory]
    [InlineData("unigram-xlmr")]
    [InlineData("unigram-folded")]
    public void The_pieces_of_a_unigram_spell_the_normalized_text(string name)
    {
        var (json, tokenizer) = (Read(name), Open(name));
        var pieces = json.GetProperty("model").GetProperty("vocab").EnumerateArray().Select(piece => piece[0].GetString()!).ToArray();
        var (normalizer, words) = (Normalizers.Read(json.GetProperty("normalizer")), PreTokenizers.Read(json.GetProperty("pre_tokenizer")));

        Prop.ForAll(Texts, text =>
        {
            var bytes = new List<byte>();
            foreach (var id in Inner(tokenizer, text))
            {
                if (pieces[id] is ['<', '0', 'x', .. var number, '>']) bytes.Add(byte.Parse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                else bytes.AddRange(Encoding.UTF8.GetBytes(pieces[id]));
            }
            var normalized = normalizer(new Word(WellFormed(text), IsFirst: true));
            Assert.Equal(normalized.Text.Length == 0 ? "" : string.Concat(words(normalized).Select(word => word.Text)), Encoding.UTF8.GetString([.. bytes]));
        }).Check(Config);
    }

    [Theory]
    [InlineData("bpe-roberta", "")]
    [InlineData("bpe-pairs", " ")]
    public void The_pieces_of_byte_pairs_spell_the_normalized_text(string name, string before)
    {
        var (json, tokenizer) = (Read(name), Open(name));
        var pieces = json.GetProperty("model").GetProperty("vocab").EnumerateObject().ToDictionary(piece => piece.Value.GetInt32(), piece => piece.Name);
        var normalizer = Normalizers.Read(json.GetProperty("normalizer"));
        var bytes = Enumerable.Range(0, 256).Where(IsVisible).ToDictionary(value => (char)value, value => (byte)value);
        foreach (var value in Enumerable.Range(0, 256).Where(value => !IsVisible(value))) bytes.Add((char)(256 + bytes.Count - 188), (byte)value);

        Prop.ForAll(Texts, text =>
        {
            var normalized = normalizer(new Word(WellFormed(text), IsFirst: true)).Text;
            var spelled = string.Concat(Inner(tokenizer, text).Select(id => pieces[id])).Select(character => bytes[character]).ToArray();
            Assert.Equal(normalized.Length == 0 || normalized[0] == ' ' ? normalized : before + normalized, Encoding.UTF8.GetString(spelled));
        }).Check(Config);

        static bool IsVisible(int value) => value is > 32 and < 127 or > 160 and < 173 or > 173;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_megabyte_without_a_space_is_divided_too(string name)
    {
        var tokenizer = Open(name);

        Assert.InRange(tokenizer.Count(new string('a', 1 << 20)), 1, 1 << 20);
        Assert.InRange(tokenizer.Count("e" + new string('\u0301', 1 << 18)), 1, 1 << 20);
    }

    [Fact]
    public void The_best_path_looks_ahead_as_far_as_the_longest_piece()
    {
        const int Length = 1 << 20;
        var pieces = new CountedPieces(new PieceTrie(new Dictionary<string, int> { ["a"] = 0, ["aa"] = 1, ["aaaaa"] = 2, ["b"] = 3 }));
        var path = new List<(int Start, int Id)>();

        BestPath.Find(new string('a', Length), ref pieces, path);

        Assert.InRange(pieces.Steps, Length, 6L * Length);
        Assert.Equal(Length / 5 + 1, path.Count);
    }

    [Theory]
    [InlineData(1 << 10)]
    [InlineData(1 << 20)]
    public void Merging_looks_up_a_few_pairs_for_each_character(int length)
    {
        // 0 0 -> 1, 1 1 -> 2, ...: everything becomes one piece.
        var merges = new CountedMerges();
        var pieces = new int[length];

        Assert.Equal(1, PairMerge.Merge(pieces, ref merges));
        Assert.Equal(int.Log2(length), pieces[0]);
        Assert.InRange(merges.Steps, length, 8L * length);
    }

    [Fact]
    public void A_map_of_characters_made_by_chance_is_refused_or_harmless()
    {
        var maps =
            from units in Gen.Choose(0, 300)
            from seed in Gen.Choose(0, int.MaxValue)
            from cut in Gen.Choose(0, 3)
            select Map(units, seed, cut);

        Prop.ForAll(maps.ToArbitrary(), Texts, (map, text) =>
        {
            try
            {
                CharacterMap.Parse(map).Apply(WellFormed(text));
            }
            catch (InvalidDataException fault)
            {
                Assert.Contains("precompiled_charsmap", fault.Message, StringComparison.Ordinal);
            }
        }).Check(Config);

        static byte[] Map(int units, int seed, int cut)
        {
            var map = new byte[4 + units * 4 + 16];
            new Random(seed).NextBytes(map);
            BitConverter.TryWriteBytes(map, units * 4 + cut % 2);
            return map[..^(cut > 2 ? Math.Min(map.Length, 20) : 0)];
        }
    }

    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static IEnumerable<int> Inner(JsonTokenizer tokenizer, string text)
    {
        var ids = tokenizer.Encode(text);
        return ids.Skip(tokenizer.Around / 2).Take(ids.Count - tokenizer.Around);
    }

    private static JsonTokenizer Open(string name)
    {
        JsonElement? settings = name switch
        {
            "bpe-bytes" => JsonElement.Parse("""{"pad_token":{"content":"<s>"}}"""),
            "bpe-pairs" => JsonElement.Parse("""{"pad_token":"<|end|>"}"""),
            _ => null,
        };
        return new JsonTokenizer(Read(name), settings);
    }

    private static JsonElement Read(string name) => JsonElement.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".json")));

    private struct CountedPieces(PieceTrie trie) : IPieces
    {
        public long Steps { get; private set; }

        public readonly int UnknownId => 9;

        public readonly double UnknownScore => -99;

        public int Next(int node, char letter)
        {
            Steps++;
            return trie.Next(node, letter);
        }

        public readonly int IdAt(int node) => trie.IdAt(node);

        public readonly double ScoreOf(int id) => -1;
    }

    private struct CountedMerges : IMerges
    {
        public long Steps { get; private set; }

        public int RankOf(int left, int right)
        {
            Steps++;
            return left == right ? left : -1;
        }

        public readonly int PieceOf(int rank) => rank + 1;
    }
}
