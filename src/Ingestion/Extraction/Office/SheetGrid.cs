namespace Ingestion.Extraction.Office;

/// <param name="Start">Of its text among all of the grid's text.</param>
internal readonly record struct SheetCell(int Row, int Column, int Start, int Length);

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

    /// <summary>The text of all cells in one array: a million small strings would cost more than reading the sheet.</summary>
    private char[] _text = new char[4096];
    private int _textLength;

    public bool IsEmpty => _cells.Count == 0;

    /// <summary>Ignores blank text.</summary>
    /// <exception cref="ExtractionException">TooLarge.</exception>
    public void Add(int row, int column, ReadOnlySpan<char> text)
    {
        if (text.IsWhiteSpace()) return;
        if (_cells.Count >= limits.MaxTableCells) throw TooManyCells();
        if (_cells.Count > 0)
        {
            var last = _cells[^1];
            _sorted &= row > last.Row || (row == last.Row && column > last.Column);
        }
        _cells.Add(new SheetCell(row, column, Keep(text), text.Length));
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
            if (at < 0 || SpannedText.Repeated(Text(_cells[at]).ToString()).Length == 0) continue;
            var bottom = Math.Min(range.Bottom, lastRow);
            var right = Math.Min(range.Right, lastColumn);
            for (var row = range.Top; row <= bottom && _roomForRepeats > 0; row++)
            {
                for (var column = range.Left; column <= right && _roomForRepeats > 0; column++, _roomForRepeats--)
                    if (row != range.Top || column != range.Left) repeats.Add(_cells[at] with { Row = row, Column = column });
            }
        }
        if (repeats.Count == 0) return;
        _cells.AddRange(repeats);
        _sorted = false;
        Sort();
    }

    public void Link(CellRange range, string address)
    {
        Sort();
        var at = Find(range.Top, range.Left);
        if (at < 0 || Text(_cells[at]).SequenceEqual(address)) return;
        var link = new InlineMarkdown();
        link.StartLink();
        link.Append(Text(_cells[at]).ToString());
        link.EndLink(address);
        var text = link.ToMarkdown();
        _cells[at] = _cells[at] with { Start = Keep(text), Length = text.Length };
    }

    public void Write(MarkdownWriter writer, CancellationToken cancel)
    {
        Sort();
        WriteRows(_cells, writer, MaxCuts, cancel);
        _cells = [];
        _textLength = 0;
    }

    private ReadOnlySpan<char> Text(SheetCell cell) => _text.AsSpan(cell.Start, cell.Length);

    private int Keep(ReadOnlySpan<char> text)
    {
        var start = _textLength;
        if ((long)start + text.Length > limits.MaxTextLength)
        {
            throw new ExtractionException(ExtractionFailure.TooLarge,
                $"A sheet's text is longer than {limits.MaxTextLength} characters. Split it and send the parts.");
        }
        if (start + text.Length > _text.Length) Array.Resize(ref _text, Math.Max(start + text.Length, _text.Length * 2));
        text.CopyTo(_text.AsSpan(start));
        _textLength += text.Length;
        return start;
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
            writer.Paragraph(Text(cells[0]).ToString());
            return;
        }
        int left = int.MaxValue, right = 0, rows = 0;
        for (var i = 0; i < cells.Count; i++)
        {
            left = Math.Min(left, cells[i].Column);
            right = Math.Max(right, cells[i].Column);
            if (i == 0 || cells[i].Row != cells[i - 1].Row) rows++;
        }
        var columns = right - left + 1;
        if ((long)rows * columns > limits.MaxTableCells) throw TooManyCells();

        // For each place in the table the number of its cell, plus one.
        var places = new int[rows * columns];
        for (int i = 0, row = -1; i < cells.Count; i++)
        {
            if (i == 0 || cells[i].Row != cells[i - 1].Row) row++;
            places[(row * columns) + cells[i].Column - left] = i + 1;
        }
        writer.Table(rows, columns, (row, column) => places[(row * columns) + column] is > 0 and var place ? Text(cells[place - 1]) : default);
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
