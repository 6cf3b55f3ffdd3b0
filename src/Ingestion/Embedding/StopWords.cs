using System.Collections.Frozen;

namespace Ingestion.Embedding;

/// <summary>Spanish and English words, folded, that nearly every text has: they say little about what a text is about.</summary>
internal static class StopWords
{
    private const string Spanish = """
        a al algo ante antes asi aun aunque bajo bien cada casi como con contra cual cuales cuando cuanto de del desde donde dos
        durante e el ella ellas ello ellos en entre era eran es esa esas ese eso esos esta estaba estan estas este esto estos fue
        fueron ha haber habia han hasta hay he la las le les lo los mas me mi mis mucho muy nada ni no nos nosotros o os otra otras
        otro otros para pero poco por porque pues que quien quienes se sea ser si sido sin sino sobre solo son su sus tal tambien
        tan tanto te tiene tienen toda todas todo todos tu tus u un una unas uno unos usted ustedes y ya yo
        """;

    private const string English = """
        about after all also am an and any are as at be because been before being between both but by can could did do does doing
        down during each few for from further had has have having her here hers him his how i if in into is it its itself just may
        more most must my no nor not now of off on once only or other our out over own s same shall she should so some such t than
        that the their them then there these they this those through to too under until up upon very was we were what when where
        which while who whom why will with would you your
        """;

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Words = (Spanish + " " + English)
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .ToFrozenSet(StringComparer.Ordinal)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool Contains(ReadOnlySpan<char> word) => Words.Contains(word);
}
