using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ingestion.Sqlite;

/// <summary>One connection and its prepared statements. Used by one thread at a time.</summary>
public sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private const int CacheWrites = 9; // SQLITE_DBSTATUS_CACHE_WRITE

    private readonly Dictionary<string, SqliteCommand> _statements = [];

    private long _pagesWritten;

    internal SqliteSession(SqliteConnection connection) => _connection = connection;

    /// <summary>How many pages this connection has written so far.</summary>
    internal long PagesWritten
    {
        get
        {
            raw.sqlite3_db_status(_connection.Handle!, CacheWrites, out var pages, out _, 1);
            return _pagesWritten += pages;
        }
    }

    /// <summary>Runs a statement and gives the number of rows that it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Prepare(sql, parameters).ExecuteNonQuery();

    /// <summary>The first column of the first row, or the default where there is no row or it is NULL.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var reader = Prepare(sql, parameters).ExecuteReader();
        return reader.Read() && !reader.IsDBNull(0) ? reader.GetFieldValue<T>(0) : default;
    }

    /// <summary>The first row through <paramref name="map"/>, or the default where there is none.</summary>
    public T? First<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var reader = Prepare(sql, parameters).ExecuteReader();
        return reader.Read() ? map(reader) : default;
    }

    public List<T> List<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var rows = new List<T>();
        using var reader = Prepare(sql, parameters).ExecuteReader();
        while (reader.Read()) rows.Add(map(reader));
        return rows;
    }

    /// <summary>Hands each row to <paramref name="visit"/> until it returns false.</summary>
    public void Visit(string sql, Func<SqliteDataReader, bool> visit, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var reader = Prepare(sql, parameters).ExecuteReader();
        while (reader.Read() && visit(reader)) { }
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

    private SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_statements.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, _) in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = name });
            _statements.Add(sql, command);
        }
        for (var i = 0; i < parameters.Length; i++)
        {
            var parameter = command.Parameters[i];
            if (parameter.ParameterName != parameters[i].Name)
                throw new InvalidOperationException($"Parameter {parameters[i].Name} stands at another place than when it was prepared.");
            parameter.Value = parameters[i].Value ?? DBNull.Value;
        }
        return command;
    }
}
