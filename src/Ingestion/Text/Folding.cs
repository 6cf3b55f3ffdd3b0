namespace Ingestion.Text;

/// <summary>
/// Case and accents taken off a letter: "Ñ" and "ñ" give "n", "É" gives "e", "Ώ" gives "ω". One character in, one out, by tables of
/// our own, so that an index written on one machine is read alike on every other.
/// </summary>
public static class Folding
{
    private const char LatinStart = '\u00C0';
    private const char GreekStart = '\u0370';
    private const char ExtendedStart = '\u1E00';

    /// <summary>U+00C0 to U+024F.</summary>
    private const string Latin =
        "aaaaaaæceeeeiiiiðnooooo\u00D7ouuuuyþßaaaaaaæceeeeiiiiðnooooo\u00F7ouuuuyþy" +
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiĳĳjjkkĸlllllll" +
        "lllnnnnnnŉŋŋooooooœœrrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" +
        "bɓƃƃƅƅɔƈƈɖɗƌƌƍǝəɛƒƒɠɣƕɩiƙƙƚƛɯɲƞɵooƣƣƥƥʀƨƨʃƪƫƭƭʈuuʊʋƴƴƶƶʒƹƹƺƻƽƽƾƿ" +
        "ǀǁǂǃǆǆǆǉǉǉǌǌǌaaiioouuuuuuuuuuǝaaaaææǥǥggkkooooʒʒjǳǳǳggƕƿnnaaææoo" +
        "aaaaeeeeiiiioooorrrruuuussttȝȝhhƞȡȣȣȥȥaaeeooooooooyyȴȵȶȷȸȹⱥȼȼƚⱦȿ" +
        "ɀɂɂbʉʌɇɇɉɉɋɋɍɍɏɏ";

    /// <summary>U+0370 to U+03FF.</summary>
    private const string Greek =
        "ͱͱͳͳʹ\u0375ͷͷ\u0378\u0379ͺͻͼͽ\u037Eϳ" +
        "\u0380\u0381\u0382\u0383\u0384\u00A8α\u0387εηι\u038Bο\u038Dυω" +
        "ιαβγδεζηθικλμνξο" +
        "πρ\u03A2στυφχψωιυαεηι" +
        "υαβγδεζηθικλμνξοπρσστυφχψωιυουωϗϐϑϒϒϒϕϖϗϙϙϛϛϝϝϟϟϡϡϣϣϥϥϧϧϩϩϫϫϭϭϯϯ" +
        "ϰϱϲϳθϵ\u03F6ϸϸϲϻϻϼͻͼͽ";

    /// <summary>U+1E00 to U+1FFF: Latin with two marks, Greek with several.</summary>
    private const string Extended =
        "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm" +
        "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
        "wwwwwwwwwwxxxxyyzzzzzzhtwyẚsẜẝßẟaaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee" +
        "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyỻỻỽỽỿỿ" +
        "ααααααααααααααααεεεεεε\u1F16\u1F17εεεεεε\u1F1E\u1F1Fηηηηηηηηηηηηηηηηιιιιιιιιιιιιιιιι" +
        "οοοοοο\u1F46\u1F47οοοοοο\u1F4E\u1F4Fυυυυυυυυ\u1F58υ\u1F5Aυ\u1F5Cυ\u1F5Eυωωωωωωωωωωωωωωωωααεεηηιιοουυωω\u1F7E\u1F7F" +
        "ααααααααααααααααηηηηηηηηηηηηηηηηωωωωωωωωωωωωωωωωααααα\u1FB5ααααααα\u1FBDι\u1FBF" +
        "\u1FC0\u00A8ηηη\u1FC5ηηεεηηη\u1FBF\u1FBF\u1FBF" +
        "ιιιι\u1FD4\u1FD5ιιιιιι\u1FDC\u1FFE\u1FFE\u1FFE" +
        "υυυυρρυυυυυυρ\u00A8\u00A8\u1FEF" +
        "\u1FF0\u1FF1ωωω\u1FF5ωωοοωωω\u1FFD\u1FFE\u1FFF";

    public static char Fold(char letter)
    {
        if (letter < 0x80) return letter is >= 'A' and <= 'Z' ? (char)(letter | 0x20) : letter;
        if (letter < LatinStart) return letter;
        if (letter < LatinStart + Latin.Length) return Latin[letter - LatinStart];
        if (letter >= GreekStart && letter < GreekStart + Greek.Length) return Greek[letter - GreekStart];
        if (letter >= ExtendedStart && letter < ExtendedStart + Extended.Length) return Extended[letter - ExtendedStart];
        var lower = char.ToLowerInvariant(letter);
        return lower == letter ? letter : Fold(lower);
    }
}
