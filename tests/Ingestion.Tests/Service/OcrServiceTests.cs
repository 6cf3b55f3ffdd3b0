using Ingestion.Tests.Extraction.Ocr;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>OCR as an operator turns it on.</summary>
public sealed class OcrServiceTests
{
    private static readonly string Scans = Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", "scans");

    [Fact]
    public async Task Turned_on_pictures_and_scans_become_searchable()
    {
        OcrTests.SkipWithoutTesseract();
        await using var service = await ServiceProcess.StartAsync(("OCR", "auto"), ("OCR_LANGUAGES", "eng"));
        var tenant = new TenantClient(service);
        await tenant.CompletedAsync(await SendAsync(tenant, "testOCR.jpg"));
        Assert.Contains("Apache Tika", await tenant.ContentAsync("testOCR.jpg"), StringComparison.Ordinal);
        var task = await tenant.CompletedAsync(await SendAsync(tenant, "testOCR.pdf"));
        Assert.Equal(1, task.Number("result.page_count"));
        Assert.Contains(task.Items("warnings"), warning => warning.GetString()!.Contains("(OCR)", StringComparison.Ordinal));
        Assert.Equal("testOCR.pdf", (await tenant.SearchAsync("Happy New Year", "text"))[0].Text("document_id"));
    }

    [Fact]
    public async Task Turned_off_a_scan_ends_as_empty_and_says_why()
    {
        await using var service = await ServiceProcess.StartAsync();
        var tenant = new TenantClient(service);
        var task = await tenant.EndOfAsync(await SendAsync(tenant, "testOCR.pdf"));
        Assert.Equal(("failed", "EMPTY_DOCUMENT"), (task.Text("status"), task.Text("error_details.error_code")));
        Assert.Contains("OCR=auto", task.Text("error"), StringComparison.Ordinal);
        Assert.Contains("looks scanned", task.Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asked_for_without_the_program_the_service_does_not_start_and_says_what_to_install()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => ServiceProcess.StartAsync(("OCR", "auto"), ("PATH", "/nonexistent")));
        Assert.Contains("OCR=auto", fault.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install tesseract-ocr", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asked_for_a_language_that_is_not_there_the_service_does_not_start_and_says_what_to_install()
    {
        OcrTests.SkipWithoutTesseract();
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => ServiceProcess.StartAsync(("OCR", "force"), ("OCR_LANGUAGES", "eng+kling_on")));
        Assert.Contains("no data for kling_on", fault.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install tesseract-ocr-kling-on", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<string> SendAsync(TenantClient tenant, string file) =>
        await tenant.SendFileAsync(file, file, await File.ReadAllBytesAsync(Path.Combine(Scans, file), TestContext.Current.CancellationToken));
}
