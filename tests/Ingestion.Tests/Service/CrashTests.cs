using System.Text;
using System.Text.Json;
using Ingestion.Tests.Extraction;
using Ingestion.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Ingestion.Tests.Service;

/// <summary>A power cut in the middle of fifty documents.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task Killed_in_the_middle_of_fifty_documents_and_started_again_it_completes_each_exactly_once()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var service = await ServiceProcess.StartAsync(("URL_ALLOW_PRIVATE", "true"));
        var tenant = new TenantClient(service);
        // One document is surely in the middle: its worker waits for it when the power goes.
        var held = web.Hold(Prose.Of(50, 20_000));
        var tasks = new Dictionary<string, string> { ["held"] = await tenant.SendUrlAsync("held", held.Address) };
        await held.WaitAsync();
        var files = Goldens.OneOfEachFormat.ToArray();
        var sent = await Task.WhenAll(Enumerable.Range(0, 49).Select(async i => (Document: $"d{i}", TaskId: (i % 5) switch
        {
            0 => await tenant.SendFileAsync($"d{i}", Path.GetFileName(files[i / 5 % files.Length]), await Goldens.BytesAsync(files[i / 5 % files.Length])),
            1 or 2 => await tenant.SendFileAsync($"d{i}", $"d{i}.txt", Encoding.UTF8.GetBytes(Prose.Of(i, 100_000))),
            _ => await tenant.SendTextAsync($"d{i}", Prose.Of(i, 5_000 + (100 * i)), chunkSize: 100),
        })));
        foreach (var (document, taskId) in sent) tasks.Add(document, taskId);
        while (await CompletedAsync(tenant) < 5)
        {
            // Each answer takes its time; no other wait is needed.
        }

        await service.KillAsync();

        // Nobody waits that long: what ran goes on because its process is known to be dead.
        LendForADay(service);
        await service.RestartAsync();
        Assert.InRange(await CompletedAsync(tenant), 5, 49);
        held.Release();
        var chunks = 0;
        foreach (var (document, taskId) in tasks)
        {
            var task = await tenant.CompletedAsync(taskId);
            Assert.Equal((document, 1), (task.Text("result.document_id"), task.Number("result.version")));
            TaskStories.CheckCompleted(await tenant.EventsAsync(taskId));
            var stored = await tenant.CheckChunksAsync(document);
            Assert.Equal(task.Number("result.chunk_count"), stored.Count);
            Assert.Equal(task.Number("result.embedding_count"), stored.Count);
            chunks += stored.Count;
        }
        Assert.Equal(2, (await tenant.TaskAsync(tasks["held"])).Number("attempt"));
        Assert.Contains(await tenant.EventsAsync(tasks["held"]), one => one.Text("event_type") == "task_status" && one.Text("current_status") == "pending"
            && one.Text("previous_status") == "processing");
        Assert.Single(Locks(service));
        Assert.Equal(50, (await tenant.GetAsync("api/v1/tasks")).Json.Number("total"));
        Assert.Equal(50, (await tenant.GetAsync($"api/v1/collections/{TenantClient.Collection}/documents")).Json.Number("total"));
        await WaitAsync(() => Rows(service) == (50, chunks, chunks, chunks),
            () => $"{chunks} chunks are seen, but the file holds {Rows(service)}.");
        await AssertNoUploadsAsync(service);
    }

    [Fact]
    public async Task One_of_two_processes_on_the_same_data_is_killed_and_the_other_takes_its_tasks_at_once()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var first = await ServiceProcess.StartAsync(("URL_ALLOW_PRIVATE", "true"), ("WORKER_COUNT", "1"));
        await using var second = await ServiceProcess.StartInAsync(first.Folder, ("URL_ALLOW_PRIVATE", "true"), ("WORKER_COUNT", "1"));
        var atSecond = new TenantClient(second);
        // Both have one.
        var pages = new[] { web.Hold(Prose.Of(1, 30_000)), web.Hold(Prose.Of(2, 30_000)) };
        var tasks = new[] { await atSecond.SendUrlAsync("d0", pages[0].Address), await atSecond.SendUrlAsync("d1", pages[1].Address) };
        foreach (var page in pages) await page.WaitAsync();
        Assert.Equal(2, Locks(first).Length);
        LendForADay(first);

        await first.KillAsync();

        foreach (var page in pages) page.Release();
        foreach (var task in tasks)
        {
            await atSecond.CompletedAsync(task);
            TaskStories.CheckCompleted(await atSecond.EventsAsync(task));
        }
        var attempts = await Task.WhenAll(tasks.Select(async task => (await atSecond.TaskAsync(task)).Number("attempt")));
        Assert.Equal([1, 2], attempts.Order());
        Assert.Single(Locks(first));
    }

    private static string[] Locks(ServiceProcess service) => Directory.GetFiles(Path.Combine(service.Folder, "data", "processes"));

    /// <summary>What runs now is another's only a day from now, unless its process renews it.</summary>
    private static void LendForADay(ServiceProcess service)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(service.Folder, "data", "ingestion.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "UPDATE task SET lease_until=lease_until+86400000 WHERE lease_until IS NOT NULL";
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }

    /// <summary>A task's upload goes right after its end; what a power cut left between the two goes with the first sweep that finds it old.</summary>
    private static async Task AssertNoUploadsAsync(ServiceProcess service)
    {
        Assert.InRange(service.Uploads.Length, 0, 2);
        foreach (var upload in service.Uploads) File.SetLastWriteTimeUtc(upload, DateTime.UtcNow.AddHours(-2));
        await service.RestartAsync();
        await WaitAsync(() => service.Uploads.Length == 0, () => "Uploads without a task stay.");
    }

    /// <summary>For what the service tidies up by itself.</summary>
    private static async Task WaitAsync(Func<bool> isDone, Func<string> what)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !isDone(); await Task.Delay(50))
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), what());
    }

    private static async Task<int> CompletedAsync(TenantClient tenant) => (await tenant.GetAsync("api/v1/tasks?status=completed&page_size=1")).Json.Number("total");

    /// <summary>What the file holds, seen or unseen.</summary>
    private static (long Versions, long Chunks, long Texts, long Vectors) Rows(ServiceProcess service)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(service.Folder, "data", "ingestion.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        long Count(string table)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT count(*) FROM " + table;
            return (long)command.ExecuteScalar()!;
        }
        return (Count("version"), Count("chunk"), Count("chunk_text"), Count("chunk_vector"));
    }
}
