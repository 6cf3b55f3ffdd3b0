using System.Security.Authentication;

namespace Ingestion.Redis;

/// <summary>What waiting does not mend: a connection that Redis, or this process, refuses.</summary>
internal static class RedisObstacle
{
    /// <summary>A sentence that says what to set; null where Redis is just away.</summary>
    public static string? Of(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            if (Says(fault, "WRONGPASS") || Says(fault, "NOAUTH") || Says(fault, "invalid password"))
                return "It refuses the user or the password. Set REDIS_PASSWORD, or both in REDIS_URL.";
            if (Says(fault, "NOPERM"))
                return "Its user may not do what is needed: docs/scaling-out.md has the line for ACL SETUSER.";
            if (fault is AuthenticationException)
            {
                return $"Its certificate is not accepted: {fault.Message}. Name Redis as its certificate does; that of an authority of your own "
                    + "belongs into SSL_CERT_FILE.";
            }
        }
        return null;
    }

    private static bool Says(Exception fault, string word) => fault.Message.Contains(word, StringComparison.Ordinal);
}
