using System.Text;
using Ingestion.Chunking;
using Ingestion.Extraction;

namespace Ingestion.Tests.Chunking;

public class MarkdownChunkerTests
{
    [Fact]
    public async Task A_section_that_fits_is_one_chunk_with_its_heading_path()
    {
        var writer = new MarkdownWriter(new ExtractionLimits());
        foreach (var chapter in (string[])["Norte", "Sur"])
        {
            writer.Heading(1, chapter);
            foreach (var section in (string[])["Clima", "Suelo"])
            {
                writer.Heading(2, section);
                writer.Paragraph(Sentences($"{section} del {chapter}", 4));
            }
        }
        var (texts, chunks) = await SplitAsync(writer, 60, 0);
        Assert.Equal(["Norte", "Norte/Suelo", "Sur", "Sur/Suelo"], chunks.Select(chunk => string.Join('/', chunk.HeadingPath)));
        Assert.Equal(["# Norte\n\n## Clima\n\nClima", "## Suelo\n\nSuelo", "# Sur\n\n## Clima\n\nClima", "## Suelo\n\nSuelo"],
            texts.Select(text => text[..(text.LastIndexOf("\n\n", StringComparison.Ordinal) + 7)]));
    }

    [Fact]
    public async Task Small_sections_share_a_chunk()
    {
        var writer = new MarkdownWriter(new ExtractionLimits());
        for (var i = 0; i < 40; i++)
        {
            writer.Heading(2, $"Pregunta {i}");
            writer.Paragraph("Sí.");
        }
        var (_, chunks) = await SplitAsync(writer, 100, 0);
        Assert.InRange(chunks.Count, 4, 14);
        Assert.All(chunks, chunk => Assert.InRange(chunk.TokenCount, 25, 100));
    }

    [Fact]
    public async Task A_heading_is_never_parted_from_what_follows()
    {
        var writer = new MarkdownWriter(new ExtractionLimits());
        writer.Heading(1, "Título");
        writer.Paragraph(Sentences("Un párrafo que llena el trozo casi del todo", 5));
        writer.Heading(1, "Otro título");
        writer.Table([["a", "b"], .. Enumerable.Range(0, 30).Select(row => (string[])[$"fila {row}", $"valor {row}"])]);
        for (var size = 20; size < 120; size += 7)
        {
            var (texts, _) = await SplitAsync(writer, size, 0);
            Assert.DoesNotContain(texts, text => text.Trim().EndsWith("título", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task A_table_and_code_stay_whole_where_they_fit()
    {
        var writer = new MarkdownWriter(new ExtractionLimits());
        writer.Heading(1, "Datos");
        writer.Paragraph(Sentences("Texto antes de la tabla", 8));
        writer.Table([["país", "capital"], ["España", "Madrid"], ["Perú", "Lima"]]);
        writer.Paragraph(Sentences("Texto entre los dos", 8));
        writer.Code("var a = 1;\nvar b = 2;\n\nvar c = a + b;", "csharp");
        writer.Paragraph(Sentences("Texto al final", 8));
        var (texts, _) = await SplitAsync(writer, 60, 0);
        Assert.Contains(texts, text => text.Contains("| país | capital |\n| --- | --- |\n| España | Madrid |\n| Perú | Lima |", StringComparison.Ordinal));
        Assert.Contains(texts, text => text.Contains("```csharp\nvar a = 1;\nvar b = 2;\n\nvar c = a + b;\n```", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_table_that_is_split_goes_on_by_rows_and_names_its_header()
    {
        var writer = new MarkdownWriter(new ExtractionLimits());
        writer.Heading(1, "Ventas");
        writer.Table([["producto", "unidades"], .. Enumerable.Range(0, 60).Select(row => (string[])[$"artículo {row}", $"{row * 31}"])]);
        var document = writer.ToDocument("text/markdown");
        var (texts, chunks) = await SplitAsync(writer, 80, 20);
        Assert.Null(chunks[0].TableHeader);
        Assert.StartsWith("# Ventas\n\n| producto | unidades |", texts[0], StringComparison.Ordinal);
        foreach (var (text, chunk) in texts.Zip(chunks).Skip(1))
        {
            var header = document.Text[chunk.TableHeader!.Value.Start..chunk.TableHeader.Value.End];
            Assert.Equal("| producto | unidades |\n| --- | --- |", header);
            Assert.InRange(TokenCounters.Cl100kBase.Count(header) + chunk.TokenCount, 1, 80);
            Assert.StartsWith("| artículo ", text, StringComparison.Ordinal);
            Assert.EndsWith(" |", text, StringComparison.Ordinal);
        }
        var rows = texts.SelectMany(text => text.Split('\n')).Where(line => line.StartsWith("| artículo", StringComparison.Ordinal)).ToList();
        Assert.Equal(Enumerable.Range(0, 60).Select(row => $"| artículo {row} | {row * 31} |"), rows);
    }

    [Fact]
    public async Task Chinese_text_is_split_at_its_own_sentence_ends()
    {
        var text = string.Concat(Enumerable.Range(0, 60).Select(i => $"这是第{i}个句子，讲的是一只猫。"));
        var chunks = await new MarkdownChunker().SplitAsync(new ExtractedDocument { Text = text }, Options(60, 0), TestContext.Current.CancellationToken);
        Assert.InRange(chunks.Count, 10, 40);
        Assert.All(chunks, chunk => Assert.Equal('。', text[chunk.End - 1]));
    }

    [Fact]
    public async Task Sentences_are_repeated_up_to_the_overlap()
    {
        var text = string.Concat(Enumerable.Range(0, 60).Select(i => $"Sentence number {i} is here. "));
        var chunks = await new MarkdownChunker().SplitAsync(new ExtractedDocument { Text = text }, Options(60, 15), TestContext.Current.CancellationToken);
        Assert.All(chunks.Zip(chunks.Skip(1)), pair =>
        {
            Assert.True(pair.Second.Start < pair.First.End);
            Assert.InRange(TokenCounters.Cl100kBase.Count(text.AsSpan(pair.Second.Start..pair.First.End)), 1, 16);
        });
    }

    [Theory]
    [InlineData(true, "Uno", "Uno")]
    [InlineData(false, "", "")]
    public async Task Auto_takes_markdown_where_there_are_headings(bool heading, string firstPath, string lastPath)
    {
        var writer = new MarkdownWriter(new ExtractionLimits());
        if (heading) writer.Heading(1, "Uno");
        writer.Paragraph(Sentences("Algo de texto", 20));
        var document = writer.ToDocument("text/markdown");
        var chunks = await new AutoChunker().SplitAsync(document, Options(50, 10), TestContext.Current.CancellationToken);
        IChunker expected = heading ? new MarkdownChunker() : new SentenceChunker();
        var same = await expected.SplitAsync(document, Options(50, 10), TestContext.Current.CancellationToken);
        Assert.Equal(same.Select(chunk => (chunk.Start, chunk.End)), chunks.Select(chunk => (chunk.Start, chunk.End)));
        Assert.Equal((firstPath, lastPath), (string.Join('/', chunks[0].HeadingPath), string.Join('/', chunks[^1].HeadingPath)));
    }

    private static async Task<(List<string> Texts, IReadOnlyList<Chunk> Chunks)> SplitAsync(MarkdownWriter writer, int size, int overlap)
    {
        var document = writer.ToDocument("text/markdown");
        var chunks = await new MarkdownChunker().SplitAsync(document, Options(size, overlap), TestContext.Current.CancellationToken);
        return ([.. chunks.Select(chunk => document.Text[chunk.Start..chunk.End])], chunks);
    }

    private static string Sentences(string words, int count)
    {
        var text = new StringBuilder();
        for (var i = 0; i < count; i++) text.Append(words).Append(' ').Append(i).Append(". ");
        return text.ToString();
    }

    private static ChunkOptions Options(int size, int overlap) => new() { Size = size, Overlap = overlap, Tokens = TokenCounters.Cl100kBase };
}
