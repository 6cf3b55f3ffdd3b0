using Ingestion.Tasks;

namespace Ingestion.Engines.Redis;

/// <summary>What a worker was given, or in how long something is due for it.</summary>
internal readonly record struct Taken(IReadOnlyList<Lease> Leases, TimeSpan Due);

/// <summary>
/// Workers of this process that found nothing to do. Who queues a task asks for it on behalf of one of them, right behind the task: it
/// is then picked up by the time that it is accepted.
/// </summary>
internal sealed class IdleWorkers
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiting = new();

    /// <summary>Workers that are looking, and how many of them are to look once more.</summary>
    private int _looking, _again;

    /// <summary>To be called before looking for work: what comes after that look is then not missed.</summary>
    public void Enter()
    {
        lock (_gate) _looking++;
    }

    public void Leave()
    {
        lock (_gate) _again = Math.Min(_again, --_looking);
    }

    /// <summary>Null where something has come since the worker began to look.</summary>
    public Waiter? Wait(string worker, int max)
    {
        lock (_gate)
        {
            if (_again > 0)
            {
                _again--;
                return null;
            }
            _looking--;
            return new Waiter(worker, max, _waiting);
        }
    }

    /// <summary>False where somebody is asking on the worker's behalf: the answer comes.</summary>
    public bool TryStop(Waiter waiter)
    {
        lock (_gate)
        {
            if (!waiter.TryRemove()) return false;
            _looking++;
            return true;
        }
    }

    /// <summary>The workers to ask for, as many as there are tasks; those that are looking already look again.</summary>
    public IReadOnlyList<Waiter> Call(int tasks)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _again = (int)Math.Min((long)_again + tasks, _looking);
                return [];
            }
            var called = _waiting.Take(tasks).ToList();
            foreach (var waiter in called) waiter.TryRemove();
            _again = (int)Math.Min((long)_again + tasks - called.Count, _looking);
            _looking += called.Count;
            return called;
        }
    }

    public sealed class Waiter : TaskCompletionSource<Taken>
    {
        private readonly LinkedListNode<Waiter> _place;

        public Waiter(string worker, int max, LinkedList<Waiter> line)
        {
            (Worker, Max) = (worker, max);
            _place = line.AddLast(this);
        }

        public string Worker { get; }
        public int Max { get; }

        public bool TryRemove()
        {
            if (_place.List is not { } line) return false;
            line.Remove(_place);
            return true;
        }
    }
}
