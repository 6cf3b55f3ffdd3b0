using System.Net;
using System.Net.Sockets;
using Ingestion.Config;
using Ingestion.Engines;
using Ingestion.Postgres;
using Ingestion.Store;
using Ingestion.Workers;
using Microsoft.Data.Sqlite;

namespace Ingestion;

/// <summary>What must be right before anything begins. Each says on the error stream what is wrong and what to set.</summary>
internal static class StartChecks
{
    /// <summary>False where it cannot listen; then it has been said on the error stream, before anything was begun.</summary>
    public static bool CanListen(Settings settings)
    {
        var address = settings.EffectiveHost == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(settings.EffectiveHost, out var one) ? one
            : IPAddress.Any;
        try
        {
            using var listener = new TcpListener(address, settings.Port);
            listener.Start();
            return true;
        }
        catch (SocketException fault)
        {
            var place = $"HOST={settings.EffectiveHost} PORT={settings.Port}";
            Console.Error.WriteLine($"error: {place}: {fault.Message}. Set another one, or stop what listens there.");
            return false;
        }
    }

    /// <summary>False where DATA_DIR cannot be used; then it has been said on the error stream.</summary>
    public static bool OpenData(this WebApplication app, Settings settings)
    {
        try
        {
            _ = (app.Services.GetService<SqliteEngine>(), app.Services.GetService<SqliteStore>());
            return true;
        }
        catch (Exception fault) when (
            fault is IOException or UnauthorizedAccessException or SqliteException or UnavailableException or InvalidOperationException)
        {
            var advice = fault is InvalidOperationException ? "" : " It must be a folder on a local disk that this user may write.";
            Console.Error.WriteLine($"error: DATA_DIR={settings.DataDir}: {fault.Message}{advice}");
            return false;
        }
    }

    /// <summary>
    /// False where PostgreSQL answers and cannot be used; then it has been said on the error stream. While it is away, the service starts and
    /// waits for it.
    /// </summary>
    public static async Task<bool> OpenStoreAsync(this WebApplication app)
    {
        if (app.Services.GetService<PostgresDatabase>() is not { } database) return true;
        try
        {
            await database.OpenAsync(CancellationToken.None);
        }
        catch (PostgresSetupException problem)
        {
            await Console.Error.WriteLineAsync("error: " + problem.Message);
            return false;
        }
        catch (UnavailableException away)
        {
            await Console.Error.WriteLineAsync($"warning: {away.Message} The service starts and goes on when it is there.");
        }
        return true;
    }

    /// <summary>False where this instance must not work beside those that are there; then it has been said on the error stream.</summary>
    public static async Task<bool> JoinInstancesAsync(this WebApplication app)
    {
        if (app.Services.GetService<InstanceRegistry>() is not { } registry || await registry.TryJoinAsync() is not { } problem) return true;
        await Console.Error.WriteLineAsync("error: " + problem);
        return false;
    }
}
