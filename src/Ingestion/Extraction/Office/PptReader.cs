namespace Ingestion.Extraction.Office;

/// <summary>PowerPoint presentations of 1997 to 2003 (PPT): slides in their order, with titles, lists, tables, links and notes.</summary>
public sealed class PptReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.Ppt];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.Run(() => Read(content, cancel), cancel);
    }

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        var container = new CompoundFile(content.Bytes);
        var file = new PptFile(
            container.ReadStream("PowerPoint Document") ?? throw Broken("it has no slides stream"),
            container.ReadStream("Current User") ?? throw Broken("it does not say where its newest state is"));
        var document = file.Document;
        var links = Links(document);
        var slides = Slides(document, instance: 0);
        var notes = Slides(document, instance: 2).ToLookup(page => page.Identifier);

        var writer = new MarkdownWriter(content.Limits);
        for (var i = 0; i < slides.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            writer.StartPage();
            if (file.Find(slides[i].Number) is { } record)
            {
                var slide = new PptSlide(record, slides[i], links, writer, content.Limits, cancel);
                var note = record.Child(PptType.SlideAtom) is { } atom && notes[atom.Word(16)].FirstOrDefault() is { } page
                    ? file.Find(page.Number) : null;
                slide.Write(i + 1, note);
            }
            else
            {
                writer.Warn($"Slide {i + 1} is missing from the file.");
            }
            content.Progress?.Invoke(new ReadProgress(i + 1, slides.Count, "page"));
        }
        return SummaryInformation.Of(container).Describe(writer.ToDocument(content.MediaType));
    }

    /// <summary>What a list of slides or notes says of each: where it is, and the texts that its placeholders refer to.</summary>
    private static List<PptSlideEntry> Slides(PptRecord document, int instance)
    {
        var slides = new List<PptSlideEntry>();
        foreach (var list in document.Children.Where(child => child.Type == PptType.SlideList && child.Instance == instance))
        {
            foreach (var record in list.Children)
            {
                if (record.Type == PptType.SlidePersist) slides.Add(new PptSlideEntry(record.Word(0), record.Word(12), []));
                else if (slides.Count > 0) slides[^1].Texts.Add(record);
            }
        }
        return slides;
    }

    private static Dictionary<uint, string> Links(PptRecord document)
    {
        var links = new Dictionary<uint, string>();
        foreach (var link in document.Child(PptType.ObjectList)?.Children.Where(child => child.Type == PptType.Hyperlink) ?? [])
        {
            if (link.Child(PptType.HyperlinkAtom) is not { } atom) continue;
            var target = link.Children.FirstOrDefault(child => child is { Type: PptType.String, Instance: 1 });
            if (target.Stream is null) continue;
            var address = PptText.Wide(target.Bytes).Trim();
            if (Uri.TryCreate(address, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" or "mailto" or "ftp")
                links.TryAdd(atom.Word(0), address);
        }
        return links;
    }

    internal static ExtractionException Broken(string how) => new(ExtractionFailure.Corrupt,
        $"The presentation is broken: {how}. Open it in PowerPoint, save it as .pptx, and send that.");
}

/// <param name="Number">Of the object that holds it.</param>
/// <param name="Identifier">By which slides and their notes refer to each other.</param>
/// <param name="Texts">Records of texts that stand in the list instead of in the slide.</param>
internal sealed record PptSlideEntry(uint Number, uint Identifier, List<PptRecord> Texts);
