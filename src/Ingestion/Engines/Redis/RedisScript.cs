using System.Security.Cryptography;
using System.Text;
using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>A file of <c>Scripts/</c>. A server is sent its hash; one that does not know the script yet is sent all of it, once.</summary>
internal sealed class RedisScript
{
    private static readonly string Common = Load("common");

    private readonly string _text;
    private readonly byte[] _hash;

    private RedisScript(string name)
    {
        _text = Common + Load(name);
#pragma warning disable CA5350 // What Redis knows scripts by.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(_text));
#pragma warning restore CA5350
    }

    public static readonly RedisScript Enqueue = new("enqueue");
    public static readonly RedisScript Lease = new("lease");
    public static readonly RedisScript Unanswered = new("unanswered");
    public static readonly RedisScript Renew = new("renew");
    public static readonly RedisScript Append = new("append");
    public static readonly RedisScript Move = new("move");
    public static readonly RedisScript Cancel = new("cancel");
    public static readonly RedisScript List = new("list");
    public static readonly RedisScript Expired = new("expired");
    public static readonly RedisScript Prune = new("prune");
    public static readonly RedisScript Stats = new("stats");

    /// <exception cref="UnavailableException">Redis is away.</exception>
    public Task<RedisResult> RunAsync(RedisConnection redis, RedisKey tag, ScriptArguments arguments) => redis.AskAsync(async database =>
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, [tag], arguments.Values);
        }
        catch (RedisServerException fault) when (fault.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await database.ExecuteAsync("EVAL", [_text, 1, tag, .. arguments.Values]);
        }
    });

    private static string Load(string name)
    {
        var resource = $"Ingestion.Engines.Redis.Scripts.{name}.lua";
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The script {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
