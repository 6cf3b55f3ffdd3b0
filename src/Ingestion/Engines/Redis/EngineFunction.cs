using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>The functions of <c>Scripts/</c>.</summary>
internal sealed class EngineFunction
{
    private static readonly RedisLibrary Library = new([.. ((string[])
    [
        "common", "sharing", "enqueue", "lease", "append", "cancel", "move", "work", "unanswered", "renew", "events", "list", "expired",
        "prune", "stats", "take_webhooks", "close_webhook",
    ]).Select(part => "Engines.Redis.Scripts." + part)]);

    /// <summary>Any number of the steps that tasks go by; one answer a step.</summary>
    public static readonly EngineFunction Work = new("work");

    public static readonly EngineFunction Unanswered = new("unanswered");
    public static readonly EngineFunction Renew = new("renew");
    public static readonly EngineFunction Events = new("events");
    public static readonly EngineFunction List = new("list");
    public static readonly EngineFunction Expired = new("expired");
    public static readonly EngineFunction Prune = new("prune");
    public static readonly EngineFunction Stats = new("stats");
    public static readonly EngineFunction TakeWebhooks = new("take_webhooks");
    public static readonly EngineFunction CloseWebhook = new("close_webhook");

    private readonly string _name;

    private EngineFunction(string name) => _name = Library.NameOf(name);

    /// <summary>How many arguments come before a function's own.</summary>
    public const int Prefix = 3;

    /// <param name="arguments">Its first <see cref="Prefix"/> places are filled in here.</param>
    /// <exception cref="UnavailableException">Redis is away.</exception>
    public Task<RedisResult> RunAsync(RedisConnection redis, RedisKey tag, object[] arguments)
    {
        (arguments[0], arguments[1], arguments[2]) = (_name, 1, tag);
        return Library.CallAsync(redis, arguments);
    }
}
