namespace Ingestion.Extraction.Pdf;

/// <summary>
/// A glyph in the frame of its own reading direction: U runs along the line, V grows towards the line above.
/// So text that is turned by any angle is read by the same code as upright text.
/// </summary>
internal record struct PlacedGlyph(string Text, float U0, float U1, float V, float Size, FontStyle Style, bool Artifact)
{
    /// <summary>A word ends before it, in visual order.</summary>
    public bool SpaceBefore { get; set; }

    /// <summary>Where it leads, for the glyphs of a link.</summary>
    public string? Address { get; init; }

    public readonly float Middle => (U0 + U1) / 2;
}

/// <summary>All glyphs of a page that are read in one direction.</summary>
internal sealed class TextFrame(float cos, float sin)
{
    public List<PlacedGlyph> Glyphs { get; } = [];

    /// <summary>Degrees from upright, counter-clockwise, 0 to 359.</summary>
    public int Angle { get; init; }

    /// <summary>Most of the page is read in this direction.</summary>
    public bool IsMain { get; private set; }

    public (float U, float V) FromPage(float x, float y) => ((x * cos) + (y * sin), (y * cos) - (x * sin));

    public (float X, float Y) ToPage(float u, float v) => ((u * cos) - (v * sin), (u * sin) + (v * cos));

    public BoundingBox ToBox(PdfPage page, float left, float bottom, float right, float top)
    {
        var (a, b) = (ToPage(left, bottom), ToPage(right, top));
        if (Angle % 90 == 0)
            return page.ToBox(Math.Min(a.X, b.X), Math.Min(a.Y, b.Y), Math.Max(a.X, b.X), Math.Max(a.Y, b.Y));
        var (c, d) = (ToPage(left, top), ToPage(right, bottom));
        return page.ToBox(
            Math.Min(Math.Min(a.X, b.X), Math.Min(c.X, d.X)), Math.Min(Math.Min(a.Y, b.Y), Math.Min(c.Y, d.Y)),
            Math.Max(Math.Max(a.X, b.X), Math.Max(c.X, d.X)), Math.Max(Math.Max(a.Y, b.Y), Math.Max(c.Y, d.Y)));
    }

    /// <summary>The page's frames, the one with most text first.</summary>
    public static List<TextFrame> Of(PdfPage page)
    {
        var frames = new Dictionary<int, TextFrame>();
        TextFrame? last = null;
        float lastX = 0, lastY = 0;
        foreach (var glyph in page.Glyphs)
        {
            if (IsOffPage(glyph, page)) continue;
            if (last is null || glyph.DirectionX != lastX || glyph.DirectionY != lastY)
            {
                (lastX, lastY) = (glyph.DirectionX, glyph.DirectionY);
                var angle = Snap(Math.Atan2(lastY, lastX) * 180 / Math.PI);
                if (!frames.TryGetValue(angle, out last))
                {
                    var (sin, cos) = Math.SinCos(angle * Math.PI / 180);
                    frames[angle] = last = new TextFrame((float)cos, (float)sin) { Angle = angle };
                }
            }
            var (u, v) = last.FromPage(glyph.X, glyph.Y);
            last.Glyphs.Add(new PlacedGlyph(
                glyph.Text, Math.Min(u, u + glyph.Advance), Math.Max(u, u + glyph.Advance), v, glyph.Size, glyph.Style, glyph.Artifact)
            {
                Address = page.Links.Count == 0 ? null : AddressAt(page.Links, glyph),
            });
        }
        List<TextFrame> ordered = [.. frames.Values.OrderByDescending(frame => frame.Glyphs.Count).ThenBy(frame => frame.Angle)];
        if (ordered.Count > 0) ordered[0].IsMain = true;
        return ordered;
    }

    private static string? AddressAt(List<PageLink> links, in Glyph glyph)
    {
        var x = glyph.X + ((glyph.DirectionX * glyph.Advance) - (glyph.DirectionY * glyph.Size * 0.5f)) / 2;
        var y = glyph.Y + ((glyph.DirectionY * glyph.Advance) + (glyph.DirectionX * glyph.Size * 0.5f)) / 2;
        foreach (var link in links)
        {
            if (x >= link.X0 && x <= link.X1 && y >= link.Y0 && y <= link.Y1) return link.Address;
        }
        return null;
    }

    // A slightly skewed scan is still upright text; a watermark at 45° is not.
    private static int Snap(double degrees)
    {
        var quarter = Math.Round(degrees / 90) * 90;
        var snapped = Math.Abs(degrees - quarter) <= 3 ? quarter : Math.Round(degrees / 5) * 5;
        return (((int)snapped % 360) + 360) % 360;
    }

    private static bool IsOffPage(in Glyph glyph, PdfPage page) =>
        glyph.X > page.Right + glyph.Size || glyph.X < page.Left - glyph.Size - Math.Abs(glyph.Advance)
        || glyph.Y > page.Top + glyph.Size || glyph.Y < page.Bottom - glyph.Size;
}
