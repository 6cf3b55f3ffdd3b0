using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>The scripts of <c>Scripts/</c>, each after what they share.</summary>
internal sealed class EngineScript
{
    public static readonly EngineScript Enqueue = new("enqueue");
    public static readonly EngineScript Lease = new("lease");
    public static readonly EngineScript Unanswered = new("unanswered");
    public static readonly EngineScript Renew = new("renew");
    public static readonly EngineScript Append = new("append");
    public static readonly EngineScript Move = new("move");
    public static readonly EngineScript Cancel = new("cancel");
    public static readonly EngineScript List = new("list");
    public static readonly EngineScript Expired = new("expired");
    public static readonly EngineScript Prune = new("prune");
    public static readonly EngineScript Stats = new("stats");
    public static readonly EngineScript TakeWebhooks = new("take_webhooks");
    public static readonly EngineScript CloseWebhook = new("close_webhook");

    private readonly RedisScript _script;

    private EngineScript(string name) => _script = new RedisScript("Engines.Redis.Scripts.common", "Engines.Redis.Scripts." + name);

    /// <exception cref="UnavailableException">Redis is away.</exception>
    public Task<RedisResult> RunAsync(RedisConnection redis, RedisKey tag, ScriptArguments arguments) =>
        _script.RunAsync(redis, [tag], arguments.Values);
}
