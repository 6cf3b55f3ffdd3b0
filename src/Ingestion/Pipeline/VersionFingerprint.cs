using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ingestion.Sources;
using Ingestion.Tasks;

namespace Ingestion.Pipeline;

/// <summary>Tells whether reading, splitting and embedding a document again would give what is stored.</summary>
internal static class VersionFingerprint
{
    /// <summary>Another build may read the same bytes better.</summary>
    private static readonly string Build = typeof(VersionFingerprint).Module.ModuleVersionId.ToString();

    /// <summary>Null where the source's hash is not known.</summary>
    /// <param name="model">The embedding model.</param>
    /// <param name="chunkModel">The model whose tokens are counted.</param>
    public static string? Of(TaskSpec spec, DocumentSource source, string model, string chunkModel)
    {
        if (source.Hash is null) return null;
        var text = new StringBuilder();
        ReadOnlySpan<string?> parts =
        [
            Build, source.Hash, spec.Source.Wire(), source.FileName, source.Url, source.MediaType, source.Charset, spec.Title, spec.Description,
            spec.Metadata?.GetRawText(), spec.Chunker, Number(spec.ChunkSize), Number(spec.ChunkOverlap), chunkModel, model,
            $"{spec.Strict} {spec.KeepAbbreviations} {spec.IncludeMetadata}", .. spec.Tags,
        ];
        foreach (var part in parts) text.Append(Number(part?.Length ?? -1)).Append(':').Append(part);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
