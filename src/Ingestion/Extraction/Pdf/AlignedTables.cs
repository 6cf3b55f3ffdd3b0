namespace Ingestion.Extraction.Pdf;

/// <summary>Tables without a drawn grid: rows of short pieces that stand in columns.</summary>
internal static class AlignedTables
{
    private const int MinRows = 3;
    private const int MaxColumns = 40;

    /// <summary>A head that spans columns is said for each of them; a wide cell below is not.</summary>
    private const int HeadRows = 2;

    /// <summary>A stretch of a column: text rows, or rows <c>[First, Last]</c> that are a table.</summary>
    internal readonly record struct Stretch(int First, int Last, PageTable? Table);

    public static List<Stretch> Find(List<List<Segment>> rows, List<RuledTables.Line> across)
    {
        var stretches = new List<Stretch>();
        var text = 0;
        for (var i = 0; i < rows.Count;)
        {
            var end = EndOfRun(rows, i);
            if (end - i >= 2 && ToTable(rows, i, end, across) is { } table)
            {
                if (i > text) stretches.Add(new Stretch(text, i - 1, null));
                stretches.Add(new Stretch(i, end - 1, table));
                text = i = end;
                continue;
            }
            i = Math.Max(end, i + 1);
        }
        if (rows.Count > text) stretches.Add(new Stretch(text, rows.Count - 1, null));
        return stretches;
    }

    // Rows of two pieces or more; one of a single piece is let through where the run goes on below it.
    private static int EndOfRun(List<List<Segment>> rows, int first)
    {
        if (rows[first].Count < 2) return first;
        var end = first + 1;
        for (var i = first + 1; i < rows.Count; i++)
        {
            var size = rows[i].Max(segment => segment.Size);
            if (rows[i - 1][0].V - rows[i][0].V > 3 * size || rows[i - 1][0].V < rows[i][0].V) break;
            if (rows[i].Count >= 2) end = i + 1;
            else if (i - end >= 1 || rows[i][0].Width > 24 * size) break;
        }
        return end;
    }

    private static PageTable? ToTable(List<List<Segment>> rows, int first, int end, List<RuledTables.Line> across)
    {
        var run = rows.GetRange(first, end - first);
        var full = run.Count(row => row.Count >= 2);
        var (left, right) = (run.Min(row => row[0].U0), run.Max(row => row.Max(segment => segment.U1)));
        var (top, bottom) = (run[0][0].V, run[^1][0].V);
        var size = run[0][0].Size;
        var ruled = across.Count(line => line.At < top + (3 * size) && line.At > bottom - (2 * size)
            && line.From < left + (3 * size) && line.To > right - (3 * size)) >= 2;
        if (full < (ruled ? 2 : MinRows)) return null;

        var columns = Columns(run);
        if (columns.Count is < 2 or > MaxColumns) return null;
        var cells = Fill(run, columns);
        if (!IsTable(run, cells, columns.Count, ruled)) return null;
        JoinWrappedHead(cells);
        RuledTables.TurnRightToLeft(cells, [.. run.SelectMany(row => row)]);
        return new PageTable(left, bottom - (0.3f * size), right, top + size, cells);
    }

    /// <summary>
    /// Where the pieces of the fuller rows overlap is a column; wide pieces over several of them are spanning heads and do not count.
    /// </summary>
    private static List<(float U0, float U1)> Columns(List<List<Segment>> run)
    {
        var most = run.Max(row => row.Count);
        var pieces = run.Where(row => row.Count * 2 > most).SelectMany(row => row).OrderBy(segment => segment.U0).ToList();
        var columns = new List<(float U0, float U1)>();
        foreach (var piece in pieces)
        {
            if (columns.Count > 0 && piece.U0 < columns[^1].U1 + (0.2f * piece.Size))
                columns[^1] = (columns[^1].U0, Math.Max(columns[^1].U1, piece.U1));
            else
                columns.Add((piece.U0, piece.U1));
        }
        return columns;
    }

    private static List<string[]> Fill(List<List<Segment>> run, List<(float U0, float U1)> columns)
    {
        var cells = new List<string[]>(run.Count);
        for (var r = 0; r < run.Count; r++)
        {
            var contents = new List<Segment>[columns.Count];
            foreach (var segment in run[r])
            {
                var placed = false;
                for (var c = 0; c < columns.Count; c++)
                {
                    var overlap = Math.Min(segment.U1, columns[c].U1) - Math.Max(segment.U0, columns[c].U0);
                    if (overlap <= 0.3f * Math.Min(segment.Width, columns[c].U1 - columns[c].U0)) continue;
                    if (placed && (r >= HeadRows || run.Count < 2 * HeadRows)) continue;
                    (contents[c] ??= []).Add(segment);
                    placed = true;
                }
                if (!placed) (contents[Nearest(columns, segment)] ??= []).Add(segment);
            }
            cells.Add([.. contents.Select(list => list is null ? "" : RuledTables.CellText(list))]);
        }
        return cells;
    }

    /// <summary>The second row of a head, "State funded" and below it "legal aid": it stands under filled cells only, and goes on in lower case.</summary>
    private static void JoinWrappedHead(List<string[]> cells)
    {
        if (cells.Count < 3) return;
        var (head, next) = (cells[0], cells[1]);
        var rest = Enumerable.Range(0, next.Length).Where(column => next[column].Length > 0).ToList();
        if (rest.Count == 0 || rest.Count * 2 > next.Length || !rest.TrueForAll(column => head[column].Length > 0 && char.IsLower(next[column][0]))) return;
        foreach (var column in rest) head[column] += " " + next[column];
        cells.RemoveAt(1);
    }

    private static int Nearest(List<(float U0, float U1)> columns, Segment segment)
    {
        var middle = (segment.U0 + segment.U1) / 2;
        var best = 0;
        for (var c = 1; c < columns.Count; c++)
        {
            if (Distance(columns[c]) < Distance(columns[best])) best = c;
        }
        return best;

        float Distance((float U0, float U1) column) => Math.Abs(((column.U0 + column.U1) / 2) - middle);
    }

    private static bool IsTable(List<List<Segment>> run, List<string[]> cells, int columns, bool ruled)
    {
        int filled = 0, length = 0, marks = 0, leaders = 0, mono = 0, digits = 0;
        foreach (var row in cells)
        {
            foreach (var cell in row)
            {
                if (cell.Length == 0) continue;
                filled++;
                length += cell.Length;
                if (cell.Contains('…', StringComparison.Ordinal)) leaders++;
            }
            if (ListMark.Of(row[0] + " x").Length > 0 && row[0].Length <= 4) marks++;
            if (row[^1].Any(char.IsAsciiDigit)) digits++;
        }
        foreach (var row in run)
        {
            if (row[0].Glyphs[0].Style.HasFlag(FontStyle.Monospace)) mono++;
        }
        if (leaders * 4 > cells.Count || mono * 2 > run.Count) return false;
        if (columns == 2 && marks * 2 >= cells.Count) return false;
        var share = filled / (float)(cells.Count * columns);
        var mean = length / (float)Math.Max(1, filled);
        if (ruled) return share >= 0.4f && mean <= 60;
        if (columns == 2) return share >= 0.8f && mean <= 24 && cells.Count >= 4 && digits * 2 >= cells.Count;
        return share >= 0.55f && mean <= 30;
    }
}
