using System.Text.Json;
using System.Text.Json.Serialization;
using Ingestion.Actions;
using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Embedding.Queries;

/// <summary>Brings what an embedding service answered to the query that waits for it, in this process or at another instance at its Redis.</summary>
/// <param name="redis">Null: there are no other instances.</param>
public sealed partial class QueryAnswers(WaitingQueries waiting, ILogger<QueryAnswers> log, RedisConnection? redis = null) : BackgroundService
{
    /// <summary>Bytes; far more than one vector needs.</summary>
    private const int MaxPassedOn = 2 * 1024 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly RedisChannel Channel = RedisChannel.Sharded("{ingestion:queries}:answers");

    /// <returns>False where no query of this process waits for it; the other instances have been told then.</returns>
    public async Task<bool> BringAsync(EmbeddingCallbackAction answer)
    {
        if (waiting.TryAnswer(answer)) return true;
        if (redis is null) return false;
        var message = JsonSerializer.SerializeToUtf8Bytes(answer, Wire.Default.EmbeddingCallbackAction);
        if (message.Length > MaxPassedOn)
        {
            var instead = new EmbeddingCallbackAction
            {
                TenantId = answer.TenantId, TaskId = answer.TaskId, IsSuccess = false, Flaw = "It is far longer than a query's vector can be.",
            };
            message = JsonSerializer.SerializeToUtf8Bytes(instead, Wire.Default.EmbeddingCallbackAction);
        }
        try
        {
            await redis.AskAsync(database => database.PublishAsync(Channel, message));
        }
        catch (UnavailableException fault)
        {
            log.LogWarning("The answer to a query could not be passed on to other instances: {Reason}", fault.Message);
        }
        return false;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (redis is not null)
        {
            try
            {
                await redis.SubscribeAsync(Channel, Hear);
                return;
            }
            catch (UnavailableException)
            {
                await Task.Delay(Pause, stoppingToken);
            }
        }
    }

    private void Hear(RedisValue message)
    {
        try
        {
            if (JsonSerializer.Deserialize((byte[])message!, Wire.Default.EmbeddingCallbackAction) is { } answer) waiting.TryAnswer(answer);
        }
        catch (JsonException fault)
        {
            log.LogWarning(fault, "Another instance passed on an answer to a query that cannot be read");
        }
    }

    [JsonSerializable(typeof(EmbeddingCallbackAction))]
    private sealed partial class Wire : JsonSerializerContext;
}
