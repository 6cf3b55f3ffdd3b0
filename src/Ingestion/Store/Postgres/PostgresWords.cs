using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Ingestion.Postgres;
using Ingestion.Text;

namespace Ingestion.Store.Postgres;

/// <summary>
/// The words of chunks in PostgreSQL's full-text index, case and accents taken off: in Spanish and English as its dictionaries stem them,
/// without their stop words, and twice, so that "ciudades", "ciudad" and what stems call them are one; in other languages without plurals. Each term carries its collection, the language and how often the chunk has
/// the word (<c>17!s!factur!2</c>): so a query reads the postings of its own collection alone, and they tell what BM25 needs.
/// </summary>
internal sealed class PostgresWords
{
    private const char Other = 'x';
    private const int WordsKnown = 100_000;

    private static readonly (char Sign, string Language, string Dictionary)[] Stemmed =
        [('s', "es", "spanish_stem"), ('e', "en", "english_stem")];

    /// <summary>Stems by language; null for a stop word.</summary>
    private readonly ConcurrentDictionary<(char Language, string Word), string?> _stems = new();

    /// <summary>For each text its terms, parted by spaces, and the number of its words.</summary>
    public async Task<List<(string Terms, int Words)>> TermsOfAsync(
        PostgresSession session, long collection, string? language, IReadOnlyList<string> texts)
    {
        var sign = SignOf(language);
        var counted = texts.Select(Count).ToList();
        var stems = await StemsAsync(session, counted.SelectMany(text => text.Counts.Keys).Select(word => (sign, word)));
        return counted.ConvertAll(text =>
        {
            var counts = new Dictionary<string, int>(text.Counts.Count, StringComparer.Ordinal);
            foreach (var (word, count) in text.Counts)
            {
                if (stems[(sign, word)] is { } stem) CollectionsMarshal.GetValueRefOrAddDefault(counts, stem, out _) += count;
            }
            var terms = new StringBuilder(counts.Count * 14);
            foreach (var (stem, count) in counts) terms.Append(Term(collection, sign, stem, CountSigns.Of(count))).Append(' ');
            return (terms.ToString().TrimEnd(), text.Total);
        });
    }

    /// <param name="leaveCommon">Leaves stop words out where the query has others.</param>
    public async Task<QueryTerms> QueryAsync(PostgresSession session, long collection, string? query, int maxWords, bool leaveCommon)
    {
        var words = Count(query ?? "").Counts.Keys.Take(maxWords).ToList();
        char[] signs = [Other, .. Stemmed.Select(known => known.Sign)];
        var stems = await StemsAsync(session, signs.SelectMany(sign => words.Select(word => (sign, word))));
        var telling = words.FindAll(word => Array.TrueForAll(signs, sign => stems[(sign, word)] is not null));
        if (leaveCommon && telling.Count > 0) words = telling;

        var terms = new Dictionary<string, (int Word, int Count)>(StringComparer.Ordinal);
        for (var i = 0; i < words.Count; i++)
        {
            foreach (var sign in signs)
            {
                if (stems[(sign, words[i])] is not { } stem) continue;
                // "factura" and "facturas" in one query are one word.
                foreach (var (counted, count) in CountSigns.All) terms.TryAdd(Term(collection, sign, stem, counted), (i, count));
            }
        }
        return new QueryTerms(
            [.. terms.Keys], [.. terms.Values.Select(term => term.Word)], [.. terms.Values.Select(term => term.Count)],
            [.. telling.Select(word => words.IndexOf(word)).Where(word => terms.Values.Any(term => term.Word == word))]);
    }

    private static char SignOf(string? language) => Array.Find(
        Stemmed, known => language is not null && (language.Equals(known.Language, StringComparison.OrdinalIgnoreCase)
            || language.StartsWith(known.Language + "-", StringComparison.OrdinalIgnoreCase))).Sign is var sign and not '\0' ? sign : Other;

    private static string Term(long collection, char language, string stem, char count) =>
        string.Create(CultureInfo.InvariantCulture, $"{collection}!{language}!{stem}!{count}");

    private static (Dictionary<string, int> Counts, int Total) Count(string text)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        var words = new FoldedWords(text, stackalloc char[FoldedWords.MaxLength]);
        var total = 0;
        while (words.MoveNext())
        {
            CollectionsMarshal.GetValueRefOrAddDefault(lookup, words.Current, out _)++;
            total++;
        }
        return (counts, total);
    }

    /// <summary>All that are not known yet are asked for together.</summary>
    private async Task<Dictionary<(char Language, string Word), string?>> StemsAsync(
        PostgresSession session, IEnumerable<(char Language, string Word)> words)
    {
        var stems = new Dictionary<(char Language, string Word), string?>();
        var unknown = new List<(char Language, string Word)>();
        foreach (var word in words)
        {
            if (word.Language == Other) stems[word] = WordIndex.StemOf(word.Word).ToString();
            else if (_stems.TryGetValue(word, out var stem)) stems[word] = stem;
            else if (stems.TryAdd(word, null)) unknown.Add(word);
        }
        if (unknown.Count == 0) return stems;
        var dictionaries = string.Join(", ", Stemmed.Select(known => $"('{known.Sign}', '{known.Dictionary}'::regdictionary)"));
        var found = await session.ListAsync(
            $"""
            SELECT CASE WHEN stem IS NOT NULL THEN coalesce((ts_lexize(dictionary, stem))[1], stem) END
            FROM (SELECT n, dictionary, (ts_lexize(dictionary, word))[1] AS stem
                  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given(language, word, n)
                  JOIN (VALUES {dictionaries}) AS known(language, dictionary) USING(language)) AS once ORDER BY n
            """,
            row => row.IsDBNull(0) ? null : row.GetString(0),
            unknown.Select(word => word.Language.ToString()).ToArray(), unknown.Select(word => word.Word).ToArray());
        if (_stems.Count + found.Count > WordsKnown) _stems.Clear();
        for (var i = 0; i < found.Count; i++) _stems[unknown[i]] = stems[unknown[i]] = found[i];
        return stems;
    }
}

/// <summary>A query's different words as terms of the index.</summary>
/// <param name="Words">For each term, which of the query's words it stands for.</param>
/// <param name="Counts">For each term, how often a chunk with it has the word.</param>
/// <param name="Telling">Words that are no stop words: they count even where no chunk has them.</param>
internal sealed record QueryTerms(string[] Terms, int[] Words, int[] Counts, int[] Telling);
