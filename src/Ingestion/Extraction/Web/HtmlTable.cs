namespace Ingestion.Extraction.Web;

/// <summary>Collects a table's cells; one that spans several places is repeated in each, as a reader's eye does.</summary>
internal sealed class HtmlTable(ExtractionLimits limits)
{
    private const int MaxColumns = 16_384;

    private readonly List<List<string>> _rows = [];
    private readonly List<(int Rows, string Text)> _below = []; // By column: what hangs down into the next rows.
    private readonly List<bool> _starts = []; // By column: a cell begins there.
    private long _cells;

    public void StartRow()
    {
        EndRow();
        _rows.Add([]);
    }

    public void Add(string text, int columns, int rows)
    {
        if (_rows.Count == 0) StartRow();
        var row = _rows[^1];
        Hang(row);
        while (_starts.Count <= row.Count) _starts.Add(false);
        _starts[row.Count] = true;
        columns = Math.Min(Math.Clamp(columns, 1, 1000), MaxColumns - row.Count);
        if (columns <= 0)
            throw new ExtractionException(ExtractionFailure.TooLarge, $"The document has a table of more than {MaxColumns} columns. Split it and send the parts.");
        for (var i = 0; i < columns; i++)
        {
            if (rows > 1)
            {
                while (_below.Count <= row.Count) _below.Add(default);
                _below[row.Count] = (rows - 1, text);
            }
            row.Add(text);
        }
        Count(columns);
    }

    /// <summary>Without the columns in which no cell begins: a cell that spans "all the rest" makes those.</summary>
    public List<IReadOnlyList<string>> Rows()
    {
        EndRow();
        var rows = new List<IReadOnlyList<string>>(_rows.Count);
        foreach (var row in _rows)
        {
            if (row.Count == 0) continue;
            rows.Add(_starts.Contains(false) || row.Count > _starts.Count
                ? row.Where((_, column) => column < _starts.Count && _starts[column]).ToList()
                : row);
        }
        return rows;
    }

    // The cells above that reach into this place of the row.
    private void Hang(List<string> row)
    {
        while (row.Count < _below.Count && _below[row.Count].Rows > 0)
        {
            var (rows, text) = _below[row.Count];
            _below[row.Count] = (rows - 1, text);
            row.Add(text);
            Count(1);
        }
    }

    private void EndRow()
    {
        if (_rows.Count == 0) return;
        var row = _rows[^1];
        var last = _below.FindLastIndex(below => below.Rows > 0);
        while (row.Count <= last)
        {
            Hang(row);
            if (row.Count <= last) row.Add("");
        }
    }

    private void Count(int cells)
    {
        _cells += cells;
        if (_cells > limits.MaxTableCells)
            throw new ExtractionException(ExtractionFailure.TooLarge, $"The document has more than {limits.MaxTableCells} table cells. Split it and send the parts.");
    }
}
