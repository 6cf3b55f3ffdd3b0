using System.Text;
using SQLitePCL;

namespace Ingestion.Sqlite;

/// <summary>The row that a statement stands on. Valid until the statement moves on.</summary>
public readonly struct SqliteRow
{
    private readonly sqlite3_stmt _statement;

    internal SqliteRow(sqlite3_stmt statement) => _statement = statement;

    public bool IsDBNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long GetInt64(int column) => raw.sqlite3_column_int64(_statement, column);

    public int GetInt32(int column) => checked((int)GetInt64(column));

    public double GetDouble(int column) => raw.sqlite3_column_double(_statement, column);

    public string GetString(int column)
    {
        // By its length: a text may hold NUL.
        var utf8 = raw.sqlite3_column_blob(_statement, column);
        if (utf8.IsEmpty && IsDBNull(column)) throw new InvalidOperationException($"Column {column} is NULL.");
        return Encoding.UTF8.GetString(utf8);
    }

    /// <summary>Without a copy: valid until the statement moves on.</summary>
    public ReadOnlySpan<byte> GetBytes(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>A string, a long or a nullable long; the default where it is NULL.</summary>
    internal T? Get<T>(int column)
    {
        if (IsDBNull(column)) return default;
        if (typeof(T) == typeof(string)) return (T)(object)GetString(column);
        if (typeof(T) == typeof(long) || typeof(T) == typeof(long?)) return (T)(object)GetInt64(column);
        throw new NotSupportedException($"No column is read as {typeof(T).Name}.");
    }
}
