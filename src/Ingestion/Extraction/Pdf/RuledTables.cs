namespace Ingestion.Extraction.Pdf;

/// <summary>A table found on a page, in the coordinates of its frame.</summary>
internal sealed record PageTable(float U0, float V0, float U1, float V1, List<string[]> Cells);

/// <summary>Tables whose cells are drawn: a grid of horizontal and vertical lines with text in it.</summary>
internal static class RuledTables
{
    private const float Touch = 3;
    private const float Same = 3;

    /// <summary>More lines than this are a drawing.</summary>
    private const int MaxLines = 400;
    private const int MaxCells = 2_000;
    private const int MaxGrids = 24;
    private const int MaxRepeated = 60;
    private const float MinFilled = 0.3f;

    /// <summary>A few boxes with more text than this are the frames of a layout.</summary>
    private const int MaxCellLength = 600;

    /// <summary>Text that runs in another direction, as the heads of narrow columns do, and where its middle is.</summary>
    internal sealed record TurnedText(Segment Segment, float U, float V)
    {
        public bool Taken { get; set; }
    }

    /// <summary>A line at height (or place) <c>At</c> from <c>From</c> to <c>To</c>.</summary>
    internal readonly record struct Line(float At, float From, float To);

    /// <summary>Takes the segments of each table out of <paramref name="segments"/>.</summary>
    public static List<PageTable> Take(List<Segment> segments, List<Line> across, List<Line> down, List<TurnedText> turned)
    {
        var tables = new List<PageTable>();
        across = Merge(across);
        down = Merge(down);
        if (across.Count < 2 || down.Count < 1 || across.Count > MaxLines || down.Count > MaxLines) return tables;

        // A page full of small grids is a map or a plan.
        var grids = Components(across, down);
        if (grids.Count > MaxGrids) return tables;
        foreach (var (rows, columns) in grids)
        {
            if (ToTable(segments, rows, columns, turned) is { } table) tables.Add(table);
        }
        return tables;
    }

    private static List<Line> Merge(List<Line> lines)
    {
        var merged = new List<Line>();
        foreach (var line in lines.OrderBy(line => MathF.Round(line.At)).ThenBy(line => line.From))
        {
            if (merged.Count > 0 && Math.Abs(merged[^1].At - line.At) <= 1.5f && line.From <= merged[^1].To + Touch)
                merged[^1] = merged[^1] with { To = Math.Max(merged[^1].To, line.To) };
            else
                merged.Add(line);
        }
        return merged;
    }

    private static List<(List<Line> Across, List<Line> Down)> Components(List<Line> across, List<Line> down)
    {
        var parent = new int[across.Count + down.Count];
        for (var i = 0; i < parent.Length; i++) parent[i] = i;
        for (var h = 0; h < across.Count; h++)
        {
            for (var v = 0; v < down.Count; v++)
            {
                if (down[v].At >= across[h].From - Touch && down[v].At <= across[h].To + Touch
                    && across[h].At >= down[v].From - Touch && across[h].At <= down[v].To + Touch)
                    parent[Root(parent, across.Count + v)] = Root(parent, h);
            }
        }
        var groups = new Dictionary<int, (List<Line> Across, List<Line> Down)>();
        for (var i = 0; i < parent.Length; i++)
        {
            var root = Root(parent, i);
            if (!groups.TryGetValue(root, out var group)) groups[root] = group = ([], []);
            if (i < across.Count) group.Across.Add(across[i]);
            else group.Down.Add(down[i - across.Count]);
        }
        return [.. groups.Values.Where(group => group.Across.Count >= 2 && group.Down.Count >= 1)];
    }

    private static int Root(int[] parent, int i)
    {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    }

    /// <summary>Distinct places of the lines, and the ends of the lines that cross them where those reach further.</summary>
    private static List<float> Borders(List<Line> lines, List<Line> crossing)
    {
        var places = lines.Select(line => line.At).Append(crossing.Min(line => line.From)).Append(crossing.Max(line => line.To)).Order();
        var distinct = new List<float>();
        foreach (var place in places)
        {
            if (distinct.Count == 0 || place - distinct[^1] > Same) distinct.Add(place);
        }
        return distinct;
    }

    private static PageTable? ToTable(List<Segment> segments, List<Line> across, List<Line> down, List<TurnedText> turned)
    {
        var us = Borders(down, across);
        var vs = Borders(across, down);
        vs.Reverse();
        var (rows, columns) = (vs.Count - 1, us.Count - 1);
        if (rows < 2 || columns < 2 || (long)rows * columns > MaxCells) return null;

        var inside = segments.Where(segment =>
        {
            var (u, v) = ((segment.U0 + segment.U1) / 2, segment.V + (0.3f * segment.Size));
            return u > us[0] - 1 && u < us[^1] + 1 && v < vs[0] + 1 && v > vs[^1] - 1;
        }).ToList();
        if (inside.Count < 3) return null;

        var areas = Areas(us, vs, across, down);
        var contents = new Dictionary<int, List<Segment>>();
        var cut = inside.Sum(segment => Place(segment, us, vs, areas, contents));
        if (cut > 1 && cut * 20 > inside.Count) return null;
        var heads = turned.FindAll(text => text.U > us[0] && text.U < us[^1] && text.V < vs[0] && text.V > vs[^1]);
        foreach (var head in heads) Add(contents, areas[(Index(vs, head.V, -1) * columns) + Index(us, head.U, 1)], head.Segment);

        var distinct = areas.Distinct().Count();
        var filled = contents.Count(pair => pair.Value.Count > 0);
        if (distinct < 3 || filled < 3 || filled * 3 < distinct) return null;

        var cells = new List<string[]>(rows);
        var texts = contents.ToDictionary(pair => pair.Key, pair => CellText(pair.Value));
        if (texts.Values.Max(text => text.Length) > MaxCellLength && filled <= 6) return null;
        for (var r = 0; r < rows; r++)
        {
            var row = new string[columns];
            for (var c = 0; c < columns; c++)
            {
                var area = areas[(r * columns) + c];
                var text = texts.GetValueOrDefault(area, "");
                row[c] = IsFirst(areas, columns, r, c) || (text.Length <= MaxRepeated && Repeats(areas, columns, r, c)) ? text : "";
            }
            if (Array.Exists(row, cell => cell.Length > 0)) cells.Add(row);
        }
        DropEmptyColumns(cells);
        TurnRightToLeft(cells, inside);
        if (cells.Count < 2 || cells[0].Length < 2) return null;
        if (cells.Sum(row => row.Count(cell => cell.Length > 0)) < MinFilled * cells.Count * cells[0].Length) return null;

        foreach (var head in heads) head.Taken = true;
        var taken = inside.ToHashSet();
        segments.RemoveAll(taken.Contains);
        return new PageTable(us[0], vs[^1], us[^1], vs[0], cells);
    }

    private static bool IsFirst(int[] areas, int columns, int r, int c) =>
        Array.IndexOf(areas, areas[(r * columns) + c]) == (r * columns) + c;

    /// <summary>
    /// Whether a cell after the first of its area says the area's text again. A head over several columns is said for each of them,
    /// and a label beside several rows in each, so that every row can be read by itself; a banner over the whole table is said once.
    /// </summary>
    private static bool Repeats(int[] areas, int columns, int r, int c)
    {
        var area = areas[(r * columns) + c];
        var first = Array.IndexOf(areas, area);
        var last = Array.LastIndexOf(areas, area);
        var (tall, wide) = (last / columns > first / columns, last % columns != first % columns);
        if (tall && wide) return false;
        return tall || (r == 0 && (first % columns != 0 || last % columns != columns - 1) && areas[columns + c] != areas[columns + c - 1]);
    }

    /// <summary>By cell, row by row, the number of the area that it is part of: cells without a line between them are one.</summary>
    private static int[] Areas(List<float> us, List<float> vs, List<Line> across, List<Line> down)
    {
        var (rows, columns) = (vs.Count - 1, us.Count - 1);
        var parent = new int[rows * columns];
        for (var i = 0; i < parent.Length; i++) parent[i] = i;
        for (var r = 0; r < rows; r++)
        {
            var middle = (vs[r] + vs[r + 1]) / 2;
            for (var c = 1; c < columns; c++)
            {
                if (!Drawn(down, us[c], middle)) parent[Root(parent, (r * columns) + c)] = Root(parent, (r * columns) + c - 1);
            }
        }
        for (var c = 0; c < columns; c++)
        {
            var middle = (us[c] + us[c + 1]) / 2;
            for (var r = 1; r < rows; r++)
            {
                if (!Drawn(across, vs[r], middle)) parent[Root(parent, (r * columns) + c)] = Root(parent, ((r - 1) * columns) + c);
            }
        }
        for (var i = 0; i < parent.Length; i++) parent[i] = Root(parent, i);
        return parent;

        static bool Drawn(List<Line> lines, float at, float middle)
        {
            foreach (var line in lines)
            {
                if (Math.Abs(line.At - at) <= Same && line.From <= middle && line.To >= middle) return true;
            }
            return false;
        }
    }

    /// <summary>Puts a segment's glyphs into the cells that they stand in.</summary>
    /// <returns>How many words that cut in two: lines through words are a drawing, not a table.</returns>
    private static int Place(Segment segment, List<float> us, List<float> vs, int[] areas, Dictionary<int, List<Segment>> contents)
    {
        var columns = us.Count - 1;
        var row = Index(vs, segment.V + (0.3f * segment.Size), -1);
        var start = 0;
        var current = -1;
        var cut = 0;
        for (var i = 0; i <= segment.Glyphs.Length; i++)
        {
            var area = -2;
            if (i < segment.Glyphs.Length)
            {
                area = areas[(row * columns) + Index(us, segment.Glyphs[i].Middle, 1)];
            }
            if (area == current) continue;
            if (i > start) Add(contents, current, segment.Slice(start, i));
            if (i > 0 && i < segment.Glyphs.Length && !segment.Glyphs[i].SpaceBefore) cut++;
            (start, current) = (i, area);
        }
        return cut;
    }

    /// <summary>Between which borders a place is; they ascend for <paramref name="sign"/> 1 and descend for -1.</summary>
    private static int Index(List<float> borders, float place, int sign)
    {
        var index = 0;
        while (index < borders.Count - 2 && sign * place > sign * borders[index + 1]) index++;
        return index;
    }

    private static void Add(Dictionary<int, List<Segment>> contents, int area, Segment segment)
    {
        if (!contents.TryGetValue(area, out var list)) contents[area] = list = [];
        list.Add(segment);
    }

    public static string CellText(List<Segment> segments)
    {
        var lines = new List<TextLine>();
        for (var i = 0; i < segments.Count;)
        {
            var start = i;
            while (i < segments.Count && segments[i].Row == segments[start].Row) i++;
            lines.Add(TextLine.Of(segments.GetRange(start, i - start)));
        }
        return Paragraphs.Join(lines);
    }

    /// <summary>In right-to-left scripts the first column is the rightmost.</summary>
    public static void TurnRightToLeft(List<string[]> cells, List<Segment> segments)
    {
        if (segments.Count(segment => segment.HasRightToLeft) * 2 <= segments.Count) return;
        foreach (var row in cells) Array.Reverse(row);
    }

    private static void DropEmptyColumns(List<string[]> cells)
    {
        if (cells.Count == 0) return;
        var keep = Enumerable.Range(0, cells[0].Length).Where(c => cells.Exists(row => row[c].Length > 0)).ToArray();
        if (keep.Length == cells[0].Length) return;
        for (var r = 0; r < cells.Count; r++) cells[r] = [.. keep.Select(c => cells[r][c])];
    }
}
