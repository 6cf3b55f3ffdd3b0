using System.Buffers;
using System.Text.Json;
using Ingestion.Tasks;

namespace Ingestion.Engines;

/// <summary>A <see cref="TaskChange"/> made ready on the caller's thread, so that the writer only has to write.</summary>
internal sealed class PreparedChange
{
    private readonly IReadOnlyList<TaskEvent> _events;
    private readonly byte[][] _bodies;
    private readonly string _taskId;
    private readonly string _tenant;

    public PreparedChange(string taskId, string tenant, TaskChange change)
    {
        (_taskId, _tenant, _events) = (taskId, tenant, change.Events);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, TaskEvent.WriterOptions);
        _bodies = new byte[_events.Count][];
        for (var i = 0; i < _bodies.Length; i++)
        {
            var one = _events[i] is ProgressEvent { Percentage: < 0 or > 100 } beyond
                ? beyond with { Percentage = Math.Clamp(beyond.Percentage, 0, 100) }
                : _events[i];
            _bodies[i] = one.ToJson(taskId, tenant, buffer, json);
            (Message, State, Details, HasDetails) = one switch
            {
                StatusEvent status => (status.Message, status.Current, Details, HasDetails),
                ProgressEvent progress => (progress.Message, State, progress.Details?.GetRawText(), true),
                MilestoneEvent milestone => (milestone.Message, State, milestone.Details?.GetRawText(), true),
                ErrorEvent error => (error.Error.Message, State, Details, HasDetails),
                _ => throw new ArgumentException($"No engine knows the event {one.Type}.", nameof(change)),
            };
        }
        Checkpoint = change.Checkpoint;
        Warnings = TaskJson.Write(change.Warnings);
        Committing = change.Committing;
    }

    public int Count => _bodies.Length;
    public TaskState? State { get; }
    public string? Message { get; }
    public string? Details { get; }

    /// <summary>Whether <see cref="Details"/>, null included, replaces what is there.</summary>
    public bool HasDetails { get; }

    public string? Checkpoint { get; }
    public string? Warnings { get; }
    public bool Committing { get; }

    /// <summary>What a progress event says, 0 to 100; null for any other.</summary>
    public int? Percentage(int index) => _events[index] is ProgressEvent progress ? Math.Clamp(progress.Percentage, 0, 100) : null;

    /// <summary>
    /// The events' bodies, a line each: JSON that is not indented has no line breaks. A percentage below what the task has reached is lifted
    /// to that.
    /// </summary>
    /// <param name="percentage">What the task has reached, before and after.</param>
    /// <returns>Empty where there is no event.</returns>
    public byte[] Lines(ref int percentage)
    {
        var bodies = new byte[_bodies.Length][];
        for (var i = 0; i < bodies.Length; i++) bodies[i] = Body(i, ref percentage);
        var lines = new byte[Math.Max(0, bodies.Sum(body => body.Length + 1) - 1)];
        var at = 0;
        foreach (var body in bodies)
        {
            if (at > 0) lines[at++] = (byte)'\n';
            body.CopyTo(lines, at);
            at += body.Length;
        }
        return lines;
    }

    private byte[] Body(int index, ref int percentage)
    {
        if (_events[index] is not ProgressEvent progress) return _bodies[index];
        percentage = Math.Clamp(progress.Percentage, percentage, 100);
        return percentage == Percentage(index) ? _bodies[index] : ToJson(progress with { Percentage = percentage });
    }

    private byte[] ToJson(TaskEvent one)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, TaskEvent.WriterOptions);
        return one.ToJson(_taskId, _tenant, buffer, json);
    }
}
