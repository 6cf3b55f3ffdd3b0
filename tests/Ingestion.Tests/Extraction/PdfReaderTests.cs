using System.Text;
using Ingestion.Extraction;

namespace Ingestion.Tests.Extraction;

public class PdfReaderTests
{
    [Fact]
    public async Task Pages_start_where_the_document_says()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 700, 12, "First page."))
            .Page("")
            .Page(PdfSample.At(72, 700, 12, "Third page."))
            .ReadAsync();

        Assert.Equal(3, document.PageCount);
        Assert.Equal("First page.\n\nThird page.", document.Text);
        Assert.Equal("Third page.", document.Text[document.PageStarts[2]..]);
        Assert.Equal([1, 3], document.Elements.Select(element => element.Page));
        Assert.Equal("application/pdf", document.MediaType);
        Assert.Empty(document.Warnings);
    }

    [Fact]
    public async Task Progress_counts_pages()
    {
        var told = new List<ReadProgress>();
        await new PdfSample().Page(PdfSample.At(72, 700, 12, "One")).Page(PdfSample.At(72, 700, 12, "Two")).ReadAsync(told.Add);
        Assert.Equal([new ReadProgress(1, 2, "page"), new ReadProgress(2, 2, "page")], told);
    }

    [Fact]
    public async Task Lines_become_paragraphs_and_split_words_are_mended()
    {
        var document = await new PdfSample()
            .Page(PdfSample.Lines(72, 700, 12, "The quick brown fox jumps over the la-", "zy dog and runs on to the end of the", "line.")
                + PdfSample.Lines(72, 630, 12, "Another paragraph stands apart."))
            .ReadAsync();
        Assert.Equal(
            "The quick brown fox jumps over the lazy dog and runs on to the end of the line.\n\nAnother paragraph stands apart.",
            document.Text);
    }

    [Fact]
    public async Task Words_without_space_glyphs_are_told_apart_by_the_gap()
    {
        var document = await new PdfSample()
            .Page("BT /F1 12 Tf 72 700 Td [(no) -278 (space) -278 (glyph) -20 (s)] TJ ET")
            .ReadAsync();
        Assert.Equal("no space glyphs", document.Text);
    }

    [Fact]
    public async Task Powers_and_marks_of_notes_are_told_from_what_they_follow()
    {
        static string Text(string text, int size = 10, int rise = 0) => $"/F1 {size} Tf {rise} Ts ({text}) Tj ";
        var document = await new PdfSample()
            .Page("BT 72 700 Td " + Text("1.5 x 10") + Text("5", 7, 4) + Text(" cells of H") + Text("2", 7, -2) + Text("O, the 1") + Text("st", 7, 4)
                + Text(" source") + Text("12", 7, 4) + Text(".") + "ET")
            .ReadAsync();
        Assert.Equal("1.5 x 10^5 cells of H2O, the 1st source^12.", document.Text);
    }

    [Fact]
    public async Task Columns_are_read_one_after_the_other()
    {
        string[] left = [.. Enumerable.Range(1, 8).Select(i => $"left line number {i} of the text")];
        string[] right = [.. Enumerable.Range(1, 8).Select(i => $"right line number {i} of the text")];
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 740, 12, "A sentence that goes over the whole width of the page, above both of its columns.")
                + PdfSample.Lines(72, 700, 12, left) + PdfSample.Lines(320, 700, 12, right))
            .ReadAsync();
        var text = document.Text;
        Assert.True(text.IndexOf("whole width", StringComparison.Ordinal) < text.IndexOf("left line number 1", StringComparison.Ordinal));
        Assert.Contains(string.Join(' ', left), text, StringComparison.Ordinal);
        Assert.Contains(string.Join(' ', right), text, StringComparison.Ordinal);
        Assert.True(
            text.IndexOf("left line number 8", StringComparison.Ordinal) < text.IndexOf("right line number 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lines_stretched_to_the_width_of_their_columns_are_no_table()
    {
        string[] left = ["each line stretches", "over the whole column", "with wide gaps between", "words that are not cells"];
        string[] right = ["and so does the other", "which stands beside it", "on the right and which", "is read after the first"];
        static string Stretched(int x, string[] lines, int gap) =>
            $"{gap} Tw\n" + string.Concat(lines.Select((line, i) => PdfSample.At(x, 700 - (i * 14), 10, line)));
        var document = await new PdfSample()
            .Page(Stretched(72, left, 14) + Stretched(330, right, 16))
            .ReadAsync();
        Assert.Equal(string.Join(' ', [.. left, .. right]), document.Text);
    }

    [Theory]
    [InlineData(90)]
    [InlineData(180)]
    [InlineData(270)]
    public async Task Turned_pages_are_read_as_upright_ones(int degrees)
    {
        var document = await new PdfSample()
            .Page(PdfSample.Lines(72, 700, 12, "A line of text,", "and the next."), $"/Rotate {degrees}")
            .ReadAsync();
        Assert.Equal("A line of text, and the next.", document.Text);
    }

    [Fact]
    public async Task Turned_text_on_an_upright_page_is_read_by_itself()
    {
        var document = await new PdfSample()
            .Page(PdfSample.Lines(72, 700, 12, "Upright text that is the most of it.")
                + "BT /F1 10 Tf 0 1 -1 0 40 100 Tm (up the margin) Tj ET")
            .ReadAsync();
        Assert.Equal("Upright text that is the most of it.\n\nup the margin", document.Text);
    }

    [Fact]
    public async Task Text_drawn_twice_to_look_bold_is_read_once()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 700, 12, "Twice drawn") + PdfSample.At(72.4, 700, 12, "Twice drawn"))
            .ReadAsync();
        Assert.Equal("Twice drawn", document.Text);
    }

    [Fact]
    public async Task A_scan_is_empty_and_says_why()
    {
        var sample = new PdfSample().Page("q 500 0 0 700 50 50 cm /X0 Do Q");
        sample.Objects.Add(PdfSample.Stream(
            "/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", "x"));
        var document = await sample.ReadAsync();
        Assert.Equal("", document.Text);
        Assert.Contains("scanned", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forms_that_draw_each_other_cost_a_warning_and_not_the_process()
    {
        var sample = new PdfSample().Page(PdfSample.At(72, 700, 12, "Before the loop.") + "/X0 Do\n");
        sample.Objects.Add(PdfSample.Stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /B 101 0 R >> >>", "/B Do"));
        sample.Objects.Add(PdfSample.Stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /A 100 0 R >> >>", "/A Do"));
        var document = await sample.ReadAsync();
        Assert.Equal("Before the loop.", document.Text);
        Assert.Contains("Page 1", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_page_is_named_and_the_others_are_read()
    {
        var document = await new PdfSample()
            .Page(PdfSample.At(72, 700, 12, "Good."), "")
            .Page("", "/MediaBox [0 0 (bad) 792] /Contents 999 0 R")
            .Page(PdfSample.At(72, 700, 12, "Also good."), "")
            .ReadAsync();
        Assert.Equal("Good.\n\nAlso good.", document.Text);
        Assert.StartsWith("Page 2:", Assert.Single(document.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_is_asked_for_in_the_error()
    {
        var key = new string('A', 64);
        var sample = new PdfSample { Trailer = $"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >> /ID [<00> <00>]" };
        var failure = await Assert.ThrowsAsync<ExtractionException>(() => sample.Page(PdfSample.At(72, 700, 12, "Secret")).ReadAsync());
        Assert.Equal(ExtractionFailure.Encrypted, failure.Failure);
        Assert.Contains("password", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_control_character_or_lone_surrogate_leaves()
    {
        var document = await new PdfSample { Information = "/Title <FEFF00410000D80000420007>" }
            .Page(PdfSample.At(72, 700, 12, "be\\000l\\007l"))
            .ReadAsync();
        new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(document.Text + document.Title);
        Assert.Equal("be l l", document.Text);
        Assert.DoesNotContain(document.Title!, char.IsControl);
    }

    [Theory]
    [InlineData("")]
    [InlineData("%PDF-1.7\n")]
    [InlineData("Just some text that claims to be a PDF.")]
    public async Task Broken_files_are_corrupt(string content)
    {
        var failure = await Assert.ThrowsAsync<ExtractionException>(
            () => PdfSample.ReadAsync(Encoding.Latin1.GetBytes(content), TestContext.Current.CancellationToken));
        Assert.Equal(ExtractionFailure.Corrupt, failure.Failure);
    }

    [Fact]
    public async Task Files_cut_short_are_read_or_refused_but_never_fault()
    {
        var whole = new PdfSample().Page(PdfSample.Lines(72, 700, 12, "Some text.", "More text.")).ToBytes();
        for (var tenth = 1; tenth < 10; tenth++)
        {
            try
            {
                await PdfSample.ReadAsync(whole[..(whole.Length * tenth / 10)], TestContext.Current.CancellationToken);
            }
            catch (ExtractionException failure)
            {
                Assert.Equal(ExtractionFailure.Corrupt, failure.Failure);
            }
        }
    }

    [Fact]
    public async Task A_cancelled_reading_stops()
    {
        using var source = new CancellationTokenSource();
        var sample = new PdfSample();
        for (var i = 0; i < 50; i++) sample.Page(PdfSample.At(72, 700, 12, "Page"));
        var pages = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PdfSample.ReadAsync(
            sample.ToBytes(),
            source.Token,
            progress =>
            {
                pages = progress.Done;
                if (pages == 3) source.Cancel();
            }));
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task Too_many_pages_are_refused()
    {
        var sample = new PdfSample().Page("").Page("").Page("");
        using var stream = new MemoryStream(sample.ToBytes());
        var content = new DocumentContent { Bytes = stream, MediaType = "application/pdf", Limits = new ExtractionLimits { MaxPages = 2 } };
        var failure = await Assert.ThrowsAsync<ExtractionException>(
            () => new Ingestion.Extraction.Pdf.PdfReader().ReadAsync(content, TestContext.Current.CancellationToken));
        Assert.Equal(ExtractionFailure.TooLarge, failure.Failure);
    }
}
