namespace Ingestion.Extraction.Pdf;

/// <summary>
/// The order in which a page is read: it is cut at the white space between columns wherever one runs down several lines,
/// and what is above, left, right and below of it is cut again. What cannot be cut is a column, read from top to bottom.
/// </summary>
internal sealed class ReadingOrder
{
    private const int MaxDepth = 24;

    /// <summary>Above it a page is a drawing rather than prose, and is read line by line.</summary>
    private const int MaxRows = 600;
    private const int MinRows = 4;
    private const int MinRowsEachSide = 3;

    /// <summary>Columns of prose are wider than this many em; narrower ones are tables, lists or forms, which are read across.</summary>
    private const float MinColumn = 9;
    private const float MinGutter = 0.7f;

    private readonly List<List<Segment>> _columns = [];
    private readonly bool _rightToLeft;

    private ReadingOrder(bool rightToLeft) => _rightToLeft = rightToLeft;

    /// <summary>Columns in reading order; the segments of each from the top, and in a row from the left.</summary>
    public static List<List<Segment>> Of(List<Segment> segments, bool rightToLeft)
    {
        var order = new ReadingOrder(rightToLeft);
        order.Cut(segments, 0);
        return order._columns;
    }

    private sealed class Row
    {
        public readonly List<Segment> Segments = [];
        public float U0 = float.MaxValue, U1 = float.MinValue, Size;
    }

    private readonly record struct Gutter(int First, int Last, float U0, float U1, float Score);

    private void Cut(List<Segment> segments, int depth)
    {
        if (segments.Count == 0) return;
        var rows = ToRows(segments);
        if (depth >= MaxDepth || rows.Count < MinRows || rows.Count > MaxRows || FindGutter(rows) is not { } gutter)
        {
            _columns.Add(segments);
            return;
        }
        List<Segment> above = [], left = [], right = [], below = [];
        var middle = (gutter.U0 + gutter.U1) / 2;
        for (var i = 0; i < rows.Count; i++)
        {
            foreach (var segment in rows[i].Segments)
            {
                (i < gutter.First ? above : i > gutter.Last ? below : (segment.U0 + segment.U1) / 2 < middle ? left : right).Add(segment);
            }
        }
        Cut(above, depth + 1);
        Cut(_rightToLeft ? right : left, depth + 1);
        Cut(_rightToLeft ? left : right, depth + 1);
        Cut(below, depth + 1);
    }

    private static List<Row> ToRows(List<Segment> segments)
    {
        var rows = new List<Row>();
        var number = -1;
        foreach (var segment in segments)
        {
            if (segment.Row != number || rows.Count == 0) rows.Add(new Row());
            number = segment.Row;
            var row = rows[^1];
            row.Segments.Add(segment);
            row.U0 = Math.Min(row.U0, segment.U0);
            row.U1 = Math.Max(row.U1, segment.U1);
            row.Size = Math.Max(row.Size, segment.Size);
        }
        return rows;
    }

    private static Gutter? FindGutter(List<Row> rows)
    {
        var left = rows.Min(row => row.U0);
        var right = rows.Max(row => row.U1);
        Gutter? best = null;
        for (var i = 0; i < rows.Count; i++)
        {
            // A gutter that went through the row above from its own start was already tried from there.
            foreach (var (u0, u1) in Gaps(rows[i], left, right))
            {
                if (best is { } known && known.First <= i && i <= known.Last && u0 <= known.U0 && u1 >= known.U1) continue;
                if (Grow(rows, i, u0, u1, left, right) is { } gutter && (best is null || gutter.Score > best.Value.Score)) best = gutter;
            }
        }
        return best;
    }

    private static IEnumerable<(float U0, float U1)> Gaps(Row row, float left, float right)
    {
        if (row.U0 > left) yield return (left, row.U0);
        var tried = 0;
        var reach = row.U0;
        foreach (var segment in row.Segments)
        {
            if (segment.U0 > reach && ++tried <= 6) yield return (reach, segment.U0);
            reach = Math.Max(reach, segment.U1);
        }
        if (row.U1 < right) yield return (row.U1, right);
    }

    /// <summary>How far down the white space between <paramref name="u0"/> and <paramref name="u1"/> runs, narrowing as it must.</summary>
    private static Gutter? Grow(List<Row> rows, int first, float u0, float u1, float left, float right)
    {
        int leftRows = 0, rightRows = 0, both = 0, leftPieces = 0, rightPieces = 0;
        float leftWidth = 0, rightWidth = 0, size = 0;
        var last = first;
        for (var i = first; i < rows.Count; i++)
        {
            var (free0, free1) = Widest(rows[i], u0, u1);
            if (free1 - free0 < MinGutter * rows[i].Size) break;
            (u0, u1) = (free0, free1);
            last = i;
        }
        var middle = (u0 + u1) / 2;
        for (var i = first; i <= last; i++)
        {
            float leftInk = 0, rightInk = 0;
            foreach (var segment in rows[i].Segments)
            {
                if ((segment.U0 + segment.U1) / 2 < middle)
                {
                    leftInk += segment.Width;
                    leftPieces++;
                }
                else
                {
                    rightInk += segment.Width;
                    rightPieces++;
                }
            }
            if (leftInk > 0) leftRows++;
            if (rightInk > 0) rightRows++;
            if (leftInk > 0 && rightInk > 0) both++;
            leftWidth += leftInk;
            rightWidth += rightInk;
            size += rows[i].Size;
        }
        if (leftRows < MinRowsEachSide || rightRows < MinRowsEachSide) return null;
        size /= last - first + 1;
        if (leftWidth / leftRows < MinColumn * size || rightWidth / rightRows < MinColumn * size) return null;

        // Columns of prose have one piece to a line; many on both sides are a table's cells.
        if (leftPieces > 1.4f * leftRows && rightPieces > 1.4f * rightRows) return null;

        // A gutter at the edge of the region, or with text that only follows below, is an indent and not a column.
        if (both == 0 && !Interleave(rows, first, last, middle)) return null;
        return new Gutter(first, last, u0, u1, (Math.Min(leftRows, rightRows) * 4) + (last - first) + Math.Min(10, (u1 - u0) / size));
    }

    private static bool Interleave(List<Row> rows, int first, int last, float middle)
    {
        var changes = 0;
        var side = 0;
        for (var i = first; i <= last; i++)
        {
            var now = (rows[i].U0 + rows[i].U1) / 2 < middle ? -1 : 1;
            if (side != 0 && now != side) changes++;
            side = now;
        }
        return changes >= 4;
    }

    private static (float U0, float U1) Widest(Row row, float u0, float u1)
    {
        float best0 = u0, best1 = u0, reach = u0;
        foreach (var segment in row.Segments)
        {
            if (segment.U1 <= u0) continue;
            if (segment.U0 >= u1) break;
            if (segment.U0 - reach > best1 - best0) (best0, best1) = (reach, segment.U0);
            reach = Math.Max(reach, segment.U1);
        }
        if (u1 - reach > best1 - best0) (best0, best1) = (reach, u1);
        return (best0, best1);
    }
}
