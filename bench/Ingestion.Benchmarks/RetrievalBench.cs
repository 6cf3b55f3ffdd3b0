using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Ingestion.Chunking;
using Ingestion.Embedding;
using Ingestion.Extraction;
using Ingestion.Store;
using Ingestion.Text;

namespace Ingestion.Benchmarks;

/// <summary>
/// <c>retrieval [tokens]</c>: how much of the answers each chunker lets a search find. Every chunker is set to the same average of tokens a
/// retrieved text; each question of <c>Retrieval/questions.txt</c> fetches the best five by words (BM25) and by the local embedding. Recall,
/// precision and IoU compare the tokens fetched with those of the excerpt that answers it.
/// </summary>
internal static class RetrievalBench
{
    private const int Top = 5;

    private static readonly TokenCounter Tokens = TokenCounters.Cl100kBase;

    public static async Task<int> RunAsync(string[] args)
    {
        var target = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 150;
        var documents = new List<ExtractedDocument>();
        var names = new List<string>();
        foreach (var (name, text) in ChunkingTexts.Named("udhr_eng", "udhr_spa", "en_lincoln1861", "es_quijote_lf", "en_room", "en_romeo"))
        {
            names.Add(name);
            documents.Add(await ReadAsync(text));
        }
        if (documents.Count == 0)
        {
            await Console.Error.WriteLineAsync("The texts of the questions are the study material's, which is not here.");
            return 1;
        }
        var questions = Questions(names, documents);
        var size = documents.Sum(document => Tokens.Count(document.Text));
        Console.WriteLine($"{questions.Count} questions over {size} tokens; best {Top}; about {target} tokens a retrieved text");
        Console.WriteLine("chunker            setting  texts  tokens |  BM25: recall  precision    IoU | local: recall  precision    IoU");
        List<Retrievable> stored = [];
        foreach (var chunker in Chunkers.All.Where(chunker => chunker.Name != "auto"))
        {
            foreach (var overlap in chunker.Name is "sentence" or "token" ? (int[])[0, target / 5] : [0])
            {
                var (setting, retrievable) = await CalibrateAsync(chunker, overlap, documents, target);
                var words = Score(questions, documents, retrievable, RankByWords(documents, retrievable));
                var local = Score(questions, documents, retrievable, RankByVectors(documents, retrievable));
                var name = overlap > 0 ? $"{chunker.Name} /{overlap}" : chunker.Name;
                Console.Write(string.Create(CultureInfo.InvariantCulture,
                    $"{name,-18} {setting,7:0} {retrievable.Count,6} {Average(documents, retrievable),7:0} | "));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{words.Recall,13:0.0} {words.Precision,10:0.00} {words.Iou,6:0.00} | {local.Recall,13:0.0} {local.Precision,10:0.00} {local.Iou,6:0.00}"));
                if (chunker.Name == "markdown") stored = retrievable;
            }
        }
        await CompareModesAsync(names, documents, questions, stored);
        return 0;
    }

    /// <summary>The service's own search over the chunks of "markdown", in each of its stores that is at hand.</summary>
    private static async Task CompareModesAsync(List<string> names, List<ExtractedDocument> documents, List<Question> questions, List<Retrievable> texts)
    {
        Console.WriteLine("search             mode     recall  precision    IoU | recall: even   odd questions");
        var first = Enumerable.Range(0, documents.Count).Select(document => texts.FindIndex(text => text.Searched.Document == document)).ToArray();
        await using var stores = new StoresAtHand();
        foreach (var (name, store) in stores.All)
        {
            for (var i = 0; i < documents.Count; i++)
            {
                var spans = texts.Where(text => text.Searched.Document == i).Select(text => (text.Searched.Start, text.Searched.End));
                await StoresAtHand.StoreAsync(store, i, documents[i].Text, names[i].Contains("en", StringComparison.Ordinal) ? "en" : "es", [.. spans]);
            }
            foreach (var mode in Enum.GetValues<SearchMode>())
            {
                // What is chosen by the questions shows on both halves of them, not on one.
                var (all, even, odd) = (Of(questions), Of([.. questions.Where((_, i) => i % 2 == 0)]), Of([.. questions.Where((_, i) => i % 2 == 1)]));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-18} {mode,-7} {all.Recall,7:0.0} {all.Precision,10:0.00} {all.Iou,6:0.00} | {even.Recall,12:0.0} {odd.Recall,5:0.0}"));

                (double Recall, double Precision, double Iou) Of(List<Question> some) => Score(
                    some, documents, texts, question => StoresAtHand.SearchAsync(store, question, mode, Top).GetAwaiter().GetResult()
                        .Select(found => first[found.Document] + found.Chunk));
            }
        }
    }

    /// <summary>As Markdown: the articles' and chapters' lines are headings.</summary>
    private static async Task<ExtractedDocument> ReadAsync(string text)
    {
        var markdown = new StringBuilder();
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var trimmed = line.Trim();
            var isHeading = Regex.IsMatch(trimmed, @"^(Article|Artículo) \d+$|^(Preamble|Preámbulo)$|^Capítulo ");
            if (isHeading) markdown.Append("\n## ").Append(trimmed).Append("\n\n");
            // The declaration's lines are its paragraphs.
            else markdown.Append(trimmed).Append(line.StartsWith("      ", StringComparison.Ordinal) ? "\n\n" : "\n");
        }
        return await DocumentReaders.ReadAsync(
            new DocumentContent
            {
                Bytes = new MemoryStream(Encoding.UTF8.GetBytes(markdown.ToString())),
                MediaType = MediaTypes.Markdown,
                IsTypeCertain = true,
                Charset = "utf-8",
            },
            CancellationToken.None);
    }

    private static List<Question> Questions(List<string> names, List<ExtractedDocument> documents)
    {
        var questions = new List<Question>();
        var file = Path.Combine(ChunkingTexts.Root, "bench", "Ingestion.Benchmarks", "Retrieval", "questions.txt");
        foreach (var line in File.ReadLines(file))
        {
            if (line.StartsWith('#') || line.Split(" | ") is not [var name, var question, var first, var last]) continue;
            var document = names.IndexOf(name);
            var text = documents[document].Text;
            var start = Words(first).Match(text);
            var end = Words(last).Match(text, start.Success ? start.Index : 0);
            if (!start.Success || !end.Success) throw new InvalidDataException($"{name} has no \"{first} … {last}\".");
            questions.Add(new Question(question, new Span(document, start.Index, end.Index + end.Length)));
        }
        return questions;
    }

    private static Regex Words(string words) => new(string.Join(@"\s+", words.Trim().Split(' ').Select(Regex.Escape)));

    /// <summary>Halves the interval of the chunker's one setting until the average is near the target.</summary>
    private static async Task<(double Setting, List<Retrievable> Texts)> CalibrateAsync(
        IChunker chunker, int overlap, List<ExtractedDocument> documents, int target)
    {
        var (low, high, whole) = chunker.Name switch
        {
            "semantic" => (1.0, 99.0, false),
            "sentence_window" => (0.0, 12.0, true),
            _ => (target / 4.0, target * 24.0, true),
        };
        var best = (Setting: 0.0, Texts: new List<Retrievable>());
        for (var step = 0; step < 10; step++)
        {
            var setting = whole ? Math.Round((low + high) / 2) : (low + high) / 2;
            var options = new ChunkOptions { Size = target * 2, Overlap = overlap, Tokens = Tokens, Embed = EmbedAsync };
            options = chunker.Name switch
            {
                "semantic" => options with { SemanticPercentile = setting },
                "sentence_window" => options with { WindowSentences = (int)setting },
                _ => options with { Size = (int)setting, Overlap = Math.Min(overlap, (int)setting - 1) },
            };
            var texts = new List<Retrievable>();
            for (var i = 0; i < documents.Count; i++)
            {
                foreach (var chunk in await chunker.SplitAsync(documents[i], options, CancellationToken.None))
                {
                    if (chunk.IsParent) continue;
                    var shown = chunk.Window ?? new TextSlice(chunk.Start, chunk.End);
                    texts.Add(new Retrievable(new Span(i, chunk.Start, chunk.End), new Span(i, shown.Start, shown.End)));
                }
            }
            var average = Average(documents, texts);
            var isBetter = best.Texts.Count == 0 || Math.Abs(average - target) < Math.Abs(Average(documents, best.Texts) - target);
            if (isBetter) best = (setting, texts);
            if (average < target) low = setting;
            else high = setting;
        }
        return best;
    }

    private static double Average(List<ExtractedDocument> documents, List<Retrievable> texts) =>
        texts.Average(text => Count(documents, text.Shown));

    private static Func<string, IEnumerable<int>> RankByVectors(List<ExtractedDocument> documents, List<Retrievable> texts)
    {
        var vectors = texts.ConvertAll(text => LocalEmbedder.Embed(Slice(documents, text.Searched)));
        return question =>
        {
            var vector = LocalEmbedder.Embed(question);
            return Enumerable.Range(0, texts.Count).OrderByDescending(i => Dot(vector, vectors[i])).Take(Top);
        };
    }

    private static Func<string, IEnumerable<int>> RankByWords(List<ExtractedDocument> documents, List<Retrievable> texts)
    {
        var bags = texts.ConvertAll(text => Bag(Slice(documents, text.Searched)));
        var average = bags.Average(bag => bag.Values.Sum());
        var holders = bags.SelectMany(bag => bag.Keys).GroupBy(word => word).ToDictionary(word => word.Key, word => word.Count());
        return question =>
        {
            var asked = Bag(question).Keys.Where(holders.ContainsKey)
                .Select(word => (word, Weight: Math.Log(1 + (bags.Count - holders[word] + 0.5) / (holders[word] + 0.5))))
                .ToList();
            return Enumerable.Range(0, bags.Count).OrderByDescending(i => asked.Sum(word =>
            {
                var times = bags[i].GetValueOrDefault(word.word);
                return word.Weight * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * bags[i].Values.Sum() / average));
            })).Take(Top);
        };
    }

    private static Dictionary<string, int> Bag(ReadOnlySpan<char> text)
    {
        var bag = new Dictionary<string, int>();
        Span<char> buffer = stackalloc char[FoldedWords.MaxLength];
        var words = new FoldedWords(text, buffer);
        while (words.MoveNext())
        {
            var word = words.Current.ToString();
            bag[word] = bag.GetValueOrDefault(word) + 1;
        }
        return bag;
    }

    /// <summary>Averages over the questions, in percent.</summary>
    private static (double Recall, double Precision, double Iou) Score(
        List<Question> questions, List<ExtractedDocument> documents, List<Retrievable> texts, Func<string, IEnumerable<int>> rank)
    {
        double recall = 0, precision = 0, iou = 0;
        foreach (var question in questions)
        {
            var wanted = Count(documents, question.Answer);
            int fetched = 0, hit = 0;
            foreach (var group in rank(question.Text).Select(i => texts[i].Shown).GroupBy(span => span.Document))
            {
                var end = 0;
                foreach (var span in group.OrderBy(span => span.Start))
                {
                    // What two of them share counts once.
                    var part = span with { Start = Math.Max(span.Start, end) };
                    if (part.Start >= part.End) continue;
                    end = part.End;
                    fetched += Count(documents, part);
                    if (group.Key != question.Answer.Document) continue;
                    var shared = new Span(group.Key, Math.Max(part.Start, question.Answer.Start), Math.Min(part.End, question.Answer.End));
                    if (shared.Start < shared.End) hit += Count(documents, shared);
                }
            }
            hit = Math.Min(hit, wanted);
            recall += (double)hit / wanted;
            if (fetched > 0) precision += (double)hit / fetched;
            iou += (double)hit / (fetched + wanted - hit);
        }
        return (100 * recall / questions.Count, 100 * precision / questions.Count, 100 * iou / questions.Count);
    }

    private static Task<IReadOnlyList<ReadOnlyMemory<float>>> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<ReadOnlyMemory<float>>>([.. texts.Select(text => (ReadOnlyMemory<float>)LocalEmbedder.Embed(text))]);

    private static float Dot(float[] a, float[] b) => System.Numerics.Tensors.TensorPrimitives.Dot(a, b);

    private static int Count(List<ExtractedDocument> documents, Span span) => Tokens.Count(Slice(documents, span));

    private static ReadOnlySpan<char> Slice(List<ExtractedDocument> documents, Span span) =>
        documents[span.Document].Text.AsSpan(span.Start, span.End - span.Start);

    private readonly record struct Span(int Document, int Start, int End);

    /// <param name="Searched">What a question is compared with.</param>
    /// <param name="Shown">What the reader gets for it.</param>
    private sealed record Retrievable(Span Searched, Span Shown);

    private sealed record Question(string Text, Span Answer);
}
