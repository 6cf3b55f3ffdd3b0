using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>The names and values that a script is called with. What is null is left out.</summary>
internal sealed class ScriptArguments
{
    private readonly List<RedisValue> _values;

    /// <param name="now">Null: the server's own time.</param>
    public ScriptArguments(DateTimeOffset? now, string instance) =>
        _values = [now is { } time ? time.ToUnixTimeMilliseconds() : RedisValue.EmptyString, instance];

    public RedisValue[] Values => [.. _values];

    public ScriptArguments With(string name, RedisValue value)
    {
        if (value.IsNull) return this;
        _values.Add(name);
        _values.Add(value);
        return this;
    }

    public ScriptArguments With(string name, bool value) => value ? With(name, 1) : this;

    public ScriptArguments With(string name, TimeSpan value) => With(name, Math.Max(0, (long)value.TotalMilliseconds));

    /// <summary>A change of a task, for scripts that write one.</summary>
    public ScriptArguments With(PreparedChange change)
    {
        With("state", change.State?.Wire()).With("message", change.Message).With("warnings", change.Warnings)
            .With("checkpoint", change.Checkpoint).With("committing", change.Committing).With("events", change.Count);
        if (change.HasDetails && change.Details is null) With("no_details", true);
        else With("details", change.Details);
        for (var i = 0; i < change.Count; i++)
        {
            With($"event{i + 1}", change.RawBody(i));
            if (change.Percentage(i) is { } percentage) With($"percentage{i + 1}", percentage);
        }
        return this;
    }
}
