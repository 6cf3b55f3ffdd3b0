namespace Ingestion.Extraction.Pdf;

/// <summary>A small shape as high as it is wide: what browsers draw before the items of a list, in place of a letter.</summary>
internal readonly record struct SmallShape(float X, float Y, float Extent);

/// <summary>Gives lines the bullets that are drawn before them.</summary>
internal static class DrawnBullets
{
    /// <summary>Pages with more small shapes than this draw a chart.</summary>
    private const int Most = 500;

    /// <summary>In em of the text.</summary>
    private const float Smallest = 0.15f, Largest = 0.45f, Lowest = 0.2f, Highest = 0.42f, Nearest = 0.3f, Farthest = 2;

    public static void Attach(List<Segment> segments, List<SmallShape> shapes, TextFrame frame)
    {
        if (shapes.Count is 0 or > Most) return;
        foreach (var shape in shapes)
        {
            var (u, v) = frame.FromPage(shape.X, shape.Y);
            var half = shape.Extent / 2;
            var nearest = -1;
            var distance = float.MaxValue;
            for (var i = 0; i < segments.Count; i++)
            {
                var segment = segments[i];
                var (rise, size) = (v - segment.V, segment.Size);
                if (rise < Lowest * size || rise > Highest * size) continue;
                var away = segment.HasRightToLeft ? u - half - segment.U1 : segment.U0 - u - half;
                if (away < -half || away >= distance) continue;
                (nearest, distance) = (i, away);
            }
            if (nearest < 0 || distance < Nearest * segments[nearest].Size || distance > Farthest * segments[nearest].Size
                || shape.Extent < Smallest * segments[nearest].Size || shape.Extent > Largest * segments[nearest].Size) continue;
            segments[nearest] = WithBullet(segments[nearest], u, half);
        }
    }

    private static Segment WithBullet(Segment segment, float u, float half)
    {
        var bullet = new PlacedGlyph("•", u - half, u + half, segment.V, segment.Size, FontStyle.None, Artifact: false);
        var glyphs = new List<PlacedGlyph>(segment.Glyphs);
        if (segment.HasRightToLeft)
        {
            glyphs.Add(bullet with { SpaceBefore = true });
        }
        else
        {
            glyphs[0] = glyphs[0] with { SpaceBefore = true };
            glyphs.Insert(0, bullet);
        }
        return new Segment([.. glyphs], segment.Row)
        {
            U0 = Math.Min(segment.U0, u - half),
            U1 = Math.Max(segment.U1, u + half),
            V = segment.V,
            Size = segment.Size,
        };
    }
}
