using System.Globalization;
using System.Text;

namespace Ingestion.Tests.Support;

/// <summary>Documents that are small to send and long, or large, to read.</summary>
public static class LongDocuments
{
    /// <summary>A PDF whose pages all show the same text, so that it is small; a few hundred pages take a second.</summary>
    public static byte[] Pdf(int pages)
    {
        var text = new StringBuilder("BT /F 9 Tf 12 TL 40 800 Td\n");
        for (var line = 0; line < 60; line++)
            text.Append(CultureInfo.InvariantCulture, $"(Line {line} of a page that is like every other, and has to be read all the same.) Tj T*\n");
        text.Append("ET");
        var kids = string.Join(' ', Enumerable.Range(5, pages).Select(number => $"{number} 0 R"));
        List<string> objects =
        [
            "<</Type/Catalog/Pages 2 0 R>>",
            $"<</Type/Pages/Count {pages}/Kids[{kids}]>>",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            $"<</Length {text.Length}>>stream\n{text}\nendstream",
            .. Enumerable.Repeat("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 3 0 R>>>>>>", pages),
        ];
        var pdf = new StringBuilder("%PDF-1.4\n");
        var places = new List<int>();
        for (var i = 0; i < objects.Count; i++)
        {
            places.Add(pdf.Length);
            pdf.Append(CultureInfo.InvariantCulture, $"{i + 1} 0 obj\n{objects[i]}\nendobj\n");
        }
        var start = pdf.Length;
        pdf.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n");
        foreach (var place in places) pdf.Append(CultureInfo.InvariantCulture, $"{place:0000000000} 00000 n \n");
        pdf.Append(CultureInfo.InvariantCulture, $"trailer<</Size {objects.Count + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
        return Encoding.ASCII.GetBytes(pdf.ToString());
    }

    /// <summary>A web page of so many paragraphs; each costs a parser many times its own size.</summary>
    public static byte[] Html(int paragraphs)
    {
        var page = new StringBuilder("<!doctype html><title>Large</title>");
        for (var i = 0; i < paragraphs; i++) page.Append(CultureInfo.InvariantCulture, $"<p><b>{i}</b> <i>is</i> <a href='#{i}'>one</a> of many");
        return Encoding.ASCII.GetBytes(page.ToString());
    }
}
