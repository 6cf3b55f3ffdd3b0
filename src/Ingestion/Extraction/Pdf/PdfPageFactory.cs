using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Geometry;
using UglyToad.PdfPig.Graphics.Operations;
using UglyToad.PdfPig.Outline.Destinations;
using UglyToad.PdfPig.Parser;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>Parsing options that carry the reading's own needs to the page factory, which the library makes itself.</summary>
internal sealed class PdfParsing : ParsingOptions
{
    public PdfParsing(CancellationToken cancel)
    {
        Cancel = cancel;
        SkipMissingFonts = true;
        UseLenientParsing = true;
        FilterProvider = FontFilters.Instance;
    }

    public CancellationToken Cancel { get; }
}

/// <summary>Turns pages into <see cref="PdfPage"/>s without the letters, colours and paths that a text reader has no use for.</summary>
internal sealed class PdfPageFactory : BasePageFactory<PdfPage>
{
    /// <summary>The library makes it and gives these, its own parser for content among them.</summary>
    public PdfPageFactory(
        IPdfTokenScanner scanner, IResourceStore resources, ILookupFilterProvider filters, IPageContentParser parser, ParsingOptions options)
        : base(scanner, new BoundedFonts(resources, scanner), filters, new ContentParser((options as PdfParsing)?.Cancel ?? default), options)
    {
        _ = parser;
    }

    protected override PdfPage ProcessPage(
        int pageNumber,
        DictionaryToken dictionary,
        NamedDestinations namedDestinations,
        MediaBox mediaBox,
        CropBox cropBox,
        UserSpaceUnit userSpaceUnit,
        PageRotationDegrees rotation,
        TransformationMatrix initialMatrix,
        IReadOnlyList<IGraphicsStateOperation> operations)
    {
        var bounds = cropBox.Bounds.Width > 0 && cropBox.Bounds.Height > 0 ? cropBox.Bounds : mediaBox.Bounds;

        // The box is as the file has it; glyphs are placed as the page is seen, which may be turned.
        ReadOnlySpan<PdfPoint> corners = [bounds.TopLeft, bounds.TopRight, bounds.BottomLeft, bounds.BottomRight];
        double left = double.MaxValue, bottom = double.MaxValue, right = double.MinValue, top = double.MinValue;
        foreach (var raw in corners)
        {
            var corner = initialMatrix.Transform(raw);
            (left, right) = (Math.Min(left, corner.X), Math.Max(right, corner.X));
            (bottom, top) = (Math.Min(bottom, corner.Y), Math.Max(top, corner.Y));
        }
        var page = new PdfPage
        {
            Number = pageNumber,
            Left = (float)left,
            Bottom = (float)bottom,
            Width = (float)(right - left),
            Height = (float)(top - bottom),
        };
        var collector = new GlyphCollector(
            page, ResourceStore, PdfScanner, PageContentParser, FilterProvider,
            cropBox, userSpaceUnit, rotation, initialMatrix, ParsingOptions);
        collector.Process(pageNumber, operations);
        new Annotations(PdfScanner, initialMatrix, page).Read(dictionary);
        return page;
    }
}
