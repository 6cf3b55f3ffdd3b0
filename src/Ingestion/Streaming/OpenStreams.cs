namespace Ingestion.Streaming;

/// <summary>Sockets and event streams of this process, by tenant: none may hold so many that there is no memory for the others'.</summary>
/// <param name="limitOf">How many a tenant may have open at once.</param>
public sealed class OpenStreams(Func<string, int> limitOf)
{
    private readonly Dictionary<string, int> _open = [];

    public int LimitOf(string tenant) => limitOf(tenant);

    /// <summary>Counts one until it is disposed. Null where the tenant has as many as it may.</summary>
    public IDisposable? TryOpen(string tenant)
    {
        var limit = limitOf(tenant);
        lock (_open)
        {
            var open = _open.GetValueOrDefault(tenant);
            if (open >= limit) return null;
            _open[tenant] = open + 1;
        }
        return new Place(this, tenant);
    }

    private void Close(string tenant)
    {
        lock (_open)
        {
            if (--_open[tenant] == 0) _open.Remove(tenant);
        }
    }

    private sealed class Place(OpenStreams streams, string tenant) : IDisposable
    {
        private bool _closed;

        public void Dispose()
        {
            if (_closed) return;
            _closed = true;
            streams.Close(tenant);
        }
    }
}
