using System.Security.Cryptography;
using System.Text;

namespace Ingestion.Store;

/// <summary>Chunk ids that stay the same for the same tenant, collection, document, text and occurrence of that text.</summary>
public sealed class ChunkIds(string tenant, string collection, string document)
{
    private readonly Dictionary<string, int> _seen = [];
    private readonly byte[] _scope = SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Length}:{tenant}{collection.Length}:{collection}{document}"));

    /// <summary>The id of the next chunk in order: 32 hex digits.</summary>
    public string Next(ReadOnlySpan<char> text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_scope);
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
