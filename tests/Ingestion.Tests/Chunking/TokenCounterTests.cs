using System.Text;
using Ingestion.Chunking;
using Microsoft.ML.Tokenizers;

namespace Ingestion.Tests.Chunking;

public class TokenCounterTests
{
    public static TheoryData<string> Encodings => ["cl100k_base", "o200k_base"];

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Random_text_counts_as_in_the_reference_tokenizer(string encoding)
    {
        var counter = TokenCounters.ForModel(encoding);
        var reference = TiktokenTokenizer.CreateForEncoding(encoding);
        var random = new Random(20_261_123);
        for (var i = 0; i < 4_000; i++)
        {
            var text = RandomText(random);
            var expected = reference.CountTokens(text, considerPreTokenization: true, considerNormalization: false);
            if (counter.Count(text) != expected) Assert.Fail($"{counter.Count(text)} instead of {expected} for {System.Text.Json.JsonSerializer.Serialize(text)}");
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_long_run_without_a_break_counts_as_in_the_reference_tokenizer(string encoding)
    {
        var counter = TokenCounters.ForModel(encoding);
        var reference = TiktokenTokenizer.CreateForEncoding(encoding);
        var random = new Random(7);
        foreach (var length in (int[])[127, 128, 129, 300, 3_000])
        {
            foreach (var alphabet in (string[])["a", "ab", "abcdefghijklmnopqrstuvwxyzáéñ", "中文字符", " ", "=-", "\n "])
            {
                var text = string.Concat(Enumerable.Range(0, length).Select(_ => alphabet[random.Next(alphabet.Length)]));
                Assert.Equal(reference.CountTokens(text, considerNormalization: false), counter.Count(text));
            }
        }
    }

    /// <summary>Counts by the npm package tiktoken 1.0.22, where Microsoft.ML.Tokenizers 2.0.1 is wrong or may be.</summary>
    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("a <|endoftext|> b", 4, 4)]
    [InlineData("<|endoftext|", 6, 6)]
    [InlineData("𝒜𝓁.. 𝟙𝟚𝟛.", 18, 18)]
    [InlineData("𝒜𝓁'll 𝟙𝟚𝟛𝟜", 20, 20)]
    [InlineData("o'ſ  𠮷 𠮷野", 17, 15)]
    [InlineData("'ſa", 4, 3)]
    [InlineData("ªBC'S", 3, 3)]
    [InlineData("a\n  ", 3, 3)]
    [InlineData("a\uFFFDb", 3, 3)]
    public void Known_counts(string text, int cl100k, int o200k)
    {
        Assert.Equal(cl100k, TokenCounters.Cl100kBase.Count(text));
        Assert.Equal(o200k, TokenCounters.O200kBase.Count(text));
    }

    [Fact]
    public void Each_special_token_of_cl100k_base_counts_one() =>
        Assert.Equal(5, TokenCounters.Cl100kBase.Count("<|endoftext|><|fim_prefix|><|fim_middle|><|fim_suffix|><|endofprompt|>"));

    [Fact]
    public void A_lone_surrogate_counts_as_the_replacement_character() =>
        Assert.Equal(TokenCounters.Cl100kBase.Count("a\uFFFDb"), TokenCounters.Cl100kBase.Count("a\uD83Db"));

    [Fact]
    public void Counting_up_to_a_limit_is_exact_below_it_and_above_it_otherwise()
    {
        var counter = TokenCounters.Cl100kBase;
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var text = RandomText(random);
            var count = counter.Count(text);
            for (var limit = 0; limit <= count + 2; limit++)
            {
                var upTo = counter.CountUpTo(text, limit);
                if (limit >= count) Assert.Equal(count, upTo);
                else Assert.InRange(upTo, limit + 1, count);
            }
        }
    }

    [Fact]
    public void Counting_warm_text_allocates_nothing()
    {
        var counter = TokenCounters.Cl100kBase;
        var text = string.Join(' ', Enumerable.Range(0, 2_000).Select(i => $"El número {i} añade otra palabra-{i % 97}, ¿no?"));
        counter.Count(text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        counter.Count(text);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task Threads_share_a_counter_while_its_memory_overflows()
    {
        // 8 threads × 20,000 words that no other thread has: more than the counter remembers, so it forgets on the way.
        var texts = Enumerable.Range(0, 8).Select(t => string.Join(' ', Enumerable.Range(0, 20_000).Select(i => $"w{t}x{i * 7919}"))).ToArray();
        var reference = TiktokenTokenizer.CreateForEncoding("cl100k_base");
        var counts = await Task.WhenAll(texts.Select(text => Task.Run(() => TokenCounters.Cl100kBase.Count(text))));
        Assert.Equal(texts.Select(text => reference.CountTokens(text)), counts);
    }

    [Theory]
    [InlineData("text-embedding-3-large", "cl100k_base")]
    [InlineData("text-embedding-3-small", "cl100k_base")]
    [InlineData("gpt-4-0613", "cl100k_base")]
    [InlineData("gpt-4o-mini", "o200k_base")]
    [InlineData("o200k_base", "o200k_base")]
    public void A_model_has_its_encoding(string model, string encoding) => Assert.Equal(encoding, TokenCounters.ForModel(model).Encoding);

    [Theory]
    [InlineData("bert-base")]
    [InlineData("gpt-4omni")]
    [InlineData("")]
    public void An_unknown_model_is_an_error_that_lists_the_known_ones(string model)
    {
        var error = Assert.Throws<ArgumentException>(() => TokenCounters.ForModel(model));
        Assert.Contains("text-embedding-3-large", error.Message, StringComparison.Ordinal);
        Assert.Contains("o200k_base", error.Message, StringComparison.Ordinal);
        Assert.False(TokenCounters.TryForModel(model, out _));
    }

    /// <summary>Words, marks and white space of many scripts; nothing outside the BMP, no special tokens: the reference is wrong there.</summary>
    private static string RandomText(Random random)
    {
        string[] parts =
        [
            "the", "Quick", "FOX", "o'clock", "'s", "'LL", "'Re", "I'm", "niño", "ÁRBOL", "straße", "中文", "漢字かな", "한국어", "ไทย", "עברית", "हिन्दी", "ǅ", "ʰ", "ª",
            "é́", "0", "12", "345", "6789", "²", "Ⅷ", ".", ",", "...", "!?", "--", "—", "¿", "(", ")", "«", "»", "/", "//", "\\", "_", "@", "#", "€", "☃", "\u200B", "\u00AD",
            " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\n  ", " \n", "\u00A0", "\u2003", "\u3000", "\u0085", "\u2028", "\u001C",
            "camelCaseWORDS", "XMLHttp", "aB", "Ab中C", "x" + (char)random.Next('a', 'z'), ((char)random.Next(0x21, 0xD7FF)).ToString(), ((char)random.Next(0xE000, 0xFFFE)).ToString(),
        ];
        var text = new StringBuilder();
        for (var n = random.Next(1, 25); n > 0; n--) text.Append(parts[random.Next(parts.Length)]);
        return text.ToString();
    }
}
