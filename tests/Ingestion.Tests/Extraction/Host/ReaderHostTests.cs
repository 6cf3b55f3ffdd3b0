using System.Text;
using Ingestion.Extraction;
using Ingestion.Extraction.Host;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Extraction.Host;

/// <summary>The host with the real program as its reading process.</summary>
public class ReaderHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static IEnumerable<TheoryDataRow<string>> Documents => Goldens.OneOfEachFormat.Select(golden => new TheoryDataRow<string>(golden));

    [Theory, MemberData(nameof(Documents))]
    public async Task A_document_comes_back_as_the_reader_made_it(string golden)
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 1 });
        var bytes = await Goldens.BytesAsync(golden);
        var here = await DocumentReaders.ReadAsync(Content(bytes, golden), Cancel);
        var there = await host.ReadAsync(Content(bytes, golden), Cancel);
        Assert.Equal(here.Text, there.Text);
        Assert.Equal(here.Elements, there.Elements);
        Assert.Equal(here.PageStarts, there.PageStarts);
        Assert.Equal(here.Furniture, there.Furniture);
        Assert.Equal(here.Warnings, there.Warnings);
        Assert.Equal(
            here with { Text = "", Elements = [], PageStarts = [], Furniture = [], Warnings = [] },
            there with { Text = "", Elements = [], PageStarts = [], Furniture = [], Warnings = [] });
    }

    [Fact]
    public async Task A_refusal_comes_back_with_its_reason()
    {
        await using var host = new ReaderHost(new ReaderHostOptions());
        var pdf = LongDocuments.Pdf(1);
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => host.ReadAsync(Content(pdf.AsSpan(0, 100).ToArray(), "cut.pdf"), Cancel));
        Assert.Equal(ExtractionFailure.Corrupt, fault.Failure);
        Assert.Contains("cut short", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_read_by_its_path_and_its_pages_are_told()
    {
        await using var host = new ReaderHost(new ReaderHostOptions());
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, LongDocuments.Pdf(200), Cancel);
            await using var file = File.OpenRead(path);
            var told = new List<ReadProgress>();
            var document = await host.ReadAsync(new DocumentContent { Bytes = file, MediaType = "", FileName = "a.pdf", Progress = told.Add }, Cancel);
            Assert.Equal(200, document.PageCount);
            Assert.NotEmpty(told);
            Assert.All(told, progress => Assert.Equal((200, "page"), (progress.Total, progress.Unit)));
            Assert.Equal(told.Select(progress => progress.Done).Order(), told.Select(progress => progress.Done));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Small_plain_texts_need_no_process()
    {
        await using var host = new ReaderHost(new ReaderHostOptions());
        Assert.Equal("# One\n\ntwo", (await host.ReadAsync(Content("# One\n\ntwo"u8.ToArray(), "a.md"), Cancel)).Text);
        Assert.Equal("two", (await host.ReadAsync(Content("two"u8.ToArray(), "a.txt"), Cancel)).Text);
        Assert.Empty(host.ProcessIds);
        await host.ReadAsync(Content("<html><p>three"u8.ToArray(), "a.html"), Cancel);
        Assert.Single(host.ProcessIds);
    }

    [Fact]
    public async Task One_process_reads_document_after_document()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 3 });
        await ReadPageAsync(host);
        var first = Assert.Single(host.ProcessIds);
        for (var i = 0; i < 5; i++) await ReadPageAsync(host);
        Assert.Equal(first, Assert.Single(host.ProcessIds));
    }

    [Fact]
    public async Task Started_ahead_it_waits_for_the_first_document()
    {
        await using var host = new ReaderHost(new ReaderHostOptions());
        host.Prestart();
        for (var waited = 0; host.ProcessIds.Count == 0; waited++)
        {
            Assert.True(waited < 3000);
            await Task.Delay(10, Cancel);
        }
        var ahead = Assert.Single(host.ProcessIds);
        await ReadPageAsync(host);
        Assert.Equal(ahead, Assert.Single(host.ProcessIds));
    }

    [Fact]
    public async Task After_so_many_documents_a_process_is_replaced()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 1, DocumentsPerProcess = 3 });
        var seen = new HashSet<int>();
        for (var i = 0; i < 9; i++)
        {
            await host.ReadAsync(
                Content("<html><p>one"u8.ToArray(), "a.html"), Cancel);
            seen.UnionWith(host.ProcessIds);
        }
        Assert.InRange(seen.Count, 3, 4);
        Assert.InRange(host.ProcessIds.Count, 0, 1);
    }

    [Fact]
    public async Task Cancelled_in_the_middle_the_process_is_gone_at_once()
    {
        await using var host = new ReaderHost(new ReaderHostOptions());
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var reading = host.ReadAsync(
            Content(LongDocuments.Pdf(10_000), "long.pdf") with { Progress = _ => begun.TrySetResult() }, stop.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        var process = Assert.Single(host.ProcessIds);

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.True(Processes.IsGone(process));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"It took {clock.Elapsed}.");
        await ReadPageAsync(host);
    }

    [Fact]
    public async Task A_document_that_takes_too_long_is_stopped()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { Timeout = TimeSpan.FromSeconds(6) });
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => host.ReadAsync(Content(LongDocuments.Pdf(19_000), "long.pdf"), Cancel));
        Assert.Equal(ExtractionFailure.TimedOut, fault.Failure);
        Assert.Contains("EXTRACTION_TIMEOUT", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_gets_no_further_is_stopped_before_the_whole_time()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { Timeout = TimeSpan.FromSeconds(0.6) });
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => host.ReadAsync(Content(LongDocuments.Html(400_000), "large.html"), Cancel));
        Assert.Equal(ExtractionFailure.TimedOut, fault.Failure);
        Assert.Contains("got no further", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_needs_too_much_memory_is_refused_and_the_next_is_read()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MemoryMegabytes = 64 });
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => host.ReadAsync(Content(LongDocuments.Html(200_000), "large.html"), Cancel));
        Assert.Equal(ExtractionFailure.OutOfMemory, fault.Failure);
        Assert.Contains("EXTRACTION_MEMORY_MB", fault.Message, StringComparison.Ordinal);
        await ReadPageAsync(host);
    }

    [Fact]
    public async Task The_kernel_holds_a_process_to_its_memory_where_the_collector_does_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux is asked to.");
        await using var host = new ReaderHost(new ReaderHostOptions
        {
            MemoryMegabytes = 64,
            Program = ["env", "--unset=DOTNET_GCHeapHardLimit", .. new ReaderHostOptions().Program],
        });
        await ReadPageAsync(host);
        var process = Assert.Single(host.ProcessIds);
        Assert.StartsWith(((64L + 256) << 20).ToString(System.Globalization.CultureInfo.InvariantCulture), Processes.Line(process, "limits", "Max data size"), StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => host.ReadAsync(Content(LongDocuments.Html(1_000_000), "large.html"), Cancel));
        Assert.Equal(ExtractionFailure.OutOfMemory, fault.Failure);
    }

    [Fact]
    public async Task A_process_that_dies_once_costs_its_document_nothing()
    {
        await using var host = new ReaderHost(new ReaderHostOptions());
        var killed = new HashSet<int>();
        var document = await host.ReadAsync(
            Content(LongDocuments.Pdf(500), "long.pdf") with
            {
                Progress = _ =>
                {
                    var process = host.ProcessIds.Single();
                    if (killed.Count == 0 && killed.Add(process)) Processes.Kill(process);
                },
            },
            Cancel);
        Assert.Equal(500, document.PageCount);
        Assert.Single(killed);
    }

    [Fact]
    public async Task A_stack_overflow_is_the_end_of_its_process_and_of_nothing_else()
    {
        // The widths of a cross-reference stream, written so that the reader's own look at them does not see them.
        var bytes = Encoding.Latin1.GetString(await Goldens.BytesAsync("pdf/hostile/REDHAT-1531897-0.pdf")).Replace("/W[", "/#57[", StringComparison.Ordinal);
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 1 });
        await ReadPageAsync(host);
        var process = Assert.Single(host.ProcessIds);
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => host.ReadAsync(Content(Encoding.Latin1.GetBytes(bytes), "a.pdf"), Cancel));
        Assert.Equal(ExtractionFailure.Crashed, fault.Failure);
        Assert.Contains("nested without end", fault.Message, StringComparison.Ordinal);
        Assert.True(Processes.IsGone(process));
        Assert.StartsWith("one", (await ReadPageAsync(host)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_dies_twice_of_a_document_fails_it_and_no_other()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { MaxProcesses = 2 });
        var deaths = new HashSet<int>();
        await ReadPageAsync(host);
        var bystander = Assert.Single(host.ProcessIds);
        var reading = host.ReadAsync(Content(LongDocuments.Pdf(2_000), "bystander.pdf"), Cancel);
        var fault = await Assert.ThrowsAsync<ExtractionException>(() => host.ReadAsync(
            Content(LongDocuments.Pdf(10_000), "long.pdf") with
            {
                Progress = _ =>
                {
                    foreach (var process in host.ProcessIds)
                        if (process != bystander && deaths.Add(process)) Processes.Kill(process);
                },
            },
            Cancel));
        Assert.Equal(ExtractionFailure.Crashed, fault.Failure);
        Assert.Equal(2, deaths.Count);
        Assert.Equal(2_000, (await reading).PageCount);
    }

    [Fact]
    public async Task It_has_no_secret_no_capability_no_network_and_writes_no_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux is asked to.");
        Environment.SetEnvironmentVariable("API_KEYS", "not-for-readers");
        try
        {
            await using var host = new ReaderHost(new ReaderHostOptions());
            await ReadPageAsync(host);
            var process = Assert.Single(host.ProcessIds);
            var environment = await File.ReadAllTextAsync($"/proc/{process}/environ", Cancel);
            Assert.Contains("DOTNET_GCHeapHardLimit=", environment, StringComparison.Ordinal);
            Assert.DoesNotContain("not-for-readers", environment, StringComparison.Ordinal);
            Assert.StartsWith("0 ", Processes.Line(process, "limits", "Max file size"), StringComparison.Ordinal);
            var wrapper = await Confinement.WrapperAsync();
            if (wrapper.Contains("--no-new-privs")) Assert.Equal("1", Processes.Line(process, "status", "NoNewPrivs"));
            if (!wrapper.Contains("--net")) return;
            Assert.Equal("0000000000000000", Processes.Line(process, "status", "CapEff"));
            var devices = await File.ReadAllLinesAsync($"/proc/{process}/net/dev", Cancel);
            Assert.All(devices.Skip(2), device => Assert.StartsWith("lo:", device.Trim(), StringComparison.Ordinal));
        }
        finally
        {
            Environment.SetEnvironmentVariable("API_KEYS", null);
        }
    }

    [Fact]
    public async Task Without_its_program_nothing_is_the_documents_fault()
    {
        await using var host = new ReaderHost(new ReaderHostOptions { Program = ["/nonexistent/Ingestion"] });
        await Assert.ThrowsAsync<IOException>(() => ReadPageAsync(host));
        await using var other = new ReaderHost(new ReaderHostOptions { Program = ["true"] });
        await Assert.ThrowsAsync<IOException>(() => ReadPageAsync(other));
    }

    private static Task<ExtractedDocument> ReadPageAsync(ReaderHost host) => host.ReadAsync(Content("<html><p>one"u8.ToArray(), "a.html"), Cancel);

    private static DocumentContent Content(byte[] bytes, string name) =>
        new() { Bytes = new MemoryStream(bytes), MediaType = "", FileName = Path.GetFileName(name) };
}
