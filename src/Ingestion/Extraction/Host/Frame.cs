using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ingestion.Extraction.Host;

/// <summary>What a message between the service and a reading process is.</summary>
internal enum FrameKind : byte
{
    /// <summary>From the process, first of all: it is there, and of the same build.</summary>
    Ready = 1,

    /// <summary>To the process: a document to read.</summary>
    Read,

    Progress,
    Document,
    Refusal,

    /// <summary>What went wrong is no fault of the document: its file could not be opened, a reader has a bug.</summary>
    Fault,
}

/// <summary>
/// Messages on a pipe: four bytes of length, one of kind, then the fields one after another. Both ends are the same build on the same
/// machine, so numbers and elements travel as they lie in memory.
/// </summary>
internal sealed class FrameWriter
{
    private const int Head = 5;

    private readonly ArrayBufferWriter<byte> _bytes;

    /// <param name="capacity">Bytes that the fields will need, roughly: growing copies what is there.</param>
    public FrameWriter(FrameKind kind, int capacity = 0)
    {
        _bytes = new(capacity + 1024);
        _bytes.GetSpan(Head)[Head - 1] = (byte)kind;
        _bytes.Advance(Head);
    }

    public FrameWriter Add<T>(T value) where T : struct
    {
        MemoryMarshal.Write(_bytes.GetSpan(Unsafe.SizeOf<T>()), value);
        _bytes.Advance(Unsafe.SizeOf<T>());
        return this;
    }

    public FrameWriter AddOptional<T>(T? value) where T : struct => value is { } there ? Add(true).Add(there) : Add(false);

    public FrameWriter Add(string? text)
    {
        if (text is null) return Add(-1);
        var length = Encoding.UTF8.GetByteCount(text);
        Add(length);
        _bytes.Advance(Encoding.UTF8.GetBytes(text, _bytes.GetSpan(length)));
        return this;
    }

    public FrameWriter AddAll<T>(ReadOnlySpan<T> values) where T : struct
    {
        Add(values.Length);
        _bytes.Write(MemoryMarshal.AsBytes(values));
        return this;
    }

    /// <summary>All of a stream, whatever its place is.</summary>
    public FrameWriter AddAll(Stream stream)
    {
        var length = checked((int)stream.Length);
        Add(length);
        stream.Position = 0;
        stream.ReadExactly(_bytes.GetSpan(length)[..length]);
        _bytes.Advance(length);
        return this;
    }

    /// <summary>The whole message; the writer is done.</summary>
    public ReadOnlyMemory<byte> ToBytes()
    {
        var bytes = MemoryMarshal.AsMemory(_bytes.WrittenMemory);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.Span, bytes.Length - Head);
        return bytes;
    }
}

/// <summary>A message that came, and the place up to which its fields were taken.</summary>
internal ref struct FrameReader(ReadOnlySpan<byte> fields)
{
    private ReadOnlySpan<byte> _rest = fields;

    public T Take<T>() where T : struct
    {
        var value = MemoryMarshal.Read<T>(_rest);
        _rest = _rest[Unsafe.SizeOf<T>()..];
        return value;
    }

    public T? TakeOptional<T>() where T : struct => Take<bool>() ? Take<T>() : null;

    public string? TakeText()
    {
        var length = Take<int>();
        return length < 0 ? null : Encoding.UTF8.GetString(TakeBytes(length));
    }

    public T[] TakeAll<T>() where T : struct =>
        MemoryMarshal.Cast<byte, T>(TakeBytes(checked(Take<int>() * Unsafe.SizeOf<T>()))).ToArray();

    private ReadOnlySpan<byte> TakeBytes(int length)
    {
        var bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }
}

/// <summary>One message as it comes off a pipe.</summary>
internal readonly record struct Frame(FrameKind Kind, byte[] Fields)
{
    /// <summary>Bytes. Beyond it the other end is not what it should be.</summary>
    private const int MaxLength = 1 << 30;

    /// <summary>Null at the pipe's end.</summary>
    /// <exception cref="InvalidDataException">These are not messages.</exception>
    public static async ValueTask<Frame?> ReadAsync(Stream pipe, byte[] head, CancellationToken cancel)
    {
        if (await pipe.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel) < head.Length) return null;
        var fields = GC.AllocateUninitializedArray<byte>(LengthIn(head));
        return await pipe.ReadAtLeastAsync(fields, fields.Length, throwOnEndOfStream: false, cancel) < fields.Length
            ? null
            : new Frame((FrameKind)head[4], fields);
    }

    /// <inheritdoc cref="ReadAsync"/>
    public static Frame? Read(Stream pipe, byte[] head)
    {
        if (pipe.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length) return null;
        var fields = GC.AllocateUninitializedArray<byte>(LengthIn(head));
        return pipe.ReadAtLeast(fields, fields.Length, throwOnEndOfStream: false) < fields.Length ? null : new Frame((FrameKind)head[4], fields);
    }

    /// <summary>A buffer for the start of a message, to be used again and again.</summary>
    public static byte[] NewHead() => new byte[5];

    private static int LengthIn(byte[] head)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        return length is >= 0 and <= MaxLength ? length : throw new InvalidDataException($"A message of {length} bytes.");
    }
}
