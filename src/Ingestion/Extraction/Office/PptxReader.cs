namespace Ingestion.Extraction.Office;

/// <summary>PowerPoint presentations (PPTX and its macro, template and show kinds). Each slide is a page.</summary>
public sealed class PptxReader : IDocumentReader
{
    public IReadOnlyList<string> MediaTypes { get; } =
    [
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        "application/vnd.openxmlformats-officedocument.presentationml.template",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
        "application/vnd.ms-powerpoint.template.macroenabled.12",
    ];

    public Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel) =>
        Task.Run(() => OfficePackage.Reading(() => Read(content, cancel)), cancel);

    private static ExtractedDocument Read(DocumentContent content, CancellationToken cancel)
    {
        using var package = OfficePackage.Open(content, cancel);
        var packageParts = package.RelationshipsOf("");
        var mainPart = packageParts.PartOfType("officeDocument") ?? "ppt/presentation.xml";
        var slides = SlideParts(package, mainPart);

        var writer = new MarkdownWriter(content.Limits);
        var bullets = new PptxBullets(package, writer);
        for (var i = 0; i < slides.Count; i++)
        {
            writer.StartPage();
            if (slides[i] is { } part && package.Has(part)) new PptxSlide(package, part, bullets, writer).Write(i + 1);
            else writer.Warn($"Slide {i + 1} is missing from the file.");
            content.Progress?.Invoke(new ReadProgress(i + 1, slides.Count, "page"));
        }

        var properties = new CoreProperties();
        package.TryRead(packageParts.PartOfType("core-properties"), writer, xml =>
        {
            if (xml.ReadRoot()) properties = CoreProperties.Read(xml, xml.Depth);
        });
        return properties.Describe(writer.ToDocument(content.MediaType));
    }

    /// <summary>The slides in the order in which they are shown, which is not that of their names.</summary>
    private static List<string?> SlideParts(OfficePackage package, string mainPart)
    {
        var slides = new List<string?>();
        using var main = package.Require(mainPart);
        if (!main.ReadRoot() || main.Name != "presentation")
        {
            throw new ExtractionException(ExtractionFailure.Corrupt,
                "The package is not a presentation. Send it under its own type, or open it in its program and save it as PPTX.");
        }
        var relationships = package.RelationshipsOf(mainPart);
        var depth = main.Depth;
        while (main.NextDescendant(depth))
            if (main.Name == "sldId") slides.Add(relationships.Part(main.RelationshipId()));
        return slides;
    }
}
