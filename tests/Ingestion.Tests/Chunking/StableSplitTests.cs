using FsCheck;
using FsCheck.Fluent;
using Ingestion.Chunking;
using Ingestion.Chunking.Rechunking;
using Ingestion.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Chunking;

/// <summary>A text that comes again with edits is split again only where they are.</summary>
public class StableSplitTests
{
    private enum Edit
    {
        Keep,
        Drop,
        Change,
        InsertBefore,
    }

    private static readonly Gen<(ElementKind Kind, int Level, string Text)[]> Documents = ChunkerPropertyTests.Blocks.ListOf().Select(blocks => blocks.ToArray());

    private static readonly Gen<Case> Cases =
        from blocks in Documents
        from others in Documents
        from edits in Gen.Elements(Edit.Keep, Edit.Keep, Edit.Keep, Edit.Keep, Edit.Drop, Edit.Change, Edit.InsertBefore).ListOf()
        from chunker in Gen.Elements("sentence", "markdown")
        from size in Gen.Elements(3, 8, 20, 64)
        from overlap in Gen.Elements(0, 2, 10)
        select new Case(
            ChunkerPropertyTests.Document(blocks), ChunkerPropertyTests.Document(Edited(blocks, others, edits.ToArray())), chunker, size, Math.Min(overlap, size - 1));

    [Fact]
    public void Whatever_changes_the_chunks_are_exact_whole_and_within_the_size() => Holds(item =>
    {
        var (before, after) = Split(item);
        var text = item.After.Text;
        var covered = 0;
        foreach (var (chunk, next) in after.Zip([.. after.Skip(1), null]))
        {
            Assert.InRange(chunk.Start, 0, chunk.End - 1);
            Assert.InRange(chunk.End, 1, text.Length);
            var slice = text.AsSpan(chunk.Start, chunk.End - chunk.Start);
            Assert.Equal(item.Options.Tokens.Count(slice), chunk.TokenCount);
            var header = chunk.TableHeader is { } rows ? item.Options.Tokens.Count(text.AsSpan(rows.Start, rows.End - rows.Start)) : 0;
            if (slice.Length > 2) Assert.InRange(chunk.TokenCount + header, 1, item.Size);
            Assert.True(text.AsSpan(Math.Min(covered, chunk.Start), Math.Max(0, chunk.Start - covered)).IsPythonBlank());
            covered = Math.Max(covered, chunk.End);
            if (next is not null) Assert.True(chunk.Start <= next.Start && chunk.End <= next.End, $"{chunk} before {next}");
        }
        Assert.True(text.AsSpan(covered).IsPythonBlank());
        if (item.Before.Text == text) Assert.Equal(before.Select(chunk => (chunk.Start, chunk.End)), after.Select(chunk => (chunk.Start, chunk.End)));
    });

    [Fact]
    public void What_two_texts_have_in_common_is_found_where_it_is() => Holds(item =>
    {
        var (older, newer) = (item.Before.Text, item.After.Text);
        var alignment = new TextAlignment(older, newer);
        var last = 0;
        for (var at = 0; at + 3 <= older.Length; at += 3)
        {
            if (alignment.Find(at, at + 3) is not { } found) continue;
            Assert.True(newer.AsSpan(found, 3).SequenceEqual(older.AsSpan(at, 3)));
            Assert.True(found >= last);
            last = found;
        }
        if (older == newer && older.Length > 0) Assert.Equal(0, alignment.Find(0, older.Length));
    });

    [Theory]
    [InlineData("sentence", 1000, 200)]
    [InlineData("sentence", 256, 0)]
    [InlineData("markdown", 1000, 200)]
    [InlineData("markdown", 256, 0)]
    public void Three_edits_of_a_long_text_cost_at_most_three_chunks_each(string chunker, int size, int overlap)
    {
        var paragraphs = Enumerable.Range(0, 900).Select(i => $"Apartado {i}. " + Prose.Of(i, 700).Split("\n\n", 2)[1].ReplaceLineEndings(" ").Trim()).ToList();
        var before = Document(paragraphs);
        paragraphs[440] = paragraphs[440].Replace("Sentence", "Changed", StringComparison.Ordinal);
        paragraphs.Insert(450, "Nuevo. " + Prose.Of(9_999, 500).ReplaceLineEndings(" "));
        paragraphs.RemoveAt(460);
        var item = new Case(before, Document(paragraphs), chunker, size, overlap);

        var (old, after) = Split(item);

        var known = old.Select(chunk => before.Text[chunk.Start..chunk.End]).ToHashSet();
        var added = after.Count(chunk => !known.Contains(item.After.Text[chunk.Start..chunk.End]));
        Assert.InRange(added, 1, 9);
        Assert.InRange(after.Count, old.Count - 4, old.Count + 4);
    }

    [Fact]
    public void A_changed_row_of_a_long_table_leaves_the_other_rows_with_their_header()
    {
        string[][] rows = [["producto", "unidades"], .. Enumerable.Range(0, 400).Select(row => (string[])[$"artículo {row}", $"{row * 31}"])];
        var before = Table(rows);
        rows[200] = ["artículo nuevo", "1"];
        var item = new Case(before, Table(rows), "markdown", 120, 20);

        var (old, after) = Split(item);

        var known = old.Select(chunk => before.Text[chunk.Start..chunk.End]).ToHashSet();
        Assert.True(old.Count > 20);
        Assert.InRange(after.Count(chunk => !known.Contains(item.After.Text[chunk.Start..chunk.End])), 1, 2);
        Assert.All(after.Skip(1), chunk =>
        {
            Assert.Equal("| producto | unidades |\n| --- | --- |", item.After.Text[chunk.TableHeader!.Value.Start..chunk.TableHeader.Value.End]);
            Assert.StartsWith("| artículo ", item.After.Text[chunk.Start..chunk.End], StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Rows_whose_header_changed_are_split_again()
    {
        string[][] rows = [["producto", "unidades"], .. Enumerable.Range(0, 60).Select(row => (string[])[$"artículo {row}", $"{row * 31}"])];
        var before = Table(rows);
        rows[0] = ["product", "units"];
        var item = new Case(before, Table(rows), "markdown", 120, 20);

        var (_, after) = Split(item);

        Assert.All(after.Skip(1), chunk =>
            Assert.Equal("| product | units |\n| --- | --- |", item.After.Text[chunk.TableHeader!.Value.Start..chunk.TableHeader.Value.End]));
    }

    [Fact]
    public async Task Many_small_insertions_do_not_leave_many_small_chunks()
    {
        var paragraphs = Enumerable.Range(0, 60).Select(i => $"Apartado {i}. " + Prose.Of(i, 700).Split("\n\n", 2)[1].ReplaceLineEndings(" ").Trim()).ToList();
        var (old, document) = (Document(paragraphs), (ExtractedDocument?)null);
        var options = Options(256, 0);
        var chunks = await new SentenceChunker().SplitAsync(old, options, TestContext.Current.CancellationToken);
        for (var i = 0; i < 60; i++)
        {
            paragraphs.Insert(i * 2, $"Nota {i}.");
            document = Document(paragraphs);
            chunks = StableSplit.Split(new SentenceChunker(), document, options, Earlier(old, chunks), TestContext.Current.CancellationToken);
            old = document;
        }
        var plain = await new SentenceChunker().SplitAsync(document!, options, TestContext.Current.CancellationToken);

        Assert.InRange(chunks.Count, plain.Count, plain.Count * 2);
    }

    [Fact]
    public void A_hostile_pair_of_texts_takes_no_time()
    {
        var older = string.Concat(Enumerable.Repeat("a.\n", 1_000_000));
        var newer = "b" + string.Concat(Enumerable.Repeat("a.\na\n", 600_000)) + "b";
        var time = System.Diagnostics.Stopwatch.StartNew();

        var alignment = new TextAlignment(older, newer);

        Assert.Null(alignment.Find(0, older.Length));
        Assert.InRange(time.Elapsed.TotalSeconds, 0, 20);
    }

    private static (IReadOnlyList<Chunk> Before, IReadOnlyList<Chunk> After) Split(Case item)
    {
        var chunker = Chunkers.Find(item.Chunker)!;
        var before = chunker.SplitAsync(item.Before, item.Options, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        return (before, StableSplit.Split(chunker, item.After, item.Options, Earlier(item.Before, before), TestContext.Current.CancellationToken));
    }

    private static EarlierSplit Earlier(ExtractedDocument document, IReadOnlyList<Chunk> chunks) =>
        new(document.Text, [.. chunks.Select(chunk => new EarlierChunk(chunk.Start, chunk.End, chunk.TokenCount, chunk.TableHeader))]);

    private static ExtractedDocument Document(IEnumerable<string> paragraphs) =>
        ChunkerPropertyTests.Document(paragraphs.Select(paragraph => (ElementKind.Paragraph, 0, paragraph)));

    private static ExtractedDocument Table(string[][] rows)
    {
        var writer = new MarkdownWriter(new ExtractionLimits());
        writer.Table(rows);
        return writer.ToDocument("text/markdown");
    }

    private static ChunkOptions Options(int size, int overlap) => new() { Size = size, Overlap = overlap, Tokens = TokenCounters.Cl100kBase, Strict = true };

    private static IEnumerable<(ElementKind, int, string)> Edited(
        (ElementKind Kind, int Level, string Text)[] blocks, (ElementKind Kind, int Level, string Text)[] others, Edit[] edits)
    {
        for (var i = 0; i < blocks.Length; i++)
        {
            var edit = edits.Length == 0 ? Edit.Keep : edits[i % edits.Length];
            if (edit == Edit.InsertBefore && others.Length > 0) yield return others[i % others.Length];
            if (edit == Edit.Change) yield return blocks[i] with { Text = blocks[i].Text.Replace("word", "other", StringComparison.Ordinal) + "x" };
            else if (edit != Edit.Drop) yield return blocks[i];
        }
    }

    private static void Holds(Action<Case> check) =>
        Prop.ForAll(Cases.ToArbitrary(), check).Check(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20_261_123, 9));

    private sealed record Case(ExtractedDocument Before, ExtractedDocument After, string Chunker, int Size, int Overlap)
    {
        public ChunkOptions Options => StableSplitTests.Options(Size, Overlap);

        public override string ToString() =>
            $"{Chunker} {Size}/{Overlap} {System.Text.Json.JsonSerializer.Serialize(Before.Text)} {System.Text.Json.JsonSerializer.Serialize(After.Text)}";
    }
}
