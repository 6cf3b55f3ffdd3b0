using System.Text;
using Ingestion.Extraction.Pdf;

namespace Ingestion.Tests.Extraction;

public class FontProgramsTests
{
    [Theory]
    [InlineData("7 beginbfrange\n<61> <7A> <006> <0066>\nedbfrange\n78 beginbfchar\n<00> <0393>\nendbfchar\n")]
    [InlineData("7 beginbfrange\n<61> <7A> <006> <0066>\nedbfrange\n78 beginbfchar\n<00> <0393>\nendbfchar\n1 beginbfrange\n<01> <02> <03>\nendbfrange\n")]
    public void Ranges_without_their_end_are_passed_over(string map)
    {
        var bytes = Encoding.ASCII.GetBytes("/CIDInit /ProcSet findresource begin\n" + map);
        FontPrograms.Bound(bytes);
        var bound = Encoding.ASCII.GetString(bytes);
        Assert.DoesNotContain("7 beginbfrange", bound, StringComparison.Ordinal);
        Assert.Equal(map.Contains("1 beginbfrange", StringComparison.Ordinal), bound.Contains("1 beginbfrange", StringComparison.Ordinal));
        Assert.Contains("78 beginbfchar\n<00> <0393>\nendbfchar", bound, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/CIDInit /ProcSet findresource begin\n")]
    [InlineData("%!PS-Adobe-3.0 Resource-CMap\n")]
    [InlineData("\0\u0001\0\0\0\0\0\0\0\0\0\0\n")]
    public void A_range_without_measure_becomes_one_character_however_the_map_begins(string start)
    {
        var bytes = Encoding.ASCII.GetBytes(start + "1 beginbfrange\n<2147483647> <3B> <0028>\nendbfrange\n");
        FontPrograms.Bound(bytes);
        Assert.EndsWith("<00        > <00> <0028>\nendbfrange\n", Encoding.ASCII.GetString(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_TrueType_font_loses_its_names_and_where_its_outlines_are()
    {
        byte[] font =
        [
            0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
            .. "name"u8, 1, 1, 1, 1, 0, 0, 0, 44, 0, 0, 0, 2,
            .. "loca"u8, 1, 1, 1, 1, 0, 0, 0, 46, 255, 255, 255, 255,
            7, 7, 8, 9,
        ];
        byte[] expected = [.. font[..12], .. "none"u8, .. font[16..46], 0, 0];
        FontPrograms.Bound(font);
        Assert.Equal(expected, font);
    }

    [Fact]
    public void The_outlines_of_a_compact_font_go_and_the_rest_stays()
    {
        // Header, one name, one dictionary (CharStrings at 23), no strings, no subroutines, and two glyphs of three and one bytes.
        byte[] font =
        [
            1, 0, 4, 1, 0, 1, 1, 1, 2, (byte)'F', 0, 1, 1, 1, 3, 139 + 23, 17, 0, 0, 0, 0, 0, 0,
            0, 2, 1, 1, 4, 5, 139, 139, 21, 14,
        ];
        byte[] expected = [.. font[..26], 1, 2, 3, 14, 14, 21, 14];
        FontPrograms.Bound(font);
        Assert.Equal(expected, font);
    }

    [Fact]
    public void A_compact_font_that_is_cut_stays_as_it_is()
    {
        byte[] font = [1, 0, 4, 1, 0, 1, 1, 1, 2, (byte)'F', 0, 1, 1, 1, 3, 139 + 23, 17, 0, 0];
        var before = font.ToArray();
        FontPrograms.Bound(font);
        Assert.Equal(before, font);
    }
}
