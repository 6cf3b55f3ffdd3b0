using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>The scripts of <c>Scripts/</c>, each after what they share.</summary>
internal sealed class EngineScript
{
    /// <summary>Any number of the steps that tasks go by; one answer a step.</summary>
    public static readonly EngineScript Work = new("sharing", "enqueue", "lease", "append", "cancel", "move", "work");

    public static readonly EngineScript Unanswered = new("unanswered");
    public static readonly EngineScript Renew = new("renew");
    public static readonly EngineScript Events = new("events");
    public static readonly EngineScript List = new("list");
    public static readonly EngineScript Expired = new("expired");
    public static readonly EngineScript Prune = new("prune");
    public static readonly EngineScript Stats = new("stats");
    public static readonly EngineScript TakeWebhooks = new("take_webhooks");
    public static readonly EngineScript CloseWebhook = new("close_webhook");

    private readonly RedisScript _script;

    private EngineScript(params string[] parts) =>
        _script = new RedisScript([.. parts.Prepend("common").Select(part => "Engines.Redis.Scripts." + part)]);

    /// <exception cref="UnavailableException">Redis is away.</exception>
    public Task<RedisResult> RunAsync(RedisConnection redis, RedisKey tag, RedisValue[] arguments) => _script.RunAsync(redis, [tag], arguments);
}
