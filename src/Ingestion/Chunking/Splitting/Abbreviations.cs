using System.Collections.Frozen;

namespace Ingestion.Chunking.Splitting;

/// <summary>Spanish and English abbreviations that do not end a sentence, so that "Sr. García" and "núm. 27" stay together.</summary>
internal static class Abbreviations
{
    // Those that stand before a name, a number or an explanation, and so never end a sentence.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Leading = Set("""
        sr sra srta sres sras d dª dña dr dra dres prof profa lic ing arq abg mtro mtra fr sto sta st hno hna excmo excma ilmo
        ilma rvdo rvda mons gral cap tte cnel sgto
        núm nº nro pág págs pag pags pp vol vols fig figs apdo párr tel tlf tfno av avda cl pza urb ej p.ej vid cf cfr
        mr mrs ms messrs mx hon rev gen maj capt lt cmdr sgt gov pres vs v e.g i.e viz
        ca approx nos secs paras chap chs eq eqs ref refs dept univ assn
        """);

    // Those that may end one, or are words as well: they do not before a small letter or a digit.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Either = Set("""
        no n p art arts col sen rep ed eds ext ap tab caps ss íd pl ch sec para
        etc uu ee.uu s.a s.l s.a.u s.l.u s.c cía a.c d.c a.m p.m a.d b.c jr hnos
        inc ltd co corp bros u.s u.k u.n u.s.a e.u ph.d m.d b.a m.a al
        ene feb mar abr may jun jul ago sep sept oct nov dic jan apr aug dec
        """);

    /// <summary>Punkt's sentences, joined where one ends in an abbreviation.</summary>
    public static IEnumerable<int> SentenceStarts(string text, int start, int end)
    {
        foreach (var at in Punkt.Starts(text, start, end))
        {
            if (at == start || !FollowsOne(text, start, at)) yield return at;
        }
    }

    private static bool FollowsOne(string text, int start, int at)
    {
        var mark = at - 1;
        while (mark > start && PythonCharacter.IsSpace(text[mark])) mark--;
        if (text[mark] != '.') return false;
        var word = mark;
        while (word > start && !PythonCharacter.IsSpace(text[word - 1]) && !IsOpening(text[word - 1])) word--;
        var abbreviation = text.AsSpan(word, mark - word);
        if (abbreviation.Length is 0 or > 12) return false;

        Span<char> lower = stackalloc char[12];
        lower = lower[..abbreviation.ToLowerInvariant(lower)];
        if (Leading.Contains(lower)) return true;
        var next = PythonCharacter.CodePointAt(text, at);
        // "EE. UU." is one abbreviation in two words.
        return lower.SequenceEqual("ee") && text.AsSpan(at).StartsWith("UU.", StringComparison.Ordinal)
            || Either.Contains(lower) && (PythonCharacter.IsLower(next) || PythonCharacter.IsDigit(next));
    }

    private static bool IsOpening(char c) => c is '(' or '[' or '¿' or '¡' or '"' or '«' or '“';

    private static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(string words) => words
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .ToFrozenSet(StringComparer.Ordinal)
        .GetAlternateLookup<ReadOnlySpan<char>>();
}
