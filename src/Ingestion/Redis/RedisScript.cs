using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Ingestion.Redis;

/// <summary>A Lua script. A server is sent its hash; one that does not know the script yet is sent all of it, once.</summary>
public sealed class RedisScript
{
    private readonly string _text;
    private readonly byte[] _hash;

    /// <param name="resources">Names of <c>.lua</c> files in this assembly, from the root of the source; one text in the end.</param>
    public RedisScript(params ReadOnlySpan<string> resources)
    {
        _text = Load(resources);
#pragma warning disable CA5350 // What Redis knows scripts by.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(_text));
#pragma warning restore CA5350
    }

    /// <inheritdoc cref="RedisConnection.AskAsync"/>
    public Task<RedisResult> RunAsync(RedisConnection redis, RedisKey[] keys, RedisValue[] values, bool evenHeld = false) => redis.AskAsync(async database =>
    {
        try
        {
            return await database.ScriptEvaluateAsync(_hash, keys, values);
        }
        catch (RedisServerException fault) when (fault.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await database.ExecuteAsync("EVAL", [_text, keys.Length, .. keys, .. values]);
        }
    }, evenHeld);

    internal static string Load(params ReadOnlySpan<string> resources)
    {
        var text = new StringBuilder();
        foreach (var resource in resources)
        {
            using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream($"Ingestion.{resource}.lua")
                ?? throw new InvalidOperationException($"The script {resource} is not in the assembly.");
            using var reader = new StreamReader(stream);
            text.Append(reader.ReadToEnd());
        }
        return text.ToString();
    }
}
