using System.Globalization;
using Npgsql;

namespace Ingestion.Postgres;

/// <summary>Brings the tables up to date, in the schema <c>ingestion</c>, and says what an administrator must do where that cannot be.</summary>
internal sealed class PostgresMigration(NpgsqlConnectionStringBuilder address, IReadOnlyList<string> steps)
{
    private const int OldestServer = 14;

    /// <summary>Only one instance at a time; any number would do, if all take the same.</summary>
    private const long Lock = 7_213_405_116;

    public Version? VectorVersion { get; private set; }

    public async Task RunAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var session = new PostgresSession(connection, TimeSpan.FromSeconds(address.CommandTimeout), cancel);
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock($1)", Lock);
        if (connection.PostgreSqlVersion.Major < OldestServer)
            throw new PostgresSetupException($"PostgreSQL at {Where} is version {connection.PostgreSqlVersion}: {OldestServer} or later is needed.");
        await AddVectorsAsync(session);
        await AddTablesAsync(session);
        await session.CommitAsync();
    }

    /// <summary>What to do about a fault of the start; null where it says nothing of how the database is set up.</summary>
    public string? Explain(PostgresException fault) => fault.SqlState switch
    {
        "28P01" or "28000" =>
            $"PostgreSQL at {Where} does not let {address.Username} in ({fault.MessageText}). Put the right user and password into DATABASE_URL; "
            + "signs such as @ and / are written %40 and %2F there.",
        "3D000" => $"PostgreSQL at {Where} has no database {address.Database}. Create it (createdb {address.Database}), or name another in DATABASE_URL.",
        "42501" =>
            $"{address.Username} may not do what the start needs in {address.Database} at {Where} ({fault.MessageText}). An administrator runs there once: "
            + $"CREATE EXTENSION IF NOT EXISTS vector; CREATE SCHEMA ingestion AUTHORIZATION \"{address.Username}\";",
        "42P01" or "42703" or "42P07" =>
            $"The tables in the schema ingestion of {address.Database} at {Where} are not those of this service ({fault.MessageText}). Name another database in DATABASE_URL.",
        _ => null,
    };

    private string Where => address.Host!.Contains(',', StringComparison.Ordinal) || address.Host.Contains(':', StringComparison.Ordinal)
        ? address.Host
        : string.Create(CultureInfo.InvariantCulture, $"{address.Host}:{address.Port}");

    private async Task AddVectorsAsync(PostgresSession session)
    {
        if (!await session.ScalarAsync<bool>("SELECT to_regtype('vector') IS NOT NULL"))
        {
            if (!await session.ScalarAsync<bool>("SELECT EXISTS(SELECT 1 FROM pg_available_extensions WHERE name='vector')"))
            {
                throw new PostgresSetupException(
                    $"PostgreSQL at {Where} has no pgvector. Install it beside the server (on Debian and Ubuntu with PostgreSQL's own packages: "
                    + "apt-get install postgresql-17-pgvector, or your version's; the image pgvector/pgvector has it) and start again.");
            }
            await session.ExecuteAsync("CREATE EXTENSION vector");
        }
        var version = await session.ScalarAsync<string>("SELECT extversion FROM pg_extension WHERE extname='vector'");
        VectorVersion = version is null ? null : Version.Parse(version);
    }

    private async Task AddTablesAsync(PostgresSession session)
    {
        // To ask for a schema that is there already needs a right that the user may lack.
        if (!await session.ScalarAsync<bool>("SELECT to_regnamespace('ingestion') IS NOT NULL")) await session.ExecuteAsync("CREATE SCHEMA ingestion");
        await session.ExecuteAsync("CREATE TABLE IF NOT EXISTS ingestion.migration(step integer PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now())");
        var done = await session.ScalarAsync<int>("SELECT coalesce(max(step), 0) FROM ingestion.migration");
        if (done > steps.Count)
        {
            throw new PostgresSetupException(
                $"The tables of {address.Database} at {Where} were made by a later version of this service. Start that one, or name another database in DATABASE_URL.");
        }
        for (var step = done; step < steps.Count; step++)
        {
            await session.RunScriptAsync(steps[step]);
            await session.ExecuteAsync("INSERT INTO ingestion.migration(step) VALUES($1)", step + 1);
        }
    }
}
