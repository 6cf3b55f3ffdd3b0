using System.Security.Cryptography;
using System.Text;

namespace Ingestion.Embedding.Cache;

/// <summary>What entries are found by: hashes, so that no cache holds a text or a name.</summary>
internal static class CacheKeys
{
    public static byte[] OfText(string tenant, string model, string text) => Hash(tenant, model, text);

    public static byte[] OfUser(CacheUser user) => Hash(user.Tenant, user.Collection, user.Document);

    /// <summary>With their lengths, so that "a" and "bc" is not "ab" and "c".</summary>
    private static byte[] Hash(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }
        return hash.GetHashAndReset();
    }
}
