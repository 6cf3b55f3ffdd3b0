using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Ingestion.Benchmarks;

/// <summary>
/// Damages documents as a hostile hand would, the same way for the same seed: also inside what is packed, in the entries of a ZIP and in
/// the streams of a PDF, where damage to the packed bytes alone would never get past the unpacking.
/// </summary>
public static class Mutator
{
    private const int MaxPacked = 4_000_000;

    private static readonly string[] Numbers =
        ["0", "-1", "1", "255", "256", "65535", "65536", "2147483647", "-2147483648", "4294967295", "99999999999999999999", "1e308", "-0.0"];

    /// <param name="other">A document of the same format, from which stretches are borrowed.</param>
    public static byte[] Mutate(byte[] whole, byte[] other, int seed)
    {
        var random = new Random(seed);
        if (whole.AsSpan().StartsWith("PK\u0003\u0004"u8) && random.Next(10) < 8)
        {
            try
            {
                return MutateEntries(whole, other, random);
            }
            catch (InvalidDataException)
            {
                return MutateBytes(whole, other, random);
            }
        }
        if (whole.AsSpan().StartsWith("%PDF"u8) && random.Next(10) < 5) return MutateStream(whole, random);
        return MutateBytes(whole, other, random);
    }

    private static byte[] MutateEntries(byte[] whole, byte[] other, Random random)
    {
        var packed = new MemoryStream();
        using (var from = new ZipArchive(new MemoryStream(whole)))
        using (var to = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            var chosen = random.Next(from.Entries.Count);
            for (var i = 0; i < from.Entries.Count; i++)
            {
                var bytes = new MemoryStream();
                using (var entry = from.Entries[i].Open()) entry.CopyTo(bytes);
                var content = bytes.ToArray();
                if (i == chosen || random.Next(from.Entries.Count) == 0) content = MutateBytes(content, content.Length > 0 ? content : other, random);
                using var written = to.CreateEntry(from.Entries[i].FullName, CompressionLevel.Fastest).Open();
                written.Write(content);
            }
        }
        return packed.ToArray();
    }

    private static byte[] MutateStream(byte[] whole, Random random)
    {
        var starts = new List<int>();
        for (var at = 0; whole.AsSpan(at).IndexOf("stream"u8) is var found and >= 0; at += found + 6)
        {
            var start = at + found;
            if (start >= 3 && whole.AsSpan(start - 3, 3).SequenceEqual("end"u8)) continue;
            start += 6;
            while (start < whole.Length && whole[start] is (byte)'\r' or (byte)'\n') start++;
            starts.Add(start);
        }
        if (starts.Count == 0) return MutateBytes(whole, whole, random);
        var from = starts[random.Next(starts.Count)];
        var length = whole.AsSpan(from).IndexOf("endstream"u8);
        if (length <= 0) return MutateBytes(whole, whole, random);
        var packed = whole.AsSpan(from, length).ToArray();
        var content = Unpacked(packed);
        var mutated = MutateBytes(content ?? packed, content ?? packed, random);
        if (content is not null)
        {
            var repacked = new MemoryStream();
            using (var zlib = new ZLibStream(repacked, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(mutated);
            mutated = repacked.ToArray();
        }
        // At its old length, so that everything behind it stays where the file's own table says.
        if (mutated.Length < length) Array.Resize(ref mutated, length);
        return [.. whole.AsSpan(0, from), .. mutated, .. whole.AsSpan(from + length)];
    }

    private static byte[]? Unpacked(byte[] packed)
    {
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(packed), CompressionMode.Decompress);
            var bytes = new MemoryStream();
            var buffer = new byte[64 * 1024];
            while (bytes.Length < MaxPacked && zlib.Read(buffer) is var read and > 0) bytes.Write(buffer, 0, read);
            return bytes.Length > 0 ? bytes.ToArray() : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static byte[] MutateBytes(byte[] whole, byte[] other, Random random)
    {
        var bytes = whole.ToList();
        for (var rounds = 1 << random.Next(5); rounds > 0 && bytes.Count > 0; rounds--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(bytes.Count - at, 1 << random.Next(12));
            switch (random.Next(10))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 4:
                    Overwrite(bytes, at, random);
                    break;
                case 5 or 6:
                    ReplaceNumber(bytes, at, random);
                    break;
                case 7:
                    // Deep nesting and long runs come from a short stretch that stands many times.
                    length = Math.Min(length, 64);
                    var stretch = bytes.GetRange(at, length);
                    var repeated = new List<byte>();
                    for (var times = 1 << random.Next(12); times > 0 && repeated.Count < 200_000; times--) repeated.AddRange(stretch);
                    bytes.InsertRange(at, repeated);
                    break;
                case 8:
                    var start = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(start, Math.Min(other.Length - start, length)));
                    break;
                default:
                    if (random.Next(8) == 0) bytes.RemoveRange(at, bytes.Count - at);
                    else bytes.RemoveAt(at);
                    break;
            }
        }
        return [.. bytes];
    }

    private static void Overwrite(List<byte> bytes, int at, Random random)
    {
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(value, random.Next(6) switch
        {
            0 => -1,
            1 => int.MaxValue,
            2 => int.MinValue,
            3 => 0,
            4 => bytes.Count,
            _ => random.Next(),
        });
        for (var i = 0; i < (random.Next(2) == 0 ? 2 : 4) && at + i < bytes.Count; i++) bytes[at + i] = value[i];
    }

    private static void ReplaceNumber(List<byte> bytes, int at, Random random)
    {
        var start = bytes.FindIndex(at, static b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0) return;
        var end = start;
        while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9') end++;
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(Numbers[random.Next(Numbers.Length)]));
    }
}
