using System.Text;
using Ingestion.Extraction.Pdf;

namespace Ingestion.Tests.Extraction;

public class PdfVisualTextTests
{
    /// <summary>Characters as they stand on the page from left to right, each 10 wide; a space is a gap.</summary>
    private static string Read(params string[] shown)
    {
        var glyphs = new List<PlacedGlyph>();
        var space = false;
        for (var i = 0; i < shown.Length; i++)
        {
            if (shown[i] == " ")
            {
                space = true;
                continue;
            }
            glyphs.Add(new PlacedGlyph(shown[i], i * 10, (i * 10) + 10, 0, 12, FontStyle.None, false) { SpaceBefore = space });
            space = false;
        }
        var text = new StringBuilder();
        VisualText.Append(text, [.. glyphs], []);
        return text.ToString();
    }

    private static string[] Each(string text) => [.. text.EnumerateRunes().Select(rune => rune.ToString())];

    [Fact]
    public void Hebrew_is_turned_round() => Assert.Equal("שלום עולם", Read(Each("םלוע םולש")));

    [Fact]
    public void Numbers_and_latin_words_inside_are_not_turned() =>
        Assert.Equal("בשנת 2024 יצא Windows Server 11", Read(Each("Windows Server 11 אצי 2024 תנשב")));

    [Fact]
    public void A_range_of_numbers_runs_with_the_line() => Assert.Equal("בין 10 - 20", Read(Each("20 - 10 ןיב")));

    [Fact]
    public void A_decimal_number_stays_whole() => Assert.Equal("מחיר 3.14", Read(Each("3.14 ריחמ")));

    [Fact]
    public void Brackets_named_by_their_shape_are_mirrored() => Assert.Equal("א (ב) ג", Read(Each("ג (ב) א")));

    [Fact]
    public void Brackets_named_by_their_meaning_are_kept() => Assert.Equal("א (ב) ג", Read(Each("ג )ב( א")));

    [Fact]
    public void A_hebrew_word_in_an_english_line_is_turned_by_itself() =>
        Assert.Equal("the word שלום means peace", Read(Each("the word םולש means peace")));

    [Fact]
    public void Arabic_presentation_forms_become_letters() =>
        Assert.Equal("السلام", Read("\uFEE1", "\uFEFC", "\uFEB4", "\uFEDF", "\uFE8D"));

    [Fact]
    public void Ligatures_are_spelled_out_and_other_signs_are_left_alone() =>
        Assert.Equal("office x² ½", Read("o", "ﬃ", "c", "e", " ", "x", "²", " ", "½"));

    [Theory]
    [InlineData("´", "e", "é")]
    [InlineData("¨", "u", "ü")]
    [InlineData("´", "ı", "í")]
    [InlineData("˜", "n", "ñ")]
    public void Accents_drawn_over_a_letter_join_it(string accent, string letter, string expected)
    {
        List<PlacedGlyph> line =
        [
            new(accent, 11, 14, 0, 12, FontStyle.None, false),
            new(letter, 10, 16, 0, 12, FontStyle.None, false),
        ];
        Accents.Combine(line);
        Assert.Equal(expected, Assert.Single(line).Text);
    }

    [Theory]
    [InlineData("Introduction . . . . . . . . . 3", "Introduction … 3")]
    [InlineData("Introduction.............. 3", "Introduction … 3")]
    [InlineData("and so on...", "and so on...")]
    public void Leaders_are_shortened(string line, string expected) => Assert.Equal(expected, Leaders.Shorten(line));
}
