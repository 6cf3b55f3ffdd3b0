using System.Text.Json;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>
/// What one attempt has to tell: it collects events and writes them a few times a second, so that a short document costs one write
/// and a long one shows its progress. Milestones and changes of state are never dropped; progress is.
/// </summary>
public sealed class TaskStory : IAsyncDisposable
{
    private static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly ITaskEngine _engine;
    private readonly LeaseHold _hold;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private List<TaskEvent> _events = [];
    private ProgressEvent? _latest;
    private long _lastProgress;
    private Checkpoint _checkpoint;
    private bool _checkpointChanged;
    private List<string> _warnings;
    private bool _warningsChanged;
    private bool _closed;

    public TaskStory(ITaskEngine engine, LeaseHold hold, TimeProvider time)
    {
        _engine = engine;
        _hold = hold;
        _time = time;
        State = hold.Lease.Task.State;
        Percentage = hold.Lease.Task.Percentage;
        _checkpoint = Checkpoint.Parse(hold.Lease.Task.Checkpoint);
        _warnings = [.. hold.Lease.Task.Warnings];
        _timer = time.CreateTimer(_ => _ = FlushQuietlyAsync(), null, FlushEvery, FlushEvery);
    }

    public TaskState State { get; private set; }

    public int Percentage { get; private set; }

    public Checkpoint Checkpoint
    {
        get
        {
            lock (_lock) return _checkpoint;
        }
    }

    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_lock) return [.. _warnings];
        }
    }

    public void MoveTo(TaskState state, string message)
    {
        lock (_lock)
        {
            if (State == state) return;
            AddLatest();
            _events.Add(new StatusEvent(_time.GetUtcNow(), State, state, message));
            State = state;
        }
    }

    /// <summary>A milestone and the percentage that stands for it; only the percentage where an earlier attempt told the milestone.</summary>
    public void Reach(string milestone, int percentage, string message, JsonElement details)
    {
        lock (_lock)
        {
            _latest = null;
            var now = _time.GetUtcNow();
            if (!_checkpoint.Milestones.Contains(milestone))
            {
                _checkpoint = _checkpoint with { Milestones = [.. _checkpoint.Milestones, milestone] };
                _checkpointChanged = true;
                _events.Add(new MilestoneEvent(now, milestone, message, details));
            }
            Percentage = Math.Max(Percentage, percentage);
            _events.Add(new ProgressEvent(now, Percentage, percentage == 100 ? TaskState.Completed : State, message, details));
            _lastProgress = _time.GetTimestamp();
        }
    }

    /// <summary>At most five a second are told; of those in between, the last.</summary>
    public void Progress(int percentage, string message, JsonElement? details = null)
    {
        lock (_lock)
        {
            if (_closed) return;
            Percentage = Math.Max(Percentage, percentage);
            _latest = new ProgressEvent(_time.GetUtcNow(), Percentage, State, message, details);
        }
    }

    public void Warn(string sentence)
    {
        lock (_lock)
        {
            if (_warnings.Contains(sentence)) return;
            _warnings = [.. _warnings, sentence];
            _warningsChanged = true;
        }
    }

    public void Remember(Func<Checkpoint, Checkpoint> change)
    {
        lock (_lock)
        {
            _checkpoint = change(_checkpoint);
            _checkpointChanged = true;
        }
    }

    /// <summary>Adds to what a step has taken, over all attempts.</summary>
    public void Took(string step, TimeSpan time) => Remember(checkpoint =>
    {
        var timings = new Dictionary<string, long>(checkpoint.Timings);
        timings[step] = timings.GetValueOrDefault(step) + (long)time.TotalMilliseconds;
        return checkpoint with { Timings = timings };
    });

    /// <summary>Writes what has been told so far. Ends the attempt where the lease is gone or a cancel was asked for.</summary>
    /// <exception cref="OperationCanceledException">The attempt has ended; the hold knows why.</exception>
    public async Task FlushAsync(bool committing = false)
    {
        await _flushing.WaitAsync();
        try
        {
            var change = Take() with { Committing = committing };
            if (change.Events.Count == 0 && change.Checkpoint is null && change.Warnings is null && !committing) return;
            LeaseReply reply;
            try
            {
                reply = await _engine.AppendAsync(_hold.Lease, change, CancellationToken.None);
            }
            catch (UnavailableException)
            {
                PutBack(change);
                throw;
            }
            switch (reply)
            {
                case LeaseReply.Held: return;
                case LeaseReply.CancelRequested: _hold.End(EndReason.Cancelled); break;
                case LeaseReply.Lost: _hold.End(EndReason.Lost); break;
            }
            throw new OperationCanceledException(_hold.Token);
        }
        finally
        {
            _flushing.Release();
        }
    }

    /// <summary>
    /// Stops writing: what is told from now on goes with the outcome. The task's end must, or a follower would see it before its result,
    /// and a crash in between would take it back.
    /// </summary>
    public async Task StopWritingAsync()
    {
        await _timer.DisposeAsync();
        lock (_lock) _closed = true;
        await _flushing.WaitAsync();
        _flushing.Release();
    }

    /// <summary>Stops telling, and hands over what has not been written yet, for the outcome to carry.</summary>
    public async Task<TaskChange> CloseAsync()
    {
        await StopWritingAsync();
        return Take();
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _flushing.WaitAsync();
        _flushing.Dispose();
    }

    private TaskChange Take()
    {
        lock (_lock)
        {
            if (_latest is not null && (_closed || _time.GetElapsedTime(_lastProgress) >= ProgressEvery)) AddLatest();
            var change = new TaskChange
            {
                Events = _events,
                Checkpoint = _checkpointChanged ? _checkpoint.ToJson() : null,
                Warnings = _warningsChanged ? _warnings : null,
            };
            _events = [];
            _checkpointChanged = _warningsChanged = false;
            return change;
        }
    }

    private void PutBack(TaskChange change)
    {
        lock (_lock)
        {
            _events = [.. change.Events, .. _events];
            _checkpointChanged |= change.Checkpoint is not null;
            _warningsChanged |= change.Warnings is not null;
        }
    }

    private void AddLatest()
    {
        if (_latest is null) return;
        _events.Add(_latest);
        _latest = null;
        _lastProgress = _time.GetTimestamp();
    }

    private async Task FlushQuietlyAsync()
    {
        lock (_lock)
        {
            if (_closed || (_events.Count == 0 && (_latest is null || _time.GetElapsedTime(_lastProgress) < ProgressEvery))) return;
        }
        try
        {
            await FlushAsync();
        }
        catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
        {
            // The hold has been told why; the attempt is ending.
        }
        catch (UnavailableException)
        {
            // The events wait for the next flush; the lease decides whether the attempt goes on.
        }
    }
}
