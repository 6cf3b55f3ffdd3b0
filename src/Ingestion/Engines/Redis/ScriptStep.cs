using System.Buffers.Binary;
using System.Text;
using Ingestion.Tasks;

namespace Ingestion.Engines.Redis;

/// <summary>
/// One step of the work script: a verb, its figures and names, packed in the order in which the verb's script unpacks them; and the
/// values that follow, of which it says the number first.
/// </summary>
internal sealed class ScriptStep
{
    /// <summary>Of a state or another byte: none is meant.</summary>
    private const byte None = 255;

    private readonly List<object> _values = new(16);
    private byte[] _packed = new byte[256];
    private int _length = 1 + sizeof(int);

    public ScriptStep(StepVerb verb) => _packed[0] = (byte)verb;

    public int Count => 1 + _values.Count;

    /// <summary>How many tasks it wants at the most; 0 where it is no lease.</summary>
    public int Wants { get; private init; }

    public static ScriptStep Lease(int max, TimeSpan time, string worker) =>
        new ScriptStep(StepVerb.Lease) { Wants = max }.Long(max).Time(time).Text(worker);

    public void CopyTo(object[] all, int at)
    {
        BinaryPrimitives.WriteInt32BigEndian(_packed.AsSpan(1), _values.Count);
        all[at] = (ReadOnlyMemory<byte>)_packed.AsMemory(0, _length);
        _values.CopyTo(all, at + 1);
    }

    public ScriptStep Byte(int? value)
    {
        Room(1)[0] = (byte)(value ?? None);
        return this;
    }

    public ScriptStep Byte(bool value) => Byte(value ? 1 : 0);

    public ScriptStep Int(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), value);
        return this;
    }

    public ScriptStep Long(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(Room(sizeof(long)), value);
        return this;
    }

    public ScriptStep Time(TimeSpan value) => Long(Math.Max(0, (long)value.TotalMilliseconds));

    public ScriptStep Text(string? value)
    {
        var bytes = Encoding.UTF8.GetByteCount(value ?? "");
        Int(bytes);
        Encoding.UTF8.GetBytes(value ?? "", Room(bytes));
        return this;
    }

    /// <summary>Without their number: the last that is packed.</summary>
    public ScriptStep Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Room(value.Length));
        return this;
    }

    /// <summary>Begins what every change of a task says: how many events, the state after them, and that details go.</summary>
    public ScriptStep Change(PreparedChange change) =>
        Int(change.Count).Byte((int?)change.State).Byte(change.HasDetails && change.Details is null);

    /// <summary>A byte for each event of a change.</summary>
    public ScriptStep Percentages(PreparedChange change)
    {
        Int(change.Count);
        for (var i = 0; i < change.Count; i++) Byte(change.Percentage(i));
        return this;
    }

    /// <summary>The events of a change, for scripts that number them, and what else it sets.</summary>
    public ScriptStep Values(PreparedChange change)
    {
        if (change.Count > 0) _values.Add(Lines(change));
        return Set("message", change.Message).Set("warnings", change.Warnings).Set("checkpoint", change.Checkpoint).Set("details", change.Details);
    }

    /// <summary>A field of the task's hash. What is null is left out.</summary>
    public ScriptStep Set(string name, object? value)
    {
        if (value is null) return this;
        _values.Add(name);
        _values.Add(value);
        return this;
    }

    /// <summary>The script lifts percentages to what the task has reached.</summary>
    public static byte[] Lines(PreparedChange change)
    {
        var none = 0;
        return change.Lines(ref none);
    }

    private Span<byte> Room(int bytes)
    {
        if (_length + bytes > _packed.Length) Array.Resize(ref _packed, Math.Max(_packed.Length * 2, _length + bytes));
        _length += bytes;
        return _packed.AsSpan(_length - bytes, bytes);
    }
}

/// <summary>As in sharing.lua.</summary>
internal enum StepVerb : byte
{
    Enqueue = 1,
    Lease = 2,
    Append = 3,
    Move = 4,
    Cancel = 5,
}
