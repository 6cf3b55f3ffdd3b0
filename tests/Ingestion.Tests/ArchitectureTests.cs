using System.Text.RegularExpressions;
using Ingestion.Tests.Support;

namespace Ingestion.Tests;

/// <summary>ARCHITECTURE.md has a table of which folder may use which. These tests read it, so it cannot rot.</summary>
public partial class ArchitectureTests
{
    private static readonly string Source = Path.Combine(Repository.Root, "src", "Ingestion");

    private static readonly Dictionary<string, HashSet<string>> Allowed = ReadTable();

    [Fact]
    public void Every_folder_stands_in_the_table_and_every_row_is_a_folder()
    {
        var folders = Directory.GetDirectories(Source).Select(folder => Path.GetFileName(folder)!)
            .Where(name => name is not ("bin" or "obj" or "wwwroot")).Order();
        Assert.Equal(folders, Allowed.Keys.Order());
    }

    [Fact]
    public void A_folder_uses_only_what_the_table_allows()
    {
        var broken = new List<string>();
        foreach (var (folder, mayUse) in Allowed)
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Source, folder), "*.cs", SearchOption.AllDirectories))
            {
                foreach (Match use in Uses().Matches(File.ReadAllText(file)))
                {
                    var used = use.Groups[1].Value;
                    if (used != folder && Allowed.ContainsKey(used) && !mayUse.Contains(used))
                        broken.Add($"{Path.GetRelativePath(Source, file)} uses {used}");
                }
            }
        }
        Assert.Empty(broken.Distinct());
    }

    [Fact]
    public void The_table_has_no_circles()
    {
        foreach (var folder in Allowed.Keys) Visit(folder, []);
        static void Visit(string folder, List<string> path)
        {
            Assert.False(path.Contains(folder), "A circle: " + string.Join(" -> ", [.. path, folder]));
            foreach (var next in Allowed[folder]) Visit(next, [.. path, folder]);
        }
    }

    [Theory]
    [InlineData("Extraction")]
    [InlineData("Chunking")]
    public void A_leaf_knows_nothing_of_the_web(string folder)
    {
        var files = Directory.EnumerateFiles(Path.Combine(Source, folder), "*.cs", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => File.ReadAllText(file).Contains("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    /// <summary>Where a connection to an address begins: the guarded client, and those whose address only the operator names.</summary>
    [Fact]
    public void Nothing_else_makes_a_client_that_goes_out_by_itself()
    {
        var makers = Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Source, file).StartsWith("bin", StringComparison.Ordinal)
                && !Path.GetRelativePath(Source, file).StartsWith("obj", StringComparison.Ordinal))
            .Where(file => Clients().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(Source, file).Replace('\\', '/'));
        Assert.Equal(["Redis/RedisConnection.cs", "Sources/GuardedHttp.cs", "Sources/S3Uploads.cs"], makers.Order(StringComparer.Ordinal));
    }

    private static Dictionary<string, HashSet<string>> ReadTable()
    {
        var rows = File.ReadLines(Path.Combine(Repository.Root, "ARCHITECTURE.md")).Select(line => Row().Match(line)).Where(row => row.Success);
        return rows.ToDictionary(
            row => row.Groups[1].Value,
            row => Names().Matches(row.Groups[2].Value).Select(name => name.Value).ToHashSet());
    }

    [GeneratedRegex(@"\bnew (HttpClient|SocketsHttpHandler|HttpClientHandler|TcpClient|WebClient|ClientWebSocket|AmazonS3Client)\b|AddHttpClient|WebRequest\.|ConnectionMultiplexer\.Connect")]
    private static partial Regex Clients();

    [GeneratedRegex(@"^\| `([A-Z]\w+)/` \|[^|]*\|([^|]*)\|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"[A-Z]\w+")]
    private static partial Regex Names();

    [GeneratedRegex(@"\bIngestion\.([A-Z]\w+)\b")]
    private static partial Regex Uses();
}
