using System.Globalization;
using Ingestion.Config;
using Npgsql;

namespace Ingestion.Postgres;

/// <summary>
/// Where PostgreSQL is, from DATABASE_URL: <c>postgres://[user[:password]@]host[:port][,host[:port]…]/database[?name=value&amp;…]</c>, with the
/// names that libpq knows and a few of ours.
/// </summary>
public static class PostgresAddress
{
    private static readonly Dictionary<string, Action<NpgsqlConnectionStringBuilder, string>> Parameters = new(StringComparer.Ordinal)
    {
        ["sslmode"] = (address, value) => address.SslMode = Enum.Parse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true),
        ["sslrootcert"] = (address, value) => address.RootCertificate = value,
        ["sslcert"] = (address, value) => address.SslCertificate = value,
        ["sslkey"] = (address, value) => address.SslKey = value,
        ["application_name"] = (address, value) => address.ApplicationName = value,
        ["connect_timeout"] = (address, value) => address.Timeout = Seconds(value),
        ["statement_timeout"] = (address, value) => address.CommandTimeout = Seconds(value),
        ["max_connections"] = (address, value) => address.MaxPoolSize = Seconds(value),
    };

    /// <summary>Null where it is not set.</summary>
    /// <exception cref="FormatException">The message completes a sentence that begins with the variable's name.</exception>
    public static NpgsqlConnectionStringBuilder? Read(Settings settings) => settings.DatabaseUrl is { } url ? Parse(url) : null;

    /// <summary>What is wrong with DATABASE_URL, or null.</summary>
    public static string? Check(Settings settings)
    {
        try
        {
            Read(settings);
            return null;
        }
        catch (FormatException wrong)
        {
            return "DATABASE_URL=***: " + wrong.Message;
        }
    }

    internal static NpgsqlConnectionStringBuilder Parse(string url)
    {
        var address = new NpgsqlConnectionStringBuilder
        {
            ApplicationName = "ingestion",
            Timeout = 5,
            CommandTimeout = 60,
            MaxPoolSize = 20,
            // Bytes. A search's answer can have many rows.
            ReadBufferSize = 1 << 16,
            // Half-open connections after a failover are noticed by the system, not by a request that waits.
            TcpKeepAlive = true,
        };
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var query = "";
        if (rest.IndexOf('?', StringComparison.Ordinal) is var mark and >= 0) (rest, query) = (rest[..mark], rest[(mark + 1)..]);
        if (rest.LastIndexOf('@') is var at and >= 0)
        {
            var user = rest[..at].Split(':', 2);
            address.Username = Uri.UnescapeDataString(user[0]);
            if (user.Length == 2) address.Password = Uri.UnescapeDataString(user[1]);
            rest = rest[(at + 1)..];
        }
        var parts = rest.Split('/', 2);
        if (parts[0].Length == 0 || parts[0].Split(',').Any(host => host.Length == 0 || host[0] == ':'))
            throw new FormatException("must name a host, or several separated by commas, each with a port after a colon or none");
        address.Host = parts[0];
        if (parts.Length < 2 || parts[1].Length == 0) throw new FormatException("must name a database after the host, as in postgres://user:password@host/ingestion");
        address.Database = Uri.UnescapeDataString(parts[1]);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var named = pair.Split('=', 2);
            Set(address, named[0], named.Length == 2 ? Uri.UnescapeDataString(named[1]) : "");
        }
        return address;
    }

    private static void Set(NpgsqlConnectionStringBuilder address, string name, string value)
    {
        if (!Parameters.TryGetValue(name, out var set))
            throw new FormatException($"the parameter {name} is not known; known are {string.Join(", ", Parameters.Keys)}");
        try
        {
            set(address, value);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or OverflowException)
        {
            throw new FormatException($"the parameter {name} cannot be {(value.Length == 0 ? "empty" : value)}", fault);
        }
    }

    private static int Seconds(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
