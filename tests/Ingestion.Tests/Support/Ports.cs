using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Ingestion.Tests.Support;

/// <summary>Ports of this machine for servers of our own.</summary>
public static class Ports
{
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>
    /// One that nobody listens on and that was not given before. It is below those that the system takes for outgoing connections: a server
    /// that is away for a while finds it free when it comes back.
    /// </summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 32_000);
            if (Given.ContainsKey(port) || !CanListen(port) || !Given.TryAdd(port, true)) continue;
            return port;
        }
    }

    private static bool CanListen(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
