using System.Buffers.Binary;
using System.Text;
using Ingestion.Tasks;

namespace Ingestion.Engines.Redis;

/// <summary>
/// One step of the work script: a verb; its figures and names, packed in the order in which the verb's script unpacks them; and the
/// values that follow, of which it says the number first.
/// </summary>
internal sealed class ScriptStep
{
    /// <summary>Of a state or another byte: none is meant.</summary>
    private const byte None = 255;

    private readonly string _verb;
    private readonly List<object> _values = new(16);
    private byte[] _packed = new byte[256];
    private int _length = sizeof(int);

    public ScriptStep(string verb) => _verb = verb;

    public int Count => 2 + _values.Count;

    public bool IsLease => _verb == "lease";

    public void CopyTo(object[] all, int at)
    {
        BinaryPrimitives.WriteInt32BigEndian(_packed, _values.Count);
        all[at] = _verb;
        all[at + 1] = (ReadOnlyMemory<byte>)_packed.AsMemory(0, _length);
        _values.CopyTo(all, at + 2);
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
        for (var i = 0; i < change.Count; i++) _values.Add(change.RawBody(i));
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

    private Span<byte> Room(int bytes)
    {
        if (_length + bytes > _packed.Length) Array.Resize(ref _packed, Math.Max(_packed.Length * 2, _length + bytes));
        _length += bytes;
        return _packed.AsSpan(_length - bytes, bytes);
    }
}
