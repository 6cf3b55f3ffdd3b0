namespace Ingestion.Embedding.Pacing;

/// <summary>
/// The pace of one process. Processes that share one SQLite file learn each for itself: they are few and on one machine, and a file that is
/// written for every call would cost more than the refusals it saves.
/// </summary>
public sealed class ProcessPace(TimeProvider time) : IEmbeddingPace
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Lane> _lanes = [];

    public ValueTask<PaceAnswer> EnterAsync(string lane, TimeSpan longest, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_lanes.TryGetValue(lane, out var own)) _lanes.Add(lane, own = new Lane());
            var now = Now();
            if (own.PausedUntil > now) return new(new PaceAnswer(null, TimeSpan.FromMilliseconds(own.PausedUntil - now), IsPause: true));
            if (own.Calls >= (int)own.AtOnce) return new(new PaceAnswer(null, PaceRules.Look, IsPause: false));
            own.Calls++;
            return new(new PaceAnswer(new PaceTurn(lane, "", now), default, IsPause: false));
        }
    }

    public ValueTask LeaveAsync(PaceTurn turn, CallEnd end, TimeSpan pause)
    {
        lock (_lock)
        {
            var own = _lanes[turn.Lane];
            own.Calls--;
            var now = Now();
            if (end == CallEnd.Calm) own.AtOnce = Math.Min(PaceRules.Most, own.AtOnce + 1 / own.AtOnce);
            if (end != CallEnd.Busy) return ValueTask.CompletedTask;
            // Calls that began before the last cut tell nothing new.
            if (turn.Began > own.CutAt)
            {
                own.AtOnce = Math.Max(1, own.AtOnce / 2);
                own.CutAt = now;
            }
            own.PausedUntil = Math.Max(own.PausedUntil, now + (long)Math.Min(pause.TotalMilliseconds, PaceRules.LongestPause.TotalMilliseconds));
        }
        return ValueTask.CompletedTask;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private sealed class Lane
    {
        public double AtOnce { get; set; } = PaceRules.Start;
        public int Calls { get; set; }
        public long CutAt { get; set; } = long.MinValue;
        public long PausedUntil { get; set; }
    }
}
