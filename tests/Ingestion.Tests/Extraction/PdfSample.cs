using System.Globalization;
using System.Text;
using Ingestion.Extraction;
using Ingestion.Extraction.Pdf;

namespace Ingestion.Tests.Extraction;

/// <summary>Writes small PDFs, so that each test shows the page that it speaks of. Fonts: F1 regular, F2 bold, F3 monospace, F4 Wingdings.</summary>
internal sealed class PdfSample
{
    private readonly List<(string Content, string Extra)> _pages = [];

    /// <summary>Entries of the catalog and of the information dictionary, in PDF syntax.</summary>
    public string Catalog { get; set; } = "";
    public string Information { get; set; } = "";

    /// <summary>Further entries of the trailer.</summary>
    public string Trailer { get; set; } = "";

    /// <summary>Objects from number 100 on, that pages and catalog may refer to.</summary>
    public List<string> Objects { get; } = [];

    public PdfSample Page(string content, string extra = "")
    {
        _pages.Add((content, extra));
        return this;
    }

    /// <summary>Lines of text down the page, 12 points apart.</summary>
    public static string Lines(double x, double y, double size, params string[] lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(At(x, y, size, line));
            y -= size * 1.2;
        }
        return text.ToString();
    }

    public static string At(double x, double y, double size, string line, string font = "F1") =>
        string.Create(CultureInfo.InvariantCulture, $"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({line}) Tj ET\n");

    public byte[] ToBytes()
    {
        var objects = new SortedDictionary<int, string>
        {
            [1] = $"<< /Type /Catalog /Pages 2 0 R {Catalog} >>",
            [2] = $"<< /Type /Pages /Count {_pages.Count} /Kids [{string.Join(' ', _pages.Select((_, i) => $"{10 + (2 * i)} 0 R"))}] >>",
            [3] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            [4] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
            [5] = "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
            [6] = $"<< {Information} >>",
            [7] = "<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Wingdings-Regular /Encoding /WinAnsiEncoding /FirstChar 32 /LastChar 255 "
                + $"/Widths [{string.Join(' ', Enumerable.Repeat(500, 224))}] /FontDescriptor 8 0 R >>",
            [8] = "<< /Type /FontDescriptor /FontName /ABCDEF+Wingdings-Regular /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 "
                + "/CapHeight 700 /StemV 80 >>",
        };
        for (var i = 0; i < _pages.Count; i++)
        {
            var number = 10 + (2 * i);
            objects[number] = $"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R "
                + $"/Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R /F4 7 0 R >> /XObject << /X0 100 0 R /X1 101 0 R >> >> {_pages[i].Extra} >>";
            objects[number + 1] = Stream("", _pages[i].Content);
        }
        for (var i = 0; i < Objects.Count; i++) objects[100 + i] = Objects[i];

        var file = new StringBuilder("%PDF-1.7\n");
        var offsets = new Dictionary<int, int>();
        foreach (var (number, body) in objects)
        {
            offsets[number] = file.Length;
            file.Append(CultureInfo.InvariantCulture, $"{number} 0 obj\n{body}\nendobj\n");
        }
        var table = file.Length;
        var size = objects.Keys.Max() + 1;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {size}\n0000000000 65535 f \n");
        for (var number = 1; number < size; number++)
        {
            var known = offsets.TryGetValue(number, out var offset);
            file.Append(CultureInfo.InvariantCulture, $"{(known ? offset : 0):D10} 00000 {(known ? 'n' : 'f')} \n");
        }
        file.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {size} /Root 1 0 R /Info 6 0 R {Trailer} >>\nstartxref\n{table}\n%%EOF\n");
        return Encoding.Latin1.GetBytes(file.ToString());
    }

    public static string Stream(string entries, string content) =>
        $"<< {entries} /Length {content.Length} >>\nstream\n{content}\nendstream";

    public Task<ExtractedDocument> ReadAsync(Action<ReadProgress>? progress = null) =>
        ReadAsync(ToBytes(), TestContext.Current.CancellationToken, progress);

    public static async Task<ExtractedDocument> ReadAsync(byte[] bytes, CancellationToken cancel, Action<ReadProgress>? progress = null)
    {
        using var stream = new MemoryStream(bytes, writable: false);
        var content = new DocumentContent { Bytes = stream, MediaType = "application/pdf", Progress = progress };
        return await new PdfReader().ReadAsync(content, cancel);
    }
}
