using System.Security.Cryptography;
using System.Text;

namespace Ingestion.Store;

/// <summary>Chunk ids that stay the same for the same tenant, collection, document, text and occurrence of that text.</summary>
/// <param name="level">Of larger chunks that others are a part of; 0 for those that are searched.</param>
public sealed class ChunkIds(string tenant, string collection, string document, int level = 0)
{
    /// <summary>No text in UTF-8 has this byte.</summary>
    private const byte NoCharacter = 0xFF;

    private readonly Dictionary<string, int> _seen = [];
    private readonly byte[] _scope = SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{tenant.Length}:{tenant}{collection.Length}:{collection}{document}{(level == 0 ? "" : $"\0{level}")}"));

    /// <summary>The id of the next chunk in order: 32 hex digits.</summary>
    /// <param name="before">What is embedded before the text: with another one it is another chunk.</param>
    public string Next(ReadOnlySpan<char> text, string? before = null)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_scope);
        if (before is not null)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(before));
            hash.AppendData([NoCharacter]);
        }
        hash.AppendData(Encoding.UTF8.GetBytes(text.ToArray()));
        hash.GetCurrentHash(digest);
        var first = Convert.ToHexStringLower(digest[..16]);
        var occurrence = _seen[first] = _seen.GetValueOrDefault(first) + 1;
        if (occurrence == 1) return first;
        hash.AppendData(BitConverter.GetBytes(occurrence));
        hash.GetCurrentHash(digest);
        return Convert.ToHexStringLower(digest[..16]);
    }
}
