using System.Globalization;
using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

/// <summary>Any order of calls, against a model of what each must do.</summary>
public partial class TaskEngineConformance
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_order_of_calls_keeps_every_rule(int seed)
    {
        var walk = new Walk(this, [await OpenAsync(), await OpenAsync()], new Random(seed));
        for (var step = 0; step < 200; step++)
        {
            var did = await walk.StepAsync();
            try
            {
                await walk.CheckAsync();
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"Seed {seed}, step {step}, after {did}: {fault.Message}", fault);
            }
        }
        Assert.True(walk.Ended > 10, string.Create(CultureInfo.InvariantCulture, $"The walk ended only {walk.Ended} tasks."));
    }

    private enum ModelPhase
    {
        Queued,
        Delayed,
        Parked,
        Running,
        Ended,
    }

    /// <summary>What the walk knows of one task.</summary>
    private sealed class Model(TaskSpec spec)
    {
        public TaskSpec Spec { get; } = spec;
        public ModelPhase Phase { get; set; }
        public TaskState State { get; set; } = TaskState.Pending;
        public int Attempt { get; set; }
        public int Failures { get; set; }
        public int Crashes { get; set; }
        public int Released { get; set; }
        public bool Cancel { get; set; }
        public int Percentage { get; set; }
        public long Events { get; set; } = 1;
        public DateTimeOffset Due { get; set; }
        public DateTimeOffset LeaseUntil { get; set; }

        public void End(TaskState state, int events)
        {
            (Phase, State) = (ModelPhase.Ended, state);
            Events += events;
        }
    }

    private sealed class Walk(TaskEngineConformance suite, ITaskEngine[] engines, Random random)
    {
        private readonly Dictionary<string, Model> _tasks = [];
        private readonly List<Lease> _leases = [];
        private ITaskEngine Engine => engines[random.Next(engines.Length)];
        private DateTimeOffset Now => suite.Time.GetUtcNow();

        public int Ended { get; private set; }

        public async Task<string> StepAsync()
        {
            switch (random.Next(12))
            {
                case 0 or 1:
                    return await EnqueueAsync();
                case 2 or 3 or 4:
                    return await LeaseAsync();
                case 5:
                    return await AppendAsync();
                case 6 or 7 or 8:
                    return await FinishAsync();
                case 9:
                    return await CancelAsync();
                case 10:
                    return random.Next(2) == 0 ? await ResumeAsync() : await RetryAsync();
                default:
                    return await AdvanceAsync();
            }
        }

        public async Task CheckAsync()
        {
            var stats = await Engine.StatsAsync(Stop);
            Assert.Equal(_tasks.Values.Count(task => task.Phase is ModelPhase.Queued or ModelPhase.Delayed), stats.Waiting);
            Assert.Equal(_tasks.Values.Count(task => task.Phase == ModelPhase.Running), stats.Running);
            Assert.Equal(_tasks.Values.Count(task => task.Phase == ModelPhase.Parked), stats.Parked);
            foreach (var model in _tasks.Values)
            {
                var task = await Engine.GetAsync(model.Spec.TenantId, model.Spec.TaskId, Stop);
                Assert.NotNull(task);
                Assert.Equal(
                    (model.State, model.Attempt, model.Failures, model.Crashes, model.Released, model.Percentage, model.Events),
                    (task.State, task.Attempt, task.Failures, task.Crashes, task.Released, task.Percentage, task.LastEvent));
                Assert.Equal(model.Phase == ModelPhase.Ended, task.CompletedAt is not null);
            }
            var any = Any(_tasks.Values);
            if (any is not null) Assert.Equal(any.Events, (await EventsAsync(Engine, any.Spec.TaskId, any.Spec.TenantId)).Count);
            Ended = _tasks.Values.Count(task => task.Phase == ModelPhase.Ended);
        }

        private async Task<string> EnqueueAsync()
        {
            var spec = await TaskEngineConformance.EnqueueAsync(Engine, suite.Spec($"tenant-{random.Next(3)}", priority: random.Next(2)));
            _tasks.Add(spec.TaskId, new Model(spec));
            return "enqueue";
        }

        private async Task<string> LeaseAsync()
        {
            var max = random.Next(1, 4);
            foreach (var task in _tasks.Values.Where(task => task.Phase is ModelPhase.Delayed or ModelPhase.Parked && task.Due <= Now))
                task.Phase = ModelPhase.Queued;
            var due = _tasks.Values.Count(task => task.Phase == ModelPhase.Queued);
            var leases = await TaskEngineConformance.LeaseAsync(Engine, max);
            Assert.Equal(Math.Min(max, due), leases.Count);
            foreach (var lease in leases)
            {
                var task = _tasks[lease.TaskId];
                Assert.Equal(ModelPhase.Queued, task.Phase);
                Assert.Equal(++task.Attempt, lease.Attempt);
                (task.Phase, task.LeaseUntil) = (ModelPhase.Running, Now + suite.LeaseTime);
                _leases.Add(lease);
            }
            return $"lease {max}";
        }

        private async Task<string> AppendAsync()
        {
            if (Any(_leases) is not { } lease) return "nothing";
            var task = _tasks[lease.TaskId];
            var percentage = random.Next(100);
            var reply = await Engine.AppendAsync(lease, suite.Progress(percentage), Stop);
            Assert.Equal(!Holds(lease) ? LeaseReply.Lost : task.Cancel ? LeaseReply.CancelRequested : LeaseReply.Held, reply);
            if (reply == LeaseReply.Held)
            {
                task.Percentage = Math.Max(task.Percentage, percentage);
                task.Events++;
                task.LeaseUntil = Now + suite.LeaseTime;
            }
            Assert.Equal([reply], await Engine.RenewAsync([lease], Stop));
            if (reply == LeaseReply.Held) task.LeaseUntil = Now + suite.LeaseTime;
            return $"append, {reply}";
        }

        private async Task<string> FinishAsync()
        {
            if (Any(_leases) is not { } lease) return "nothing";
            if (random.Next(4) > 0) _leases.Remove(lease);
            TaskOutcome[] outcomes =
            [
                suite.Completed(), suite.Failed(), suite.Cancelled(), suite.RetryIn(random.Next(8) * suite.Tick), suite.Released(),
                suite.ParkedFor(random.Next(2) == 0 ? null : random.Next(8) * suite.Tick),
            ];
            var outcome = outcomes[random.Next(outcomes.Length)];
            var held = Holds(lease);
            Assert.Equal(held, await Engine.FinishAsync(lease, outcome, Stop));
            if (!held) return $"late {outcome.Kind}";
            var task = _tasks[lease.TaskId];
            var events = outcome.Change.Events.Count;
            switch (outcome.Kind)
            {
                case OutcomeKind.Completed:
                    task.End(TaskState.Completed, events);
                    task.Percentage = 100;
                    break;
                case OutcomeKind.Failed:
                    task.End(TaskState.Failed, events);
                    break;
                case OutcomeKind.Cancelled:
                    task.End(TaskState.Cancelled, events);
                    break;
                default:
                    if (task.Cancel)
                    {
                        task.End(TaskState.Cancelled, 1);
                        break;
                    }
                    task.Events += events;
                    task.Due = outcome.At ?? DateTimeOffset.MaxValue;
                    task.State = outcome.Kind == OutcomeKind.Parked ? TaskState.Embedding : TaskState.Pending;
                    task.Phase = outcome.Kind switch
                    {
                        OutcomeKind.Retry => ModelPhase.Delayed,
                        OutcomeKind.Parked => ModelPhase.Parked,
                        _ => ModelPhase.Queued,
                    };
                    if (outcome.Kind == OutcomeKind.Retry) task.Failures++;
                    if (outcome.Kind == OutcomeKind.Released) task.Released++;
                    break;
            }
            return outcome.Kind.ToString();
        }

        private async Task<string> CancelAsync()
        {
            if (Any(_tasks.Values) is not { } task) return "nothing";
            var kind = (await Engine.CancelAsync(task.Spec.TenantId, task.Spec.TaskId, Stop)).Kind;
            Assert.Equal(
                task switch
                {
                    { State: TaskState.Cancelled } => CancelKind.Cancelled,
                    { Phase: ModelPhase.Ended } => CancelKind.Finished,
                    { Phase: ModelPhase.Running } => CancelKind.Requested,
                    _ => CancelKind.Cancelled,
                },
                kind);
            if (task.Phase == ModelPhase.Running) task.Cancel = true;
            else if (task.Phase != ModelPhase.Ended) task.End(TaskState.Cancelled, 1);
            return $"cancel, {kind}";
        }

        private async Task<string> ResumeAsync()
        {
            if (Any(_tasks.Values) is not { } task) return "nothing";
            Assert.Equal(task.Phase == ModelPhase.Parked, await Engine.ResumeAsync(task.Spec.TenantId, task.Spec.TaskId, task.Attempt, TaskChange.None, Stop));
            if (task.Phase == ModelPhase.Parked) task.Phase = ModelPhase.Queued;
            return "resume";
        }

        private async Task<string> RetryAsync()
        {
            if (Any(_tasks.Values) is not { } task) return "nothing";
            var ended = task.State is TaskState.Failed or TaskState.Cancelled;
            var kind = (await Engine.RetryAsync(task.Spec.TenantId, task.Spec.TaskId, Stop)).Kind;
            Assert.Equal(ended ? RetryKind.Queued : RetryKind.NotEnded, kind);
            if (!ended) return "retry in vain";
            (task.Phase, task.State, task.Cancel) = (ModelPhase.Queued, TaskState.Pending, false);
            (task.Failures, task.Crashes, task.Released) = (0, 0, 0);
            task.Events++;
            return "retry";
        }

        private async Task<string> AdvanceAsync()
        {
            await suite.AdvanceAsync(random.Next(1, 8) * suite.Tick);
            var lost = _tasks.Values.Where(task => task.Phase == ModelPhase.Running && task.LeaseUntil <= Now).ToList();
            foreach (var task in lost)
            {
                task.Crashes++;
                if (task.Cancel) task.End(TaskState.Cancelled, 1);
                else if (task.Crashes == TaskRules.MaxCrashes) task.End(TaskState.Failed, 2);
                else
                {
                    // A worker that had told nothing leaves nothing to tell.
                    if (task.State != TaskState.Pending) task.Events++;
                    (task.Phase, task.State) = (ModelPhase.Queued, TaskState.Pending);
                }
            }
            var swept = await Engine.SweepAsync(Stop);
            Assert.Equal(lost.Count, swept.Rescued);
            Assert.Equal(
                lost.Where(task => task.Phase == ModelPhase.Ended).Select(task => task.Spec.TaskId).Order(),
                swept.Ended.Select(task => task.Spec.TaskId).Order());
            foreach (var gone in swept.Pruned)
            {
                Assert.Equal(ModelPhase.Ended, _tasks[gone.TaskId].Phase);
                _tasks.Remove(gone.TaskId);
                _leases.RemoveAll(lease => lease.TaskId == gone.TaskId);
            }
            return "advance and sweep";
        }

        private bool Holds(Lease lease) => _tasks[lease.TaskId] is { Phase: ModelPhase.Running } task && task.Attempt == lease.Attempt;

        private T? Any<T>(IReadOnlyCollection<T> from) where T : class => from.Count == 0 ? null : from.ElementAt(random.Next(from.Count));
    }
}
