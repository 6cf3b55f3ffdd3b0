using System.IO.Compression;
using System.Text;
using Ingestion.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Extraction;

/// <summary>Makes small Office packages, reads them, and finds the golden ones.</summary>
internal static class OfficeFiles
{
    public const string OfficeRelation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    /// <summary>A zip of these parts, by name.</summary>
    public static byte[] Package(params (string Name, string Xml)[] parts)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, xml) in parts)
            {
                using var entry = zip.CreateEntry(name, CompressionLevel.Fastest).Open();
                entry.Write(Encoding.UTF8.GetBytes(xml));
            }
        }
        return bytes.ToArray();
    }

    /// <param name="relations">Id, type's last word, target; a target with "://" is outside the package.</param>
    public static string Relations(params (string Id, string Type, string Target)[] relations) =>
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
        + string.Concat(relations.Select(one =>
            $"<Relationship Id=\"{one.Id}\" Type=\"{OfficeRelation}/{one.Type}\" Target=\"{one.Target}\""
            + (one.Target.Contains("://", StringComparison.Ordinal) ? " TargetMode=\"External\"/>" : "/>")))
        + "</Relationships>";

    public static async Task<ExtractedDocument> ReadAsync(
        IDocumentReader reader, byte[] bytes, ExtractionLimits? limits = null, string? mediaType = null)
    {
        using var stream = new MemoryStream(bytes);
        var document = await reader.ReadAsync(
            new DocumentContent
            {
                Bytes = stream,
                MediaType = mediaType ?? reader.MediaTypes[0],
                Limits = limits ?? new ExtractionLimits(),
            },
            TestContext.Current.CancellationToken);
        OffsetsAreConsistent(document);
        return document;
    }

    public static async Task<ExtractionFailure> FailureAsync(IDocumentReader reader, byte[] bytes, ExtractionLimits? limits = null) =>
        (await Assert.ThrowsAsync<ExtractionException>(() => ReadAsync(reader, bytes, limits))).Failure;

    /// <summary>Cancels after the reader has taken a part of the bytes; it must stop before the end of them.</summary>
    public static async Task StopsWhenCancelledAsync(IDocumentReader reader, byte[] bytes)
    {
        using var cancel = new CancellationTokenSource();
        using var stream = new CancellingStream(bytes, cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => reader.ReadAsync(new DocumentContent { Bytes = stream, MediaType = reader.MediaTypes[0] }, cancel.Token));
        Assert.True(stream.TakenAfterwards < 200_000, $"{stream.TakenAfterwards} bytes were read after the cancellation.");
    }

    /// <summary>The project's own golden documents, and those of the study material where it is present.</summary>
    public static IEnumerable<string> Golden(string folder, string pattern)
    {
        var own = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", folder), pattern);
        if (Repository.Shared is null) return own.Order(StringComparer.Ordinal);
        var corpus = new[] { folder, "office-more", "scans" }
            .Select(name => Path.Combine(Repository.Shared, "corpus", name)).Where(Directory.Exists);
        return own.Concat(corpus.SelectMany(path => Directory.EnumerateFiles(path, pattern))).DistinctBy(Path.GetFileName)
            .Order(StringComparer.Ordinal);
    }

    private static void OffsetsAreConsistent(ExtractedDocument document)
    {
        var end = 0;
        foreach (var element in document.Elements)
        {
            Assert.InRange(element.Start, end, document.Text.Length);
            Assert.InRange(element.End, element.Start + 1, document.Text.Length);
            end = element.End;
        }
        Assert.Equal(-1, document.Text.IndexOf('\0', StringComparison.Ordinal));
        Assert.Equal(document.PageStarts.Order(), document.PageStarts);
        new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(document.Text);
    }

    private sealed class CancellingStream(byte[] bytes, CancellationTokenSource cancel) : MemoryStream(bytes)
    {
        private long _taken;

        public long TakenAfterwards { get; private set; }

        /// <summary>The span overload of a derived MemoryStream comes here too.</summary>
        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = base.Read(buffer, offset, count);
            _taken += read;
            if (cancel.IsCancellationRequested) TakenAfterwards += read;
            else if (_taken > Length / 4) cancel.Cancel();
            return read;
        }
    }
}
