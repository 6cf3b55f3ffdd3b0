using System.Diagnostics;
using System.Globalization;
using Ingestion.Postgres;
using Npgsql;

[assembly: AssemblyFixture(typeof(Ingestion.Tests.Support.SharedPostgres))]

namespace Ingestion.Tests.Support;

/// <summary>
/// Debian's PostgreSQL on a free port of this machine, with a folder of its own. It has no pgvector, so its databases get a type of the same
/// name that does what the service asks of it, slowly: for what many connections do at once, and for ends in the middle.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    public const string Password = "p@ss/w?rd ñ";

    private const string VectorsWithoutPgvector = """
        CREATE DOMAIN vector AS real[];
        CREATE FUNCTION cosine_distance(real[], real[]) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
          SELECT coalesce(1 - sum(a::float8 * b) / nullif(sqrt(sum(a::float8 * a)) * sqrt(sum(b::float8 * b)), 0), 'NaN') FROM unnest($1, $2) AS pair(a, b) $$;
        CREATE OPERATOR <=> (LEFTARG=real[], RIGHTARG=real[], FUNCTION=cosine_distance);
        """;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static int s_databases;

    private readonly string _folder = Directory.CreateTempSubdirectory("ingestion-postgres-").FullName;
    private readonly int _port = Ports.Free();
    private Process? _process;

    private PostgresServer()
    {
    }

    private static string Programs => Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin/";

    public static async Task<PostgresServer> StartAsync()
    {
        var server = new PostgresServer();
        var data = Directory.CreateDirectory(Path.Combine(server._folder, "data")).FullName;
        var password = Path.Combine(server._folder, "password");
        await File.WriteAllTextAsync(password, Password);
        // It refuses to run as root.
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", "-R", "postgres", server._folder);
        await RunAsync(
            [.. AsPostgres, Programs + "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>A new database, ready for the service.</summary>
    public async Task<string> CreateDatabaseAsync(bool vectors = true)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref s_databases)}");
        await ExecuteAsync(UrlOf("postgres"), "CREATE DATABASE " + name);
        if (vectors) await ExecuteAsync(UrlOf(name), VectorsWithoutPgvector);
        return UrlOf(name);
    }

    public string UrlOf(string database, string user = "postgres", string password = Password) => string.Create(
        CultureInfo.InvariantCulture, $"postgres://{user}:{Uri.EscapeDataString(password)}@127.0.0.1:{_port}/{database}?sslmode=disable");

    public static async Task ExecuteAsync(string url, string sql)
    {
        await using var source = NpgsqlDataSource.Create(PostgresAddress.Parse(url));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task StartAgainAsync()
    {
        string[] arguments =
        [
            .. AsPostgres, Programs + "postgres", "-D", Path.Combine(_folder, "data"), "-p", _port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200",
        ];
        _process = Start(arguments);
        var errors = _process.StandardError.ReadToEndAsync();
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            if (_process.HasExited) throw new InvalidOperationException("PostgreSQL did not start: " + await errors);
            try
            {
                await ExecuteAsync(UrlOf("postgres"), "SELECT 1");
                return;
            }
            catch (NpgsqlException) when (waited.Elapsed < StartPatience)
            {
                // Not listening yet.
            }
        }
    }

    /// <summary>As a crash would: nobody is told, and the next start recovers.</summary>
    public async Task CrashAsync()
    {
        if (_process is not { HasExited: false } process) return;
        await RunAsync("kill", "-QUIT", process.Id.ToString(CultureInfo.InvariantCulture));
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await CrashAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string[] AsPostgres =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    private static async Task RunAsync(params string[] command)
    {
        using var process = Start(command);
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{command[^1]}: {await errors}");
    }

    private static Process Start(string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}

/// <summary>One server for the whole run, started by the first test that asks for it.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> Shared = new(PostgresServer.StartAsync);

    public static Task<PostgresServer> GetAsync() => Shared.Value;

    public async ValueTask DisposeAsync()
    {
        if (Shared.IsValueCreated) await (await Shared.Value).DisposeAsync();
    }
}
