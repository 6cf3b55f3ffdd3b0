namespace Ingestion.Extraction.Office;

internal readonly record struct SheetCell(int Row, int Column, string Text);

/// <summary>A rectangle of cells, both ends included, counted from 0.</summary>
internal readonly record struct CellRange(int Top, int Left, int Bottom, int Right);

/// <summary>
/// The filled cells of a sheet, however far apart, and the tables that they form:
/// a blank row or a blank column ends a table, as people lay out sheets.
/// </summary>
internal sealed class SheetGrid(ExtractionLimits limits)
{
    /// <summary>How often a group of cells is cut again, rows and columns in turn; real sheets need two or three.</summary>
    private const int MaxCuts = 8;

    /// <summary>Cells that repeat a merged label; a sheet of nothing but merges is not worth more.</summary>
    private int _roomForRepeats = 200_000;

    private List<SheetCell> _cells = [];
    private bool _sorted = true;

    public bool IsEmpty => _cells.Count == 0;

    /// <summary>Ignores blank text.</summary>
    /// <exception cref="ExtractionException">TooLarge.</exception>
    public void Add(int row, int column, string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return;
        if (_cells.Count >= limits.MaxTableCells) throw TooManyCells();
        if (_cells.Count > 0)
        {
            var last = _cells[^1];
            _sorted &= row > last.Row || (row == last.Row && column > last.Column);
        }
        _cells.Add(new SheetCell(row, column, text));
    }

    /// <summary>Repeats the label of merged cells in each row and column that it spans.</summary>
    public void Merge(List<CellRange> ranges)
    {
        if (ranges.Count == 0 || _cells.Count == 0) return;
        Sort();
        var lastRow = _cells[^1].Row;
        var lastColumn = _cells.Max(cell => cell.Column);
        var repeats = new List<SheetCell>();
        foreach (var range in ranges)
        {
            var at = Find(range.Top, range.Left);
            if (at < 0) continue;
            var label = SpannedText.Repeated(_cells[at].Text);
            if (label.Length == 0) continue;
            var bottom = Math.Min(range.Bottom, lastRow);
            var right = Math.Min(range.Right, lastColumn);
            for (var row = range.Top; row <= bottom && _roomForRepeats > 0; row++)
            {
                for (var column = range.Left; column <= right && _roomForRepeats > 0; column++, _roomForRepeats--)
                    if (row != range.Top || column != range.Left) repeats.Add(new SheetCell(row, column, label));
            }
        }
        foreach (var repeat in repeats) Add(repeat.Row, repeat.Column, repeat.Text);
        Sort();
    }

    public void Link(CellRange range, string address)
    {
        Sort();
        var at = Find(range.Top, range.Left);
        if (at < 0 || _cells[at].Text == address) return;
        var link = new InlineMarkdown();
        link.StartLink();
        link.Append(_cells[at].Text);
        link.EndLink(address);
        _cells[at] = _cells[at] with { Text = link.ToMarkdown() };
    }

    public void Write(MarkdownWriter writer, CancellationToken cancel)
    {
        Sort();
        WriteRows(_cells, writer, MaxCuts, cancel);
        _cells = [];
    }

    private void WriteRows(List<SheetCell> cells, MarkdownWriter writer, int cuts, CancellationToken cancel)
    {
        for (int start = 0, end; start < cells.Count; start = end)
        {
            cancel.ThrowIfCancellationRequested();
            end = start + 1;
            while (end < cells.Count && (cuts == 0 || cells[end].Row - cells[end - 1].Row <= 1)) end++;
            var block = start == 0 && end == cells.Count ? cells : cells.GetRange(start, end - start);
            WriteColumns(block, writer, cuts, cancel);
        }
    }

    private void WriteColumns(List<SheetCell> cells, MarkdownWriter writer, int cuts, CancellationToken cancel)
    {
        var groups = cuts == 0 ? null : ColumnGroups(cells);
        if (groups is null)
        {
            var step = cuts == 0 ? -1 : DiagonalStep(cells);
            if (step < 0)
            {
                WriteTable(cells, writer);
                return;
            }
            WriteColumns(cells.GetRange(0, step), writer, cuts - 1, cancel);
            WriteColumns(cells.GetRange(step, cells.Count - step), writer, cuts - 1, cancel);
            return;
        }
        var parts = new List<SheetCell>[groups.Max() + 1];
        var left = cells.Min(cell => cell.Column);
        foreach (var cell in cells) (parts[groups[cell.Column - left]] ??= []).Add(cell);
        foreach (var part in parts) WriteRows(part, writer, cuts - 1, cancel);
    }

    /// <summary>For each column from the leftmost on the number of its group; null where there is only one group.</summary>
    private static int[]? ColumnGroups(List<SheetCell> cells)
    {
        int left = int.MaxValue, right = 0;
        foreach (var cell in cells)
        {
            left = Math.Min(left, cell.Column);
            right = Math.Max(right, cell.Column);
        }
        var groups = new int[right - left + 1];
        foreach (var cell in cells) groups[cell.Column - left] = 1;
        var group = -1;
        var inGroup = false;
        for (var i = 0; i < groups.Length; i++)
        {
            if (groups[i] == 1 && !inGroup) group++;
            inGroup = groups[i] == 1;
            groups[i] = group;
        }
        return group == 0 ? null : groups;
    }

    /// <summary>Where a row begins from which on all cells stand right, or all left, of all cells before; -1 where none does.</summary>
    private static int DiagonalStep(List<SheetCell> cells)
    {
        var leftBelow = new int[cells.Count];
        var rightBelow = new int[cells.Count];
        int left = int.MaxValue, right = -1;
        for (var i = cells.Count - 1; i >= 0; i--)
        {
            leftBelow[i] = left = Math.Min(left, cells[i].Column);
            rightBelow[i] = right = Math.Max(right, cells[i].Column);
        }
        left = int.MaxValue;
        right = -1;
        for (var i = 0; i < cells.Count; i++)
        {
            if (i > 0 && cells[i].Row != cells[i - 1].Row && (leftBelow[i] > right || rightBelow[i] < left)) return i;
            left = Math.Min(left, cells[i].Column);
            right = Math.Max(right, cells[i].Column);
        }
        return -1;
    }

    private void WriteTable(List<SheetCell> cells, MarkdownWriter writer)
    {
        if (cells.Count == 1)
        {
            writer.Paragraph(cells[0].Text);
            return;
        }
        int left = int.MaxValue, right = 0;
        foreach (var cell in cells)
        {
            left = Math.Min(left, cell.Column);
            right = Math.Max(right, cell.Column);
        }
        var columns = right - left + 1;
        var rowCount = 0;
        for (var i = 0; i < cells.Count; i++)
            if (i == 0 || cells[i].Row != cells[i - 1].Row) rowCount++;
        if ((long)rowCount * columns > limits.MaxTableCells) throw TooManyCells();

        var rows = new List<string[]>(rowCount);
        for (var i = 0; i < cells.Count; i++)
        {
            if (i == 0 || cells[i].Row != cells[i - 1].Row)
            {
                var row = new string[columns];
                Array.Fill(row, "");
                rows.Add(row);
            }
            rows[^1][cells[i].Column - left] = cells[i].Text;
        }
        writer.Table(rows);
    }

    private void Sort()
    {
        if (_sorted) return;
        _cells = _cells.OrderBy(cell => cell.Row).ThenBy(cell => cell.Column).ToList();
        _sorted = true;
    }

    private int Find(int row, int column)
    {
        int low = 0, high = _cells.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var cell = _cells[middle];
            if (cell.Row == row && cell.Column == column) return middle;
            if (cell.Row < row || (cell.Row == row && cell.Column < column)) low = middle + 1;
            else high = middle - 1;
        }
        return -1;
    }

    private ExtractionException TooManyCells() => new(ExtractionFailure.TooLarge,
        $"The document has more than {limits.MaxTableCells} table cells. Split it and send the parts.");
}
