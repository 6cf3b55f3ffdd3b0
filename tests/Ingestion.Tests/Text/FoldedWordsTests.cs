using Ingestion.Text;

namespace Ingestion.Tests.Text;

public class FoldedWordsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData(" \n?!", "")]
    [InlineData("La Factura, de MAYO.", "la factura de mayo")]
    [InlineData("ÁÉÍÓÚÜÑ áéíóúüñ Çç Øø", "aeiouun aeiouun cc oo")]
    [InlineData("e\u0301te\u0301 co\u00ADlor", "ete color")]
    [InlineData("AB-1042/x_y", "ab 1042 x y")]
    [InlineData("don't l'été", "don t l ete")]
    [InlineData("Ἑλλάδα ΟΔΟΣ", "ελλαδα οδοσ")]
    [InlineData("Москва", "москва")]
    [InlineData("東京の家 2026年", "東 京 の 家 2026 年")]
    [InlineData("hi😀there", "hi😀there")]
    public void A_text_is_read_as_folded_words(string text, string expected) => Assert.Equal(expected, string.Join(' ', Words(text)));

    [Fact]
    public void Folding_twice_is_the_same_as_once()
    {
        for (var letter = 0; letter <= char.MaxValue; letter++)
            Assert.Equal(Folding.Fold((char)letter), Folding.Fold(Folding.Fold((char)letter)));
    }

    [Fact]
    public void A_long_run_comes_in_pieces_and_nothing_of_it_is_lost()
    {
        var run = new string('x', 200) + "\uD83D\uDE00" + new string('y', 100);
        var words = Words(run);
        Assert.Equal(run, string.Concat(words));
        Assert.All(words, word => Assert.InRange(word.Length, 1, FoldedWords.MaxLength));

        var pairs = string.Concat(Enumerable.Repeat("\uD83D\uDE00", 100));
        Assert.All(Words("a" + pairs), word => Assert.False(char.IsHighSurrogate(word[^1])));
        Assert.Equal("a" + pairs, string.Concat(Words("a" + pairs)));
    }

    private static List<string> Words(string text)
    {
        var list = new List<string>();
        var words = new FoldedWords(text, new char[FoldedWords.MaxLength]);
        while (words.MoveNext()) list.Add(words.Current.ToString());
        return list;
    }
}
