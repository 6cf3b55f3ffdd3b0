using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Postgres;
using Ingestion.Redis;
using Ingestion.Tasks;

namespace Ingestion.Workers;

/// <summary><c>/health</c> for people, <c>/health/live</c> and <c>/health/ready</c> for orchestrators.</summary>
public static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("").WithTags("Health").IsOpen();
        health.MapGet("/health", GetAsync).WithSummary("See how the service is").Produces<HealthResponse>();
        health.MapGet("/api/v1/health", GetAsync).ExcludeFromDescription();
        health.MapGet("/health/live", IsLive).WithSummary("Whether the process should go on; 503 when its workers have died")
            .Produces<ReadyResponse>().Produces<ReadyResponse>(503);
        health.MapGet("/health/ready", IsReadyAsync).WithSummary("Whether requests can be served; 503 when the storage is away")
            .Produces<ReadyResponse>().Produces<ReadyResponse>(503);
    }

    private static async Task<IResult> GetAsync(HttpContext http, ITaskEngine engine, WorkerPool pool, Settings settings, IServiceProvider parts)
    {
        EngineStats? stats = null;
        try
        {
            stats = await engine.StatsAsync(http.RequestAborted);
        }
        catch (UnavailableException)
        {
            // Said below: degraded.
        }
        var database = parts.GetService<PostgresDatabase>();
        var hasChunks = database is null || await database.AnswersAsync(http.RequestAborted);
        var isHealthy = stats is not null && hasChunks && pool.IsAlive;
        var workers = new WorkersView(pool.Id, pool.Count > 0, pool.Count, pool.Count, pool.Busy);
        var tasks = stats is null ? null : new TasksView(stats.Waiting, stats.Running, stats.Parked, stats.OldestWaiting);
        var connection = parts.GetService<RedisConnection>();
        // Only a question that Redis answers shows that it is there; an instance that is held back asks none.
        var answers = stats is not null || connection is { IsHeld: true, IsConnected: true };
        var (kind, redis) = connection is null ? ("sqlite", "not_used") : ("redis", answers ? "connected" : "disconnected");
        var postgres = database is null ? "not_used" : hasChunks ? "connected" : "disconnected";
        return Results.Json(
            new HealthResponse(isHealthy ? "healthy" : "degraded", settings.Version, kind, redis, postgres, workers, tasks),
            HealthWire.Answers.HealthResponse);
    }

    private static IResult IsLive(WorkerPool pool) => Answer(pool.IsAlive, "live", "the workers have stopped looking for work");

    private static async Task<IResult> IsReadyAsync(HttpContext http, ITaskEngine engine)
    {
        try
        {
            await engine.StatsAsync(http.RequestAborted);
            return Answer(true, "ready", "");
        }
        catch (UnavailableException)
        {
            return Answer(false, "", "the storage of tasks is away");
        }
    }

    private static IResult Answer(bool isGood, string good, string bad) =>
        Results.Json(new ReadyResponse(isGood ? good : "unavailable: " + bad), HealthWire.Answers.ReadyResponse, statusCode: isGood ? 200 : 503);
}

/// <param name="Status">healthy or degraded.</param>
/// <param name="Engine">Where tasks live.</param>
/// <param name="Redis">connected, disconnected or not_used.</param>
/// <param name="Postgres">The same of the chunks' database.</param>
/// <param name="Tasks">Null where the storage is away.</param>
public sealed record HealthResponse(
    string Status, string Version, string Engine, string Redis, string Postgres, WorkersView Workers, TasksView? Tasks);

public sealed record WorkersView(string PoolId, bool Running, int WorkerCount, int TargetWorkerCount, int Busy);

public sealed record TasksView(long Waiting, long Running, long Parked, DateTimeOffset? OldestWaiting);

public sealed record ReadyResponse(string Status);
