using System.Diagnostics;
using System.Globalization;
using Ingestion.Embedding;
using Ingestion.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Ingestion.Benchmarks;

/// <summary>
/// What PostgreSQL does by itself with the chunks that the store has: full text as its manual has it, ranked by <c>ts_rank</c> over one
/// table, and the nearest vectors in one statement; no tenants, versions, filters or BM25.
/// </summary>
internal sealed class PlainPostgres : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    private PlainPostgres(NpgsqlDataSource source) => _source = source;

    public static async Task<PlainPostgres> OpenAsync(string url)
    {
        var plain = new PlainPostgres(new NpgsqlDataSourceBuilder(PostgresAddress.Parse(url).ConnectionString).Build());
        await plain.ExecuteAsync(
            """
            DO $$ BEGIN
              -- A server without pgvector can store vectors and search words all the same.
              IF to_regtype('vector') IS NULL AND NOT EXISTS(SELECT 1 FROM pg_available_extensions WHERE name='vector') THEN
                CREATE DOMAIN vector AS real[];
              END IF;
            END $$
            """);
        return plain;
    }

    /// <summary>Returns the chunks a second that the server alone writes and indexes, texts and words, from its own table into another.</summary>
    public async Task<double> CopyAsync()
    {
        await ExecuteAsync(
            """
            DROP TABLE IF EXISTS plain;
            CREATE TABLE plain(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL, terms tsvector NOT NULL);
            CREATE INDEX plain_terms ON plain USING gin(terms);
            """);
        var start = Stopwatch.GetTimestamp();
        var copied = await ExecuteAsync("INSERT INTO plain(text, terms) SELECT text, to_tsvector('simple', text) FROM ingestion.chunk");
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await ExecuteAsync("ANALYZE plain");
        return copied / seconds;
    }

    public Task SearchTextAsync(string query) => ReadAsync(
        """
        SELECT id, text, ts_rank(terms, asked) AS score FROM plain, to_tsquery('simple', $1) AS asked
        WHERE terms @@ asked ORDER BY score DESC LIMIT 10
        """,
        new NpgsqlParameter { Value = query.Replace(" ", " | ", StringComparison.Ordinal), NpgsqlDbType = NpgsqlDbType.Text });

    /// <param name="collection">Whose index is asked where it has one.</param>
    public Task SearchVectorsAsync(long collection, string query) => ReadAsync(
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            SELECT version, place FROM ingestion.chunk_vector WHERE collection={collection} AND vector_dims(embedding)={LocalEmbedder.Dimensions}
            ORDER BY embedding::vector({LocalEmbedder.Dimensions}) <=> $1::real[]::vector({LocalEmbedder.Dimensions}) LIMIT 10
            """),
        new NpgsqlParameter { Value = LocalEmbedder.Embed(query) });

    public async Task<long> CollectionAsync(string name)
    {
        await using var command = _source.CreateCommand("SELECT id FROM ingestion.collection WHERE name=$1");
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<int> ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        command.CommandTimeout = 0;
        return await command.ExecuteNonQueryAsync();
    }

    private async Task ReadAsync(string sql, NpgsqlParameter parameter)
    {
        await using var command = _source.CreateCommand(sql);
        command.Parameters.Add(parameter);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
        }
    }
}
