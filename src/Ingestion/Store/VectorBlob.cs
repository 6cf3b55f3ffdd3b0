using System.Runtime.InteropServices;
using Ingestion.Sqlite;

namespace Ingestion.Store;

/// <summary>A vector as the file has it: float32, little-endian as on every machine that .NET 10 runs on.</summary>
internal static class VectorBlob
{
    public static byte[] Write(ReadOnlySpan<float> vector) => MemoryMarshal.AsBytes(vector).ToArray();

    /// <summary>Without a copy: valid until the statement moves on.</summary>
    public static ReadOnlySpan<float> Read(SqliteRow row, int column) =>
        MemoryMarshal.Cast<byte, float>(row.GetBytes(column));
}
