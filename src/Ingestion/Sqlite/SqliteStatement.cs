using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Ingestion.Sqlite;

/// <summary>
/// One prepared statement. Straight on SQLite: binding by name and a reader object a call were a quarter of the writer's time.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly string[] _names;
    private readonly int[] _places;

    /// <exception cref="SqliteException">It is no valid SQL.</exception>
    public SqliteStatement(sqlite3 database, string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement, out var rest));
        if (!string.IsNullOrWhiteSpace(rest)) throw new InvalidOperationException("One statement at a time: " + sql);
        if (raw.sqlite3_bind_parameter_count(_statement) != parameters.Length)
            throw new InvalidOperationException($"{parameters.Length} parameters are not what this needs: {sql}");
        _names = new string[parameters.Length];
        _places = new int[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            _names[i] = parameters[i].Name;
            _places[i] = raw.sqlite3_bind_parameter_index(_statement, _names[i]);
            if (_places[i] == 0) throw new InvalidOperationException($"There is no parameter {_names[i]} in: {sql}");
        }
    }

    public SqliteRow Row => new(_statement);

    public void Bind(ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (raw.sqlite3_stmt_busy(_statement) != 0) throw new InvalidOperationException("The statement is still being read.");
        if (parameters.Length != _names.Length) throw new InvalidOperationException("The parameters are not those of the first time.");
        for (var i = 0; i < parameters.Length; i++)
        {
            if (!ReferenceEquals(_names[i], parameters[i].Name) && _names[i] != parameters[i].Name)
                throw new InvalidOperationException($"Parameter {parameters[i].Name} stands at another place than when it was prepared.");
            Check(Bind(_places[i], parameters[i].Value));
        }
    }

    /// <summary>Whether there is a row.</summary>
    /// <exception cref="SqliteException">SQLite says no.</exception>
    public bool Step()
    {
        switch (raw.sqlite3_step(_statement))
        {
            case raw.SQLITE_ROW: return true;
            case raw.SQLITE_DONE: return false;
            case var code:
                Check(code);
                return false;
        }
    }

    /// <summary>Ends it and forgets its values; what went wrong has been told by <see cref="Step"/>.</summary>
    public void Reset()
    {
        raw.sqlite3_reset(_statement);
        if (_places.Length > 0) raw.sqlite3_clear_bindings(_statement);
    }

    public void Dispose() => _statement.Dispose();

    private int Bind(int place, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(_statement, place),
        string text => BindText(place, text),
        long number => raw.sqlite3_bind_int64(_statement, place, number),
        int number => raw.sqlite3_bind_int(_statement, place, number),
        bool yes => raw.sqlite3_bind_int(_statement, place, yes ? 1 : 0),
        double number => raw.sqlite3_bind_double(_statement, place, number),
        byte[] { Length: 0 } => raw.sqlite3_bind_zeroblob(_statement, place, 0),
        byte[] bytes => raw.sqlite3_bind_blob(_statement, place, bytes),
        _ => throw new NotSupportedException($"No column takes a {value.GetType().Name}."),
    };

    private int BindText(int place, string text)
    {
        const int OnStack = 512;
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most <= OnStack)
        {
            Span<byte> small = stackalloc byte[OnStack];
            return BindUtf8(place, small[..Encoding.UTF8.GetBytes(text, small)]);
        }
        var large = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            return BindUtf8(place, large.AsSpan(0, Encoding.UTF8.GetBytes(text, large)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(large);
        }
    }

    /// <summary>SQLite copies it.</summary>
    private int BindUtf8(int place, ReadOnlySpan<byte> text) =>
        text.IsEmpty ? raw.sqlite3_bind_text(_statement, place, "") : raw.sqlite3_bind_text(_statement, place, text);

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
