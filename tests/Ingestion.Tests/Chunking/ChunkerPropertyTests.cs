using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ingestion.Chunking;
using Ingestion.Chunking.Splitting;
using Ingestion.Extraction;

namespace Ingestion.Tests.Chunking;

/// <summary>What holds for every chunker on every text: words of many scripts, lone surrogates, headings, tables, code.</summary>
public class ChunkerPropertyTests
{
    private static readonly string[] Words =
    [
        "word ", "Otra ", "Sr. García ", "End. ", "Why? ", "wow!!! ", "5. ", "e.g. ", "... ", ",", ";", " ", "  ", "\n", "\n\n", "\n\n\n", "\t", "\u001C", "\u3000", "\r\n",
        "中文。", "漢字、", "日本語！」", "ภาษาไทย ", "ไทย", "हिन्दी। ", "한국어. ", "😀", "👩‍👩‍👧", "𠮷", "é́", "\uD83D", "\uDE00", "\0", "<|endoftext|>", "https://a.b/c?d=e ",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "( \"'[", ")] ", "--", "# ", "| a | b |\n", "```\n",
    ];

    private static readonly Gen<string> Texts =
        Gen.Elements(Words).ListOf().Select(words => string.Concat(words));

    internal static readonly Gen<(ElementKind Kind, int Level, string Text)> Blocks =
        from kind in Gen.Elements(ElementKind.Heading, ElementKind.Paragraph, ElementKind.Paragraph, ElementKind.Table, ElementKind.Code, ElementKind.ListItem)
        from level in Gen.Choose(1, 4)
        from text in Texts
        from rows in Gen.Choose(1, 12)
        select (kind, level, kind switch
        {
            ElementKind.Heading => new string('#', level) + " " + text.ReplaceLineEndings(" "),
            ElementKind.Table => "| h1 | h2 |\n| --- | --- |\n" + string.Join('\n', Enumerable.Range(0, rows).Select(row => $"| {row} | {text.ReplaceLineEndings(" ")} |")),
            ElementKind.Code => "```\n" + text + "\n```",
            _ => text,
        });

    private static readonly Gen<Case> Cases =
        from blocks in Blocks.ListOf()
        from plain in Texts
        from structured in Gen.Elements(true, true, false)
        from size in Gen.Elements(3, 8, 20, 64)
        from overlap in Gen.Elements(0, 2, 10)
        from keep in Gen.Elements(false, true)
        select new Case(structured ? Document(blocks) : new ExtractedDocument { Text = plain }, size, Math.Min(overlap, size - 1), keep);

    private static readonly FsCheck.Config Config = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(20_261_123, 7);

    public static TheoryData<string> Chunkers => [.. Ingestion.Chunking.Chunkers.Names];

    [Theory]
    [MemberData(nameof(Chunkers))]
    public void Slices_are_exact_whole_characters_and_ordered(string chunker) => Holds(chunker, (text, _, chunks) =>
    {
        foreach (var chunk in chunks)
        {
            Assert.InRange(chunk.Start, 0, chunk.End - 1);
            Assert.InRange(chunk.End, 1, text.Length);
            Assert.Equal((chunk.Start, chunk.End), PythonCharacter.Strip(text, chunk.Start, chunk.End));
            Assert.False(CutsPair(text, chunk.Start) || CutsPair(text, chunk.End));
        }
        // Two may start at one place: where the first starts with white space that is left out.
        foreach (var siblings in chunks.GroupBy(chunk => chunk.Parent))
        {
            foreach (var (chunk, next) in siblings.Zip(siblings.Skip(1)))
                Assert.True(chunk.Start <= next.Start && chunk.End <= next.End, $"{chunk} before {next}");
        }
    });

    [Theory]
    [MemberData(nameof(Chunkers))]
    public void Nothing_but_white_space_is_left_out(string chunker) => Holds(chunker, (text, _, chunks) =>
    {
        foreach (var level in Levels(chunks))
        {
            var covered = 0;
            foreach (var chunk in level)
            {
                if (chunk.Start > covered) Assert.True(text.AsSpan(covered, chunk.Start - covered).IsPythonBlank());
                covered = Math.Max(covered, chunk.End);
            }
            Assert.True(text.AsSpan(covered).IsPythonBlank());
        }
    });

    [Theory]
    [MemberData(nameof(Chunkers))]
    public void Counts_are_of_the_slice_and_strict_chunks_keep_to_the_size(string chunker) => Holds(chunker, (text, options, chunks) =>
    {
        foreach (var chunk in chunks)
        {
            var slice = text.AsSpan(chunk.Start, chunk.End - chunk.Start);
            Assert.Equal(options.Tokens.Count(slice), chunk.TokenCount);
            var header = chunk.TableHeader is { } rows ? options.Tokens.Count(text.AsSpan(rows.Start, rows.End - rows.Start)) : 0;
            var oneCodePoint = slice.Length == 1 || slice.Length == 2 && char.IsSurrogatePair(slice[0], slice[1]);
            if (!oneCodePoint) Assert.InRange(chunk.TokenCount + header, 1, options.Size);
        }
    });

    [Theory]
    [MemberData(nameof(Chunkers))]
    public void Without_overlap_chunks_do_not_overlap(string chunker) => Holds(chunker, overlap: false, check: (_, _, chunks) =>
    {
        foreach (var level in Levels(chunks))
        {
            foreach (var (chunk, next) in level.Zip(level.Skip(1))) Assert.True(chunk.End <= next.Start, $"{chunk} before {next}");
        }
    });

    [Theory]
    [MemberData(nameof(Chunkers))]
    public void The_same_document_gives_the_same_chunks(string chunker) =>
        Prop.ForAll(Cases.ToArbitrary(), item => Assert.Equal(Described(Split(chunker, item)), Described(Split(chunker, item)))).Check(Config);

    private static IEnumerable<string> Described(IReadOnlyList<Chunk> chunks) =>
        chunks.Select(chunk => $"{chunk with { HeadingPath = [] }} {string.Join('/', chunk.HeadingPath)}");

    private static void Holds(string chunker, Action<string, ChunkOptions, IReadOnlyList<Chunk>> check, bool overlap = true) =>
        Prop.ForAll(Cases.ToArbitrary(), original =>
        {
            var item = overlap ? original : original with { Overlap = 0 };
            check(item.Document.Text, Options(item), Split(chunker, item));
        }).Check(Config);

    private static IReadOnlyList<Chunk> Split(string chunker, Case item) =>
        Ingestion.Chunking.Chunkers.Find(chunker)!.SplitAsync(item.Document, Options(item), TestContext.Current.CancellationToken).GetAwaiter().GetResult();

    private static ChunkOptions Options(Case item) => new()
    {
        Size = item.Size,
        Overlap = item.Overlap,
        Tokens = TokenCounters.Cl100kBase,
        Strict = true,
        KeepAbbreviations = item.KeepAbbreviations,
        Embed = HashEmbedding.EmbedAsync,
    };

    /// <summary>The chunks of one hierarchy level, or all.</summary>
    private static List<List<Chunk>> Levels(IReadOnlyList<Chunk> chunks)
    {
        int Depth(Chunk chunk) => chunk.Parent is { } parent ? 1 + Depth(chunks[parent]) : 0;
        var levels = chunks.GroupBy(Depth).Select(level => level.ToList()).ToList();
        return levels.Count > 0 ? levels : [[]];
    }

    private static bool CutsPair(string text, int at) =>
        at > 0 && at < text.Length && char.IsHighSurrogate(text[at - 1]) && char.IsLowSurrogate(text[at]);

    internal static ExtractedDocument Document(IEnumerable<(ElementKind Kind, int Level, string Text)> blocks)
    {
        var text = new StringBuilder();
        var elements = new List<Element>();
        foreach (var block in blocks)
        {
            if (text.Length > 0) text.Append("\n\n");
            elements.Add(new Element(block.Kind, block.Kind == ElementKind.Heading ? block.Level : 0, text.Length, text.Length + block.Text.Length));
            text.Append(block.Text);
        }
        return new ExtractedDocument { Text = text.ToString(), Elements = elements };
    }

    private sealed record Case(ExtractedDocument Document, int Size, int Overlap, bool KeepAbbreviations)
    {
        public override string ToString() => $"{Size}/{Overlap} {System.Text.Json.JsonSerializer.Serialize(Document.Text)} {string.Join(' ', Document.Elements)}";
    }
}

internal static class PythonBlank
{
    public static bool IsPythonBlank(this ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!PythonCharacter.IsSpace(c)) return false;
        }
        return true;
    }
}
