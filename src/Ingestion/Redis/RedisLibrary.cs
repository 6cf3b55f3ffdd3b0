using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Ingestion.Redis;

/// <summary>
/// Functions in Lua. Unlike a script, a library is set up once and not with every call. Its name is of its text, so that instances of
/// different versions each call their own. A server that does not know it yet is sent it, once; replicas get it from their master.
/// </summary>
public sealed class RedisLibrary
{
    private readonly string _name;
    private readonly string _text;

    /// <param name="resources">Names of <c>.lua</c> files in this assembly, from the root of the source; one text in the end, that sees
    /// the library's name as LIBRARY.</param>
    public RedisLibrary(params ReadOnlySpan<string> resources)
    {
        var text = RedisScript.Load(resources);
        _name = "ingestion_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];
        _text = $"#!lua name={_name}\nlocal LIBRARY = '{_name}'\n{text}";
    }

    public string NameOf(string function) => $"{_name}_{function}";

    /// <param name="arguments">Of FCALL.</param>
    /// <exception cref="UnavailableException">Redis is away.</exception>
    public async Task<RedisResult> CallAsync(RedisConnection redis, object[] arguments)
    {
        try
        {
            return await redis.ExecuteAsync("FCALL", arguments);
        }
        catch (RedisServerException fault) when (fault.Message.Contains("Function not found", StringComparison.Ordinal))
        {
            await redis.TellMastersAsync("FUNCTION", "LOAD", "REPLACE", _text);
            return await redis.ExecuteAsync("FCALL", arguments);
        }
    }
}
