using Npgsql;

namespace Ingestion.Postgres;

/// <summary>
/// Statements on one connection; values stand at <c>$1</c>, <c>$2</c> and so on. What nobody waits for is queued, and travels with the next
/// statement or with the end of the transaction: each journey to the server costs more than most statements do.
/// </summary>
/// <param name="timeout">Of one journey; none: it takes as long as it takes.</param>
public sealed class PostgresSession(NpgsqlConnection connection, TimeSpan? timeout, CancellationToken cancel)
{
    private readonly List<NpgsqlBatchCommand> _queue = [];

    private int Seconds => (int)(timeout?.TotalSeconds ?? 0);

    /// <summary>A statement whose answer does not matter.</summary>
    public void Queue(string sql, params object?[] values) => _queue.Add(Command(sql, values));

    /// <summary>Sends what is queued.</summary>
    public async Task SendAsync()
    {
        if (_queue.Count == 0) return;
        await using var batch = Take(_queue[^1]);
        await batch.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Several statements without values, parted by semicolons.</summary>
    public async Task RunScriptAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = Seconds };
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Ends the transaction. From here on nobody can know whether it was written, so it is not broken off.</summary>
    public async Task CommitAsync()
    {
        await using var batch = Take(Command("COMMIT", []));
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Rows that were changed.</summary>
    public async Task<int> ExecuteAsync(string sql, params object?[] values)
    {
        var command = Command(sql, values);
        await using var batch = Take(command);
        await batch.ExecuteNonQueryAsync(cancel);
        return command.RecordsAffected;
    }

    /// <summary>The first column of the first row; the type's default where there is none or it is NULL.</summary>
    public Task<T?> ScalarAsync<T>(string sql, params object?[] values) =>
        FirstAsync(sql, row => row.IsDBNull(0) ? default : row.GetFieldValue<T>(0), values);

    /// <summary>The first row; the type's default where there is none.</summary>
    public async Task<T?> FirstAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object?[] values)
    {
        await using var batch = Take(Command(sql, values), out var before);
        await using var reader = await AnswerAsync(batch, before);
        return await reader.ReadAsync(cancel) ? read(reader) : default;
    }

    public async Task<List<T>> ListAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object?[] values)
    {
        var rows = new List<T>();
        await VisitAsync(sql, row => rows.Add(read(row)), values);
        return rows;
    }

    /// <summary>For answers that are not kept row by row.</summary>
    public async Task VisitAsync(string sql, Action<NpgsqlDataReader> visit, params object?[] values)
    {
        await using var batch = Take(Command(sql, values), out var before);
        await using var reader = await AnswerAsync(batch, before);
        while (await reader.ReadAsync(cancel)) visit(reader);
    }

    /// <summary>PostgreSQL's texts cannot have the character 0. It is rare, and its place is kept, so that offsets stay true.</summary>
    internal static string? Storable(string? text) => text?.Replace('\0', '\uFFFD');

    private static NpgsqlBatchCommand Command(string sql, object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            var stored = value is string text ? Storable(text) : value;
            command.Parameters.Add(new NpgsqlParameter { Value = stored ?? DBNull.Value });
        }
        return command;
    }

    private NpgsqlBatch Take(NpgsqlBatchCommand last) => Take(last, out _);

    /// <param name="before">Queued statements that answer with rows.</param>
    private NpgsqlBatch Take(NpgsqlBatchCommand last, out int before)
    {
        before = _queue.Count(queued => queued.CommandText.StartsWith("SELECT", StringComparison.Ordinal));
        var batch = new NpgsqlBatch(connection) { Timeout = Seconds };
        foreach (var queued in _queue.Where(queued => queued != last)) batch.BatchCommands.Add(queued);
        batch.BatchCommands.Add(last);
        _queue.Clear();
        return batch;
    }

    private async Task<NpgsqlDataReader> AnswerAsync(NpgsqlBatch batch, int before)
    {
        var reader = await batch.ExecuteReaderAsync(cancel);
        for (; before > 0; before--) await reader.NextResultAsync(cancel);
        return reader;
    }
}
