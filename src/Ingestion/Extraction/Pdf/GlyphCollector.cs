using Ingestion.Extraction.Office;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Geometry;
using UglyToad.PdfPig.Graphics;
using UglyToad.PdfPig.Graphics.Operations;
using UglyToad.PdfPig.Parser;
using UglyToad.PdfPig.PdfFonts;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Ingestion.Extraction.Pdf;

/// <summary>
/// Runs a page's drawing operations and keeps glyphs, straight lines and a count of images.
/// It bounds what a page may ask for: forms that draw each other would otherwise overflow the stack, which no process survives.
/// </summary>
internal sealed class GlyphCollector : BaseStreamProcessor<PdfPage>
{
    private const int MaxFormDepth = 32;
    private const int MaxForms = 50_000;
    private const int MaxGlyphs = 1_000_000;
    private const int MaxRules = 20_000;
    private const int MaxFailures = 100;
    private const int MaxSavedStates = 10_000;
    private const int MaxSmallShapes = 1_000;
    private const float ThinBox = 3;
    private const float SmallShapeExtent = 12;

    /// <summary>A shaded box up to this height may be a table's row, whose edges part it from the next.</summary>
    private const float ShadedRow = 60;

    private static readonly (double, double, double, double) NoPath = (double.MaxValue, double.MaxValue, double.MinValue, double.MinValue);

    private readonly PdfPage _page;
    private readonly CancellationToken _cancel;
    private readonly Dictionary<IFont, FontStyle> _styles = [];
    private readonly List<PdfPoint> _subpath = [];
    private readonly List<(PdfPoint From, PdfPoint To)> _strokes = [];
    private readonly List<PdfRectangle> _boxes = [];
    private readonly Stack<Marked> _marked = [];
    private (double Left, double Bottom, double Right, double Top) _path = NoPath;
    private IFont? _font;
    private FontStyle _style;
    private int _artifacts;
    private int _formDepth;
    private int _forms;
    private int _operations;
    private int _failures;
    private bool _stopped;
    private bool _isSpoken;

    /// <param name="Spoken">What the content says, where its glyphs do not: drawn initials, hyphens that are only there at a line's end.</param>
    private readonly record struct Marked(bool IsArtifact, string? Spoken, int FirstGlyph);

    public GlyphCollector(
        PdfPage page,
        IResourceStore resources,
        IPdfTokenScanner scanner,
        IPageContentParser parser,
        ILookupFilterProvider filters,
        CropBox cropBox,
        UserSpaceUnit unit,
        PageRotationDegrees rotation,
        TransformationMatrix initialMatrix,
        ParsingOptions options)
        : base(page.Number, resources, scanner, parser, filters, cropBox, unit, rotation, initialMatrix, options)
    {
        _page = page;
        _cancel = (options as PdfParsing)?.Cancel ?? CancellationToken.None;
        GetCurrentState().ColorSpaceContext = NoColors.Instance;
    }

    public override PdfPage Process(int pageNumberCurrent, IReadOnlyList<IGraphicsStateOperation> operations)
    {
        CloneAllStates();
        ProcessOperations(operations);
        return _page;
    }

    protected override void ProcessOperations(IReadOnlyList<IGraphicsStateOperation> operations)
    {
        for (var i = 0; i < operations.Count && !_stopped; i++)
        {
            if ((++_operations & 0xFF) == 0) _cancel.ThrowIfCancellationRequested();
            try
            {
                operations[i].Run(this);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // One bad operation must not cost the page; what it would have drawn is named in the warning.
                _page.Damage ??= $"some of it could not be read ({failure.GetType().Name})";
                if (++_failures > MaxFailures) Stop("it holds too many errors");
            }
        }
    }

    public override void RenderGlyph(
        IFont font,
        CurrentGraphicsState currentState,
        double fontSize,
        double pointSize,
        int code,
        string unicode,
        long currentOffset,
        in TransformationMatrix renderingMatrix,
        in TransformationMatrix textMatrix,
        in TransformationMatrix transformationMatrix,
        CharacterBoundingBox characterBoundingBox)
    {
        if (string.IsNullOrEmpty(unicode) || _stopped) return;
        if (_page.Glyphs.Count >= MaxGlyphs)
        {
            Stop($"it has more than {MaxGlyphs} characters");
            return;
        }

        // Symbol fonts without a mapping: their codes land on controls, and they draw bullets.
        if (unicode.Length == 1 && unicode[0] is >= '\u0080' and <= '\u009F') unicode = "•";

        // Text space to page space in one matrix: x' = a·x + c·y + e, y' = b·x + d·y + f.
        var (a, b) = (renderingMatrix.A, renderingMatrix.B);
        var (c, d) = (renderingMatrix.C, renderingMatrix.D);
        var (e, f) = (renderingMatrix.E, renderingMatrix.F);
        Compose(textMatrix, ref a, ref b, ref c, ref d, ref e, ref f);
        Compose(transformationMatrix, ref a, ref b, ref c, ref d, ref e, ref f);

        var along = Math.Sqrt((a * a) + (b * b));
        var size = Math.Sqrt((c * c) + (d * d));
        if (!(along > 1e-6) || !(size > 1e-6) || !double.IsFinite(along + size + e + f)) return;

        if (!ReferenceEquals(font, _font))
        {
            _font = font;
            if (!_styles.TryGetValue(font, out _style)) _styles[font] = _style = StyleOf(font);
        }
        var style = _style;
        if ((style & FontStyle.Pictures) != 0 && unicode.Length == 1 && unicode[0] is > ' ' and <= '\u00FF')
            unicode = SymbolFonts.Wingdings(unicode[0]) is { Length: > 0 } known ? known : "•";
        if (currentState.FontState.TextRenderingMode is TextRenderingMode.FillThenStroke or TextRenderingMode.Stroke)
            style |= FontStyle.Bold;

        var width = characterBoundingBox.Width;
        Glyph glyph;
        if (font.IsVertical)
        {
            // Columns of upright signs: the reading direction is down, the base line is the column's middle.
            var (x, y) = (e + (a * width / 2) + (c * 0.88), f + (b * width / 2) + (d * 0.88));
            glyph = new Glyph(
                unicode, (float)x, (float)y, (float)(-c / size), (float)(-d / size), (float)size, (float)size, style, _artifacts > 0);
        }
        else
        {
            glyph = new Glyph(
                unicode, (float)e, (float)f, (float)(a / along), (float)(b / along), (float)(along * width), (float)size,
                style, _artifacts > 0);
        }
        _page.Glyphs.Add(glyph);
    }

    private static void Compose(
        in TransformationMatrix m, ref double a, ref double b, ref double c, ref double d, ref double e, ref double f)
    {
        (a, b) = ((m.A * a) + (m.C * b), (m.B * a) + (m.D * b));
        (c, d) = ((m.A * c) + (m.C * d), (m.B * c) + (m.D * d));
        (e, f) = ((m.A * e) + (m.C * f) + m.E, (m.B * e) + (m.D * f) + m.F);
    }

    private static FontStyle StyleOf(IFont font)
    {
        var style = FontStyle.None;
        var name = font.Details?.Name ?? "";
        if (font.Details is { IsBold: true } or { Weight: >= 600 }
            || (Names(name, "bold", "black", "heavy", "demi", "cmbx", "sfbx", "ecbx", "-medi") && !Names(name, "-medium")))
            style |= FontStyle.Bold;
        if (font.Details is { IsItalic: true } || Names(name, "italic", "oblique")) style |= FontStyle.Italic;
        if (Names(name, "courier", "mono", "consol", "menlo", "typewriter", "inconsolata", "cmtt")) style |= FontStyle.Monospace;
        if (Names(name, "wingdings", "webdings")) style |= FontStyle.Pictures;
        return style;

        static bool Names(string name, params ReadOnlySpan<string> parts)
        {
            foreach (var part in parts)
            {
                if (name.Contains(part, StringComparison.OrdinalIgnoreCase)) return true;
            }
            return false;
        }
    }

    protected override void ProcessFormXObject(StreamToken formStream, NameToken xObjectName)
    {
        if (_stopped) return;
        if (_formDepth >= MaxFormDepth)
        {
            _page.Damage ??= $"its drawings are nested more than {MaxFormDepth} deep or draw each other";
            return;
        }
        if (++_forms > MaxForms)
        {
            Stop($"it draws more than {MaxForms} forms");
            return;
        }
        _formDepth++;
        try
        {
            base.ProcessFormXObject(formStream, xObjectName);
        }
        finally
        {
            _formDepth--;
        }
    }

    private void Stop(string why)
    {
        _stopped = true;
        _page.Damage = $"it was cut short because {why}";
    }

    public override void PushState()
    {
        if (StackSize >= MaxSavedStates) throw new InvalidOperationException("Too many saved graphics states.");
        base.PushState();
    }

    protected override void RenderXObjectImage(XObjectContentRecord xObjectContentRecord) => _page.Images++;

    protected override void RenderInlineImage(InlineImage inlineImage) => _page.Images++;

    public void AddPicture() => _page.Images++;

    /// <summary>The rest of what is drawn is missing.</summary>
    public void CutShort(string why) => _page.Damage ??= $"it was cut short because {why}";

    public override void BeginMarkedContent(NameToken name, NameToken? propertyDictionaryName, DictionaryToken? properties)
    {
        var artifact = name?.Data == "Artifact";
        if (properties is null && propertyDictionaryName is not null && name?.Data == "Span")
            properties = ResourceStore.GetMarkedContentPropertiesDictionary(propertyDictionaryName);
        // Of content within content, the outer one speaks for all of it.
        var spoken = _isSpoken ? null : properties?.Text(NameToken.ActualText, PdfScanner);
        _isSpoken |= spoken is not null;
        _marked.Push(new Marked(artifact, spoken, _page.Glyphs.Count));
        if (artifact) _artifacts++;
    }

    public override void EndMarkedContent()
    {
        if (!_marked.TryPop(out var marked)) return;
        if (marked.IsArtifact) _artifacts--;
        if (marked.Spoken is null) return;
        _isSpoken = false;
        SpokenText.Replace(_page.Glyphs, marked.FirstGlyph, marked.Spoken);
    }

    public override void MoveTo(double x, double y)
    {
        BeginSubpath();
        CurrentPosition = CurrentTransformationMatrix.Transform(new PdfPoint(x, y));
        _subpath.Add(CurrentPosition);
        Reach(CurrentPosition);
    }

    private void Reach(PdfPoint point) =>
        _path = (Math.Min(_path.Left, point.X), Math.Min(_path.Bottom, point.Y), Math.Max(_path.Right, point.X), Math.Max(_path.Top, point.Y));

    public override void LineTo(double x, double y)
    {
        var end = CurrentTransformationMatrix.Transform(new PdfPoint(x, y));
        if (_subpath.Count > 0 && _strokes.Count < MaxRules) _strokes.Add((CurrentPosition, end));
        _subpath.Add(end);
        CurrentPosition = end;
        Reach(end);
    }

    public override void BezierCurveTo(double x2, double y2, double x3, double y3) => CurveTo(x3, y3);

    public override void BezierCurveTo(double x1, double y1, double x2, double y2, double x3, double y3) => CurveTo(x3, y3);

    private void CurveTo(double x, double y)
    {
        CurrentPosition = CurrentTransformationMatrix.Transform(new PdfPoint(x, y));
        _subpath.Clear();
        _subpath.Add(CurrentPosition);
        Reach(CurrentPosition);
    }

    public override void Rectangle(double x, double y, double width, double height)
    {
        BeginSubpath();
        var matrix = CurrentTransformationMatrix;
        var (one, two) = (matrix.Transform(new PdfPoint(x, y)), matrix.Transform(new PdfPoint(x + width, y + height)));
        if (_boxes.Count < MaxRules) _boxes.Add(new PdfRectangle(one, two));
        CurrentPosition = one;
        Reach(one);
        Reach(two);
    }

    public override void BeginSubpath()
    {
        AddThinOutline();
        _subpath.Clear();
    }

    public override PdfPoint? CloseSubpath()
    {
        if (_subpath.Count < 2) return null;
        var start = _subpath[0];
        if (_strokes.Count < MaxRules) _strokes.Add((CurrentPosition, start));
        _subpath.Add(start);
        CurrentPosition = start;
        return start;
    }

    // Some producers draw a table's border as the outline of a hair-thin box with move and line operations.
    private void AddThinOutline()
    {
        if (_subpath.Count is not (4 or 5) || _boxes.Count >= MaxRules) return;
        double left = double.MaxValue, right = double.MinValue, bottom = double.MaxValue, top = double.MinValue;
        foreach (var point in _subpath)
        {
            left = Math.Min(left, point.X);
            right = Math.Max(right, point.X);
            bottom = Math.Min(bottom, point.Y);
            top = Math.Max(top, point.Y);
        }
        _boxes.Add(new PdfRectangle(left, bottom, right, top));
    }

    public override void StrokePath(bool close)
    {
        if (close) CloseSubpath();
        foreach (var (from, to) in _strokes) AddRule(from.X, from.Y, to.X, to.Y);
        foreach (var box in _boxes) AddOutline(box);
        AddSmallShape();
        EndPath();
    }

    public override void FillPath(FillingRule fillingRule, bool close)
    {
        AddThinOutline();
        foreach (var box in _boxes)
        {
            if (Math.Abs(box.Width) <= ThinBox || Math.Abs(box.Height) <= ThinBox) AddRule(box.Left, box.Bottom, box.Right, box.Top);
            else if (Math.Abs(box.Height) <= ShadedRow) AddOutline(box);
        }
        AddSmallShape();
        EndPath();
    }

    public override void FillStrokePath(FillingRule fillingRule, bool close) => StrokePath(close);

    public override void EndPath()
    {
        _strokes.Clear();
        _boxes.Clear();
        _subpath.Clear();
        _path = NoPath;
    }

    public override void ClosePath() => EndPath();

    private void AddSmallShape()
    {
        var (width, height) = (_path.Right - _path.Left, _path.Top - _path.Bottom);
        var extent = Math.Max(width, height);
        if (!(extent is > 0.5 and <= SmallShapeExtent) || Math.Min(width, height) < 0.8 * extent || _page.SmallShapes.Count >= MaxSmallShapes) return;
        _page.SmallShapes.Add(new SmallShape((float)(_path.Left + (width / 2)), (float)(_path.Bottom + (height / 2)), (float)extent));
    }

    private void AddOutline(PdfRectangle box)
    {
        AddRule(box.Left, box.Bottom, box.Right, box.Bottom);
        AddRule(box.Left, box.Top, box.Right, box.Top);
        AddRule(box.Left, box.Bottom, box.Left, box.Top);
        AddRule(box.Right, box.Bottom, box.Right, box.Top);
    }

    private void AddRule(double x0, double y0, double x1, double y1)
    {
        if (_page.Rules.Count >= MaxRules) return;
        var (width, height) = (Math.Abs(x1 - x0), Math.Abs(y1 - y0));
        if (Math.Min(width, height) > ThinBox || Math.Max(width, height) < 4 || !double.IsFinite(x0 + y0 + x1 + y1)) return;
        _page.Rules.Add(new Rule((float)Math.Min(x0, x1), (float)Math.Min(y0, y1), (float)Math.Max(x0, x1), (float)Math.Max(y0, y1)));
    }

    public override void ModifyClippingIntersect(FillingRule clippingRule)
    {
    }

    protected override void ClipToRectangle(PdfRectangle rectangle, FillingRule clippingRule)
    {
    }

    public override void PaintShading(NameToken shadingName)
    {
    }
}
