using System.Globalization;
using System.Xml;
using UglyToad.PdfPig;

namespace Ingestion.Extraction.Pdf;

/// <summary>What the file says of itself in its XML metadata (XMP), which newer producers fill instead of the information dictionary.</summary>
internal sealed record XmpMetadata
{
    private const int MaxBytes = 1_000_000;
    private const int MaxDepth = 32;

    public string? Title { get; private set; }
    public string? Author { get; private set; }
    public string? Language { get; private set; }
    public DateTimeOffset? Created { get; private set; }
    public DateTimeOffset? Modified { get; private set; }

    /// <summary>As far as it can be read: a PDF is worth reading without it.</summary>
    public static XmpMetadata Of(PdfDocument document)
    {
        var found = new XmpMetadata();
        try
        {
            if (document.TryGetXmpMetadata(out var metadata) && metadata.GetXmlBytes() is var bytes && bytes.Length <= MaxBytes)
                found.Read(bytes.ToArray());
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            return found;
        }
        return found;
    }

    private void Read(byte[] bytes)
    {
        using var xml = XmlReader.Create(
            new MemoryStream(bytes), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, CheckCharacters = false });
        var open = new Stack<string>();
        while (xml.Read())
        {
            switch (xml.NodeType)
            {
                case XmlNodeType.Element:
                    if (xml.Depth > MaxDepth) return;
                    var isEmpty = xml.IsEmptyElement;
                    open.Push(xml.LocalName);
                    while (xml.MoveToNextAttribute()) Take(xml.LocalName, xml.Value);
                    if (isEmpty) open.Pop();
                    break;
                case XmlNodeType.EndElement:
                    open.TryPop(out _);
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA when open.Count > 0:
                    // Titles and authors stand as items (li) of a list (Alt, Seq, Bag) in the property's element.
                    Take(open.Peek() == "li" ? open.ElementAtOrDefault(2) ?? "" : open.Peek(), xml.Value);
                    break;
            }
        }
    }

    private void Take(string property, string value)
    {
        switch (property)
        {
            case "title": Title ??= value; break;
            case "creator": Author = Author is null ? value : $"{Author}, {value}"; break;
            case "language": Language ??= value; break;
            case "CreateDate": Created ??= Time(value); break;
            case "ModifyDate": Modified ??= Time(value); break;
        }
    }

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
