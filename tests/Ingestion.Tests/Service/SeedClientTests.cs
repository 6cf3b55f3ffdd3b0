using System.Text.Json;
using System.Text.RegularExpressions;
using Ingestion.Tests.Extraction;
using Ingestion.Tests.Page;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>
/// The JavaScript of the specification's frontend guide, as it stands there but for the host, in a real browser on a page of another origin.
/// </summary>
public sealed class SeedClientTests(Chromium chromium, SeedClientTests.Origins origins)
    : IClassFixture<Chromium>, IClassFixture<SeedClientTests.Origins>
{
    private static readonly string[] Blocks =
    [
        .. Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", "service", "seed-client.md")),
            "```javascript\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value),
    ];

    /// <summary>Runs a document to its end and gives what the monitor's callbacks were told, in order.</summary>
    private const string Follow = """
        function follow(response) {
          if (!response.success) throw new Error(JSON.stringify(response));
          const told = [];
          return new Promise((resolve, reject) => {
            setTimeout(() => reject(new Error('no end: ' + JSON.stringify(told))), 60000);
            const monitor = new TaskProgressMonitor(response.task.task_id, {
              onProgress: (progress) => told.push({ kind: 'progress', ...progress }),
              onStatus: (status) => told.push({ kind: 'status', ...status }),
              onMilestone: (milestone) => told.push({ kind: 'milestone', ...milestone }),
              onError: (error) => { told.push({ kind: 'error', ...error }); },
              onComplete: (result) => { told.push({ kind: 'complete', status: result.current_status }); resolve(told); },
            });
            monitor.connect();
          });
        }
        """;

    public static TheoryData<string> Documents => [.. Goldens.OneOfEachFormat];

    [Fact]
    public void The_guide_has_all_its_blocks() => Assert.Equal(5, Blocks.Length);

    [Fact]
    public async Task A_text_is_ingested_and_its_story_told()
    {
        var tenant = new TenantClient(origins.Service);
        await using var tab = await OpenAsync(tenant);

        var told = await tab.Page.EvaluateAsync<JsonElement>("""
            async () => follow(await processTextDocument('Los informes anuales se guardan en el archivo.', { collectionId: 'library', documentId: 'd', tags: ['a'] }))
            """);

        CheckStory(told);
        Assert.Empty(Complaints(tab));
        await tenant.CheckChunksAsync("d");
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task A_file_is_ingested_and_its_story_told(string golden)
    {
        var tenant = new TenantClient(origins.Service);
        await using var tab = await OpenAsync(tenant);
        await tab.Page.SetInputFilesAsync("input", Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", golden));

        var told = await tab.Page.EvaluateAsync<JsonElement>("""
            async () => follow(await uploadDocumentFile(document.querySelector('input').files[0], { collectionId: 'library', documentId: 'd', tags: ['a', 'b'] }))
            """);

        CheckStory(told);
        Assert.Empty(Complaints(tab));
        var document = (await tenant.DocumentAsync("d")).Json;
        Assert.Equal(Path.GetFileName(golden), document.Text("document.title"));
        Assert.Equal(["a", "b"], document.Items("document.tags").Select(tag => tag.GetString()));
        await tenant.CheckChunksAsync("d");
    }

    [Fact]
    public async Task The_guides_own_component_sees_its_document_through()
    {
        var tenant = new TenantClient(origins.Service);
        await using var tab = await OpenAsync(tenant);
        await tab.Page.SetInputFilesAsync("input", Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", Goldens.OneOfEachFormat.First()));
        // What it draws needs React; what it does needs two functions.
        var component = Blocks[4];
        var drawing = component.IndexOf("  return (\n    <div", StringComparison.Ordinal);
        await tab.Page.AddScriptTagAsync(new() { Content = component[..drawing] + "\n  return handleFileUpload;\n}" });

        var told = await tab.Page.EvaluateAsync<JsonElement>("""
            async () => {
              const values = [];
              window.useState = (start) => [start, (value) => values.push(value)];
              const stored = new Promise((resolve) => { window.onDocumentProcessed = resolve; });
              await DocumentUpload({ collectionId: 'library' })(document.querySelector('input').files[0]);
              return { document: await stored, values };
            }
            """);

        Assert.Equal(200, (await tenant.DocumentAsync(told.Text("document")!)).Status);
        var values = told.Items("values");
        var progress = values.Where(value => value.ValueKind == JsonValueKind.Number).Select(value => value.GetInt32()).ToArray();
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(100, progress[^1]);
        Assert.Contains(values, value => value.ValueKind == JsonValueKind.String && value.GetString() == "Documento procesado correctamente");
    }

    [Fact]
    public async Task A_page_of_an_origin_that_is_not_listed_reads_nothing_and_connects_to_nothing()
    {
        var tenant = new TenantClient(origins.Service);
        var taskId = await tenant.SendTextAsync("d", "A text.");
        await using var tab = await OpenAsync(tenant, origins.Unlisted.Address);

        var outcome = await tab.Page.EvaluateAsync<string[]>("""
            async (taskId) => {
              const read = await apiCall(`/tasks/${taskId}`, 'GET', { tenant_id: getCurrentTenant() }).then(() => 'read', () => 'refused');
              const socket = new WebSocket(`${WS_URL}/tasks/${taskId}?tenant_id=${getCurrentTenant()}`);
              const connected = await new Promise((resolve) => {
                socket.onopen = () => resolve('connected');
                socket.onclose = () => resolve('refused');
              });
              return [read, connected];
            }
            """, taskId);

        Assert.Equal(["refused", "refused"], outcome);
    }

    private async Task<Tab> OpenAsync(TenantClient tenant, string? address = null)
    {
        var tab = await chromium.OpenAsync();
        await tab.Page.GotoAsync((address ?? origins.Listed.Address) + "empty");
        var code = string.Join('\n', Blocks.Take(4)).Replace("localhost:8000", $"127.0.0.1:{origins.Service.Port}", StringComparison.Ordinal);
        await tab.Page.SetContentAsync("<!doctype html><input type=file>");
        await tab.Page.AddScriptTagAsync(new()
        {
            Content = $"""
                const getAuthToken = () => 'none';
                const getCurrentTenant = () => '{tenant.Id}';
                const generateUUID = () => crypto.randomUUID();
                {code}
                {Follow}
                """,
        });
        return tab;
    }

    /// <summary>The site has no icon, which the browser asks for and complains of by itself.</summary>
    private static IEnumerable<string> Complaints(Tab tab) => tab.Complaints.Where(complaint => !complaint.Contains("404", StringComparison.Ordinal));

    private static void CheckStory(JsonElement story)
    {
        var told = story.EnumerateArray().ToArray();
        Assert.DoesNotContain(told, one => one.Text("kind") == "error");
        Assert.Equal(TaskStories.Milestones, told.Where(one => one.Text("kind") == "milestone").Select(one => one.Text("milestone")));
        var progress = told.Where(one => one.Text("kind") == "progress").Select(one => one.Number("percentage")).ToArray();
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(100, progress[^1]);
        Assert.Equal(["status", "complete"], told.TakeLast(2).Select(one => one.Text("kind")));
        Assert.Equal("completed", told[^1].Text("status"));
        var statuses = told.Where(one => one.Text("kind") == "status").ToArray();
        for (var i = 1; i < statuses.Length; i++) Assert.Equal(statuses[i - 1].Text("current"), statuses[i].Text("previous"));
    }

    /// <summary>A service, a site that its CORS_ORIGINS lists, and one that it does not.</summary>
    public sealed class Origins : IAsyncLifetime
    {
        public PageFiles Listed { get; } = new();

        public PageFiles Unlisted { get; } = new();

        public ServiceProcess Service { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Listed.InitializeAsync();
            await Unlisted.InitializeAsync();
            Service = await ServiceProcess.StartAsync(("CORS_ORIGINS", $"""["{Listed.Address.TrimEnd('/')}"]"""));
        }

        public async ValueTask DisposeAsync()
        {
            await Service.DisposeAsync();
            await Listed.DisposeAsync();
            await Unlisted.DisposeAsync();
        }
    }
}
