using Ingestion.Tasks;
using StackExchange.Redis;

namespace Ingestion.Engines.Redis;

/// <summary>One step of a script: a verb, and the names and values that it is called with. What is null is left out.</summary>
internal sealed class ScriptArguments
{
    private readonly List<RedisValue> _values = new(64);

    /// <param name="verb">Empty where the script knows only one.</param>
    public ScriptArguments(string verb) => _values.AddRange([verb, default]);

    public int Count => _values.Count;

    public void CopyTo(RedisValue[] values, int at)
    {
        _values.CopyTo(values, at);
        values[at + 1] = (_values.Count - 2) / 2;
    }

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
