using Ingestion.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Extraction;

/// <summary>The golden documents: <c>Golden/&lt;extension&gt;/*</c>, some with a ground truth <c>*.expected.md</c> beside them.</summary>
public static class Goldens
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden");

    /// <summary>As <c>html/page.html</c>.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.EnumerateDirectories(Folder)
            .Where(folder => MediaTypes.FromName("x." + Path.GetFileName(folder)) is { } type && DocumentReaders.Supported.Contains(type))
            .SelectMany(Directory.EnumerateFiles)
            .Where(file => !file.EndsWith(".expected.md", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>As <c>pdf/hostile/nested.pdf</c>: documents that no reader reads whole.</summary>
    public static IReadOnlyList<string> Hostile { get; } =
    [
        .. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(Path.GetDirectoryName(file)) == "hostile")
            .Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    public static IEnumerable<string> OneOfEachFormat => All.DistinctBy(golden => golden.Split('/')[0]);

    public static Task<byte[]> BytesAsync(string golden) => File.ReadAllBytesAsync(Path.Combine(Folder, golden));

    /// <summary>Null where it has none.</summary>
    public static string? Truth(string golden) =>
        Path.Combine(Folder, golden + ".expected.md") is var truth && File.Exists(truth) ? File.ReadAllText(truth) : null;

    public static async Task<ExtractedDocument> ReadAsync(string golden) =>
        await ReadAsync(await BytesAsync(golden), Path.GetFileName(golden));

    public static Task<ExtractedDocument> ReadAsync(byte[] bytes, string? name = null, string declared = "", Uri? address = null) =>
        DocumentReaders.ReadAsync(
            new DocumentContent { Bytes = new MemoryStream(bytes), MediaType = declared, FileName = name, Address = address },
            TestContext.Current.CancellationToken);

    /// <summary>Each element as "kind level: text".</summary>
    public static IEnumerable<string> Outline(ExtractedDocument document) =>
        document.Elements.Select(element => $"{element.Kind} {element.Level}: {document.Text[element.Start..element.End]}");
}
