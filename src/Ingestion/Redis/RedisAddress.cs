using System.Globalization;
using Ingestion.Config;
using StackExchange.Redis;

namespace Ingestion.Redis;

/// <summary>
/// Where Redis is, from REDIS_URL (<c>redis[s]://[[user]:password@]host[:port][,host[:port]…][/database]</c>) or from REDIS_HOST and its
/// companions. Whether it is one server, a replicated one or a cluster, the servers tell.
/// </summary>
public static class RedisAddress
{
    private const int DefaultPort = 6379;

    /// <summary>Null where neither is set.</summary>
    /// <exception cref="FormatException">The message completes a sentence that begins with the variable's name.</exception>
    public static ConfigurationOptions? Read(Settings settings)
    {
        if (settings.RedisUrl is { } url) return Configure(Parse(url));
        if (settings.RedisHost is not { } host) return null;
        var options = new ConfigurationOptions { DefaultDatabase = settings.RedisDb, Password = settings.RedisPassword };
        options.EndPoints.Add(host, settings.RedisPort);
        return Configure(options);
    }

    /// <summary>What is wrong with REDIS_URL, or null.</summary>
    public static string? Check(Settings settings)
    {
        try
        {
            Read(settings);
            return null;
        }
        catch (FormatException wrong)
        {
            return "REDIS_URL=***: " + wrong.Message;
        }
    }

    internal static ConfigurationOptions Parse(string url)
    {
        var options = new ConfigurationOptions { Ssl = url.StartsWith("rediss://", StringComparison.Ordinal) };
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
        if (rest.LastIndexOf('@') is var at and >= 0)
        {
            var (user, password) = Split(rest[..at], ':');
            if (user.Length > 0 && password is not null) options.User = Uri.UnescapeDataString(user);
            options.Password = Uri.UnescapeDataString(password ?? user);
            rest = rest[(at + 1)..];
        }
        var (hosts, database) = Split(rest, '/');
        if (!string.IsNullOrEmpty(database))
        {
            if (!int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                throw new FormatException("what follows the last / must be the number of a database");
            options.DefaultDatabase = number;
        }
        foreach (var one in hosts.Split(','))
        {
            var colon = one.LastIndexOf(':');
            var hasPort = colon > one.LastIndexOf(']') && colon >= 0;
            var host = (hasPort ? one[..colon] : one).Trim('[', ']');
            var port = DefaultPort;
            if (host.Length == 0 || (hasPort && !TryReadPort(one[(colon + 1)..], out port)))
                throw new FormatException("must name a host, or several separated by commas, each with a port after a colon or none");
            options.EndPoints.Add(host, port);
        }
        return options;
    }

    private static ConfigurationOptions Configure(ConfigurationOptions options)
    {
        options.ClientName = "ingestion";
        // Redis may be away when the service starts, and come back at any time.
        options.AbortOnConnectFail = false;
        options.ConnectRetry = 1;
        options.ConnectTimeout = 3_000;
        options.AsyncTimeout = 3_000;
        options.SyncTimeout = 3_000;
        // For INFO and CONFIG GET, which only ask.
        options.AllowAdmin = true;
        options.ReconnectRetryPolicy = new ExponentialRetry(250, 2_000);
        return options;
    }

    private static bool TryReadPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65_535;

    private static (string First, string? Second) Split(string text, char at)
    {
        var index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0 ? (text, null) : (text[..index], text[(index + 1)..]);
    }
}
