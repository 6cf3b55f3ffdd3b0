using Ingestion.Sqlite;

namespace Ingestion.Engines;

/// <summary>Notices what other processes commit to the file, by asking its version now and then, only while someone follows.</summary>
internal sealed class ForeignCommits(SqliteDatabase database, Action seen)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private int _followers;
    private bool _asking;
    private long _version;

    /// <summary>Dispose to stop following.</summary>
    public IDisposable Follow()
    {
        lock (_gate)
        {
            _followers++;
            if (!_asking) _ = AskAsync();
            _asking = true;
        }
        return new Follower(this);
    }

    private async Task AskAsync()
    {
        while (true)
        {
            await Task.Delay(Interval);
            lock (_gate)
            {
                _asking = _followers > 0;
                if (!_asking) return;
            }
            try
            {
                var version = await database.ReadForeignVersionAsync();
                if (version == _version) continue;
                _version = version;
                seen();
            }
            catch (UnavailableException)
            {
                // Whoever follows meets the same fault in its own calls; this one asks again.
            }
        }
    }

    private sealed class Follower(ForeignCommits owner) : IDisposable
    {
        private ForeignCommits? _owner = owner;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _owner, null) is not { } left) return;
            lock (left._gate) left._followers--;
        }
    }
}
