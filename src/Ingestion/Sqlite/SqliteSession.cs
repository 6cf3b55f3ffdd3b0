using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ingestion.Sqlite;

/// <summary>One connection and its prepared statements. Used by one thread at a time.</summary>
public sealed class SqliteSession : IDisposable
{
    private const int CacheWrites = 9; // SQLITE_DBSTATUS_CACHE_WRITE

    private readonly SqliteConnection _connection;
    private readonly sqlite3 _database;
    private readonly Dictionary<string, SqliteStatement> _statements = [];

    private long _pagesWritten;

    internal SqliteSession(SqliteConnection connection) => (_connection, _database) = (connection, connection.Handle!);

    /// <summary>How many pages this connection has written so far.</summary>
    internal long PagesWritten
    {
        get
        {
            raw.sqlite3_db_status(_database, CacheWrites, out var pages, out _, 1);
            return _pagesWritten += pages;
        }
    }

    /// <summary>Runs a statement and gives the number of rows that it inserted, updated or deleted.</summary>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var statement = Prepare(sql, parameters);
        try
        {
            while (statement.Step()) { }
            return raw.sqlite3_changes(_database);
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>The first column of the first row, or the default where there is no row or it is NULL.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var statement = Prepare(sql, parameters);
        try
        {
            return statement.Step() ? statement.Row.Get<T>(0) : default;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>The first row through <paramref name="map"/>, or the default where there is none.</summary>
    public T? First<T>(string sql, Func<SqliteRow, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var statement = Prepare(sql, parameters);
        try
        {
            return statement.Step() ? map(statement.Row) : default;
        }
        finally
        {
            statement.Reset();
        }
    }

    public List<T> List<T>(string sql, Func<SqliteRow, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var statement = Prepare(sql, parameters);
        try
        {
            var rows = new List<T>();
            while (statement.Step()) rows.Add(map(statement.Row));
            return rows;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Hands each row to <paramref name="visit"/> until it returns false.</summary>
    public void Visit(string sql, Func<SqliteRow, bool> visit, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var statement = Prepare(sql, parameters);
        try
        {
            while (statement.Step() && visit(statement.Row)) { }
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Several statements at once, without parameters; for schemas and pragmas.</summary>
    public void Script(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _connection.Dispose();
    }

    private SqliteStatement Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements.Add(sql, statement = new SqliteStatement(_database, sql, parameters));
        statement.Bind(parameters);
        return statement;
    }
}
