using System.Diagnostics;
using Ingestion.Tests.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>What a document does to the process that reads it happens to that process alone.</summary>
public sealed class ReadingProcessTests
{
    private static readonly byte[] Long = LongDocuments.Pdf(12_000);

    [Fact]
    public async Task A_document_that_crashes_its_process_fails_alone_while_twenty_beside_it_complete()
    {
        await using var service = await ServiceProcess.StartAsync(("WORKER_COUNT", "2"));
        var tenant = new TenantClient(service);
        var hostile = await tenant.SendFileAsync("hostile", "hostile.pdf", Long);
        var files = Goldens.OneOfEachFormat.ToArray();
        var good = new List<string>();
        for (var i = 0; i < 20; i++)
            good.Add(await tenant.SendFileAsync($"d{i}", Path.GetFileName(files[i % files.Length]), await Goldens.BytesAsync(files[i % files.Length])));
        var processId = service.ProcessId;

        var victims = new HashSet<int>();
        var task = await tenant.TaskAsync(hostile);
        for (var waited = Stopwatch.StartNew(); task.Text("status") is not ("failed" or "completed"); task = await tenant.TaskAsync(hostile))
        {
            if (ReaderOf(service, Long.Length) is { } process && victims.Add(process)) Processes.Kill(process);
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), task.ToString());
        }

        Assert.Equal(("failed", "EXTRACTION_ERROR"), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.Contains("crashed", task.Text("error"), StringComparison.Ordinal);
        Assert.Equal((1, 2), (task.Number("attempt"), victims.Count));
        foreach (var taskId in good) await tenant.CompletedAsync(taskId);
        Assert.False(service.HasExited);
        Assert.Equal(processId, service.ProcessId);
    }

    [Fact]
    public async Task Cancelled_in_the_middle_of_a_document_its_process_is_gone()
    {
        await using var service = await ServiceProcess.StartAsync(("OPENAI_API_KEY", "not-for-readers"));
        var tenant = new TenantClient(service);
        var taskId = await tenant.SendFileAsync("d", "long.pdf", Long);
        var process = await WaitForReaderAsync(service);
        Assert.DoesNotContain("not-for-readers", await File.ReadAllTextAsync($"/proc/{process}/environ", TestContext.Current.CancellationToken), StringComparison.Ordinal);

        var clock = Stopwatch.StartNew();
        await tenant.DeleteAsync($"api/v1/tasks/{taskId}");
        Assert.Equal("cancelled", (await tenant.EndOfAsync(taskId)).Text("status"));
        Assert.True(Processes.IsGone(process));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"It took {clock.Elapsed}.");
    }

    [Fact]
    public async Task Killed_the_service_leaves_no_reading_process_behind()
    {
        await using var service = await ServiceProcess.StartAsync();
        await new TenantClient(service).SendFileAsync("d", "long.pdf", Long);
        await WaitForReaderAsync(service);
        var processes = Processes.ChildrenOf(service.ProcessId);

        await service.KillAsync();

        foreach (var process in processes) await Processes.WaitUntilGoneAsync(process);
    }

    [Fact]
    public async Task A_stopping_service_ends_its_reading_processes()
    {
        await using var service = await ServiceProcess.StartAsync();
        var tenant = new TenantClient(service);
        await tenant.CompletedAsync(await tenant.SendFileAsync("d", "a.html", "<html><p>one"u8.ToArray()));
        var process = Assert.Single(Processes.ChildrenOf(service.ProcessId));
        Assert.Equal(0, await service.TerminateAsync());
        await Processes.WaitUntilGoneAsync(process);
    }

    [Theory]
    [InlineData("EXTRACTION_MEMORY_MB", "64", "EXTRACTION_ERROR")]
    [InlineData("EXTRACTION_TIMEOUT", "1", "EXTRACTION_TIMEOUT")]
    public async Task A_document_over_a_limit_fails_with_the_limits_name(string limit, string value, string code)
    {
        await using var service = await ServiceProcess.StartAsync((limit, value));
        var tenant = new TenantClient(service);
        var taskId = await tenant.SendFileAsync("d", "large.html", LongDocuments.Html(800_000));
        var task = await tenant.EndOfAsync(taskId);
        Assert.Equal(("failed", code), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.Contains(limit, task.Text("error"), StringComparison.Ordinal);
        Assert.Equal(1, task.Number("attempt"));
        await tenant.CompletedAsync(await tenant.SendTextAsync("after", "one"));
    }

    private static async Task<int> WaitForReaderAsync(ServiceProcess service)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(10))
        {
            if (ReaderOf(service, Long.Length) is { } process) return process;
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), "No process has opened the document.");
        }
    }

    /// <summary>The process that holds an upload of this length open, told by its descriptors.</summary>
    private static int? ReaderOf(ServiceProcess service, long length)
    {
        foreach (var process in Processes.ChildrenOf(service.ProcessId))
        {
            try
            {
                if (Directory.GetFiles($"/proc/{process}/fd").Select(link => File.ResolveLinkTarget(link, returnFinalTarget: false))
                    .Any(target => target is FileInfo { Exists: true } file && file.Length == length && file.FullName.Contains("/uploads/", StringComparison.Ordinal)))
                    return process;
            }
            catch (IOException)
            {
                // It ended in between.
            }
        }
        return null;
    }
}
