using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Ingestion.Sqlite;
using Ingestion.Text;

namespace Ingestion.Store;

/// <summary>
/// The words of chunks, without plurals, in SQLite's full-text index. Each term carries its collection and how often the chunk has the word
/// (<c>17!factura!2</c>): so a query reads the postings of its own collection alone, another tenant's texts weigh nothing in its scores,
/// and one row a chunk tells what BM25 needs.
/// </summary>
internal static class WordIndex
{
    /// <summary>What the index takes for a chunk, and the number of its words.</summary>
    public static (string Terms, int Words) TermsOf(long collection, ReadOnlySpan<char> text)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        var words = new FoldedWords(text, stackalloc char[FoldedWords.MaxLength]);
        var total = 0;
        while (words.MoveNext())
        {
            CollectionsMarshal.GetValueRefOrAddDefault(lookup, StemOf(words.Current), out _)++;
            total++;
        }
        var scope = collection.ToString(CultureInfo.InvariantCulture);
        var terms = new StringBuilder(counts.Count * 12);
        foreach (var (word, count) in counts) terms.Append(scope).Append('!').Append(word).Append('!').Append(CountSigns.Of(count)).Append(' ');
        return (terms.ToString(), total);
    }

    /// <summary>The different words of a query in order, at most <paramref name="max"/>.</summary>
    public static List<string> QueryWords(string? query, int max)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var list = new List<string>();
        var words = new FoldedWords(query, stackalloc char[FoldedWords.MaxLength]);
        while (list.Count < max && words.MoveNext())
        {
            var word = StemOf(words.Current).ToString();
            if (seen.Add(word)) list.Add(word);
        }
        return list;
    }

    /// <summary>The word's terms in the collection, and how many chunks have it, unseen ones included.</summary>
    public static WordTerms Find(SqliteSession session, long collection, string word)
    {
        var stem = string.Create(CultureInfo.InvariantCulture, $"{collection}!{word}!");
        long chunks = 0;
        var terms = new List<(string, int)>();
        session.Visit("SELECT term, doc FROM chunk_terms WHERE term>=$first AND term<=$last", row =>
        {
            var term = row.GetString(0);
            chunks += row.GetInt64(1);
            terms.Add((term, CountSigns.CountOf(term[^1])));
            return true;
        }, ("$first", stem + "1"), ("$last", stem + "c"));
        return new WordTerms(terms, chunks);
    }

    /// <summary>Ids of the chunks that have the term, ascending.</summary>
    public static void Visit(SqliteSession session, string term, Action<long> visit) =>
        session.Visit("SELECT rowid FROM chunk_words WHERE chunk_words MATCH $term ORDER BY rowid", row =>
        {
            visit(row.GetInt64(0));
            return true;
        }, ("$term", '"' + term + '"'));

    /// <summary>
    /// The word without what marks a plural in Spanish, English and their neighbours: "facturas" and "factura", "ciudades" and "ciudad",
    /// "boxes" and "box" are one word. A singular in "e" loses it too, so that it stays with its plural.
    /// </summary>
    public static ReadOnlySpan<char> StemOf(ReadOnlySpan<char> word)
    {
        while (word.Length > 3 && (word[^1] == 'e' || (word[^1] == 's' && word[^2] != 's'))) word = word[..^1];
        return word;
    }
}

/// <param name="Terms">Each with the number of times that its chunks have the word.</param>
internal readonly record struct WordTerms(List<(string Term, int Count)> Terms, long Chunks);
