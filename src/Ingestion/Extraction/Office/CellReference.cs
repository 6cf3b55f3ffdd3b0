namespace Ingestion.Extraction.Office;

/// <summary>References such as B7 and A1:C3, as rows and columns counted from 0.</summary>
internal static class CellReference
{
    public const int MaxColumns = 16_384;
    public const int MaxRows = 1_048_576;

    /// <summary>Leaves the column as it is where the reference is none that a sheet can have.</summary>
    public static void TryColumn(ReadOnlySpan<char> reference, ref int column)
    {
        var value = 0;
        foreach (var c in reference)
        {
            var letter = c | 0x20;
            if (letter is < 'a' or > 'z') break;
            value = (value * 26) + letter - 'a' + 1;
            if (value > MaxColumns) return;
        }
        if (value > 0) column = value - 1;
    }

    public static CellRange? Range(string? reference)
    {
        if (reference is null) return null;
        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        var first = Cell(colon < 0 ? reference : reference.AsSpan(0, colon));
        var last = colon < 0 ? first : Cell(reference.AsSpan(colon + 1));
        return first is var (top, left) && last is var (bottom, right) && bottom >= top && right >= left
            ? new CellRange(top, left, bottom, right)
            : null;
    }

    /// <summary>B7 for row 6, column 1.</summary>
    public static string Name(int row, int column)
    {
        var letters = "";
        for (var rest = column + 1; rest > 0; rest = (rest - 1) / 26) letters = (char)('A' + ((rest - 1) % 26)) + letters;
        return $"{letters}{row + 1}";
    }

    private static (int Row, int Column)? Cell(ReadOnlySpan<char> reference)
    {
        var column = -1;
        TryColumn(reference, ref column);
        var digits = reference.IndexOfAnyInRange('0', '9');
        return column >= 0 && digits > 0 && int.TryParse(reference[digits..], out var row) && row is >= 1 and <= MaxRows
            ? (row - 1, column)
            : null;
    }
}
