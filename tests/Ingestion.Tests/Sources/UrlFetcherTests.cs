using System.Globalization;
using System.IO.Compression;
using System.Text;
using Ingestion.Sources;
using Microsoft.AspNetCore.Http;

namespace Ingestion.Tests.Sources;

public class UrlFetcherTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    private static Task<FetchOutcome> FetchAsync(LoopbackWeb web, string path = "/", long maxBytes = 1_000_000) =>
        web.Fetcher().FetchAsync("http://public.example" + path, maxBytes, Long, null, Cancel);

    private static FetchOutcome.Failed Failed(FetchOutcome outcome, FetchFailure failure)
    {
        var failed = Assert.IsType<FetchOutcome.Failed>(outcome);
        Assert.Equal(failure, failed.Failure);
        return failed;
    }

    [Fact]
    public async Task A_document_arrives_with_its_bytes_name_type_and_charset()
    {
        var bytes = new byte[300_000];
        new Random(1).NextBytes(bytes);
        string? agent = null;
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            agent = context.Request.Headers.UserAgent;
            context.Response.ContentType = "Text/HTML; charset=\"ISO-8859-1\"";
            context.Response.ContentLength = bytes.Length;
            await context.Response.Body.WriteAsync(bytes);
        });
        var seen = new List<FetchProgress>();
        const string Url = "http://public.example/a/Informe%20a%C3%B1o.html?x=1";
        var outcome = await web.Fetcher().FetchAsync(Url + "#top", bytes.Length, Long, seen.Add, Cancel);
        var source = Assert.IsType<FetchOutcome.Fetched>(outcome).Source;
        Assert.Equal(("Informe año.html", "text/html", "ISO-8859-1"), (source.FileName, source.MediaType, source.Charset));
        Assert.Equal(Url, source.Url);
        Assert.Equal("Ingestion/1.2.3", agent);
        await using var stored = (await web.Store.OpenAsync(source, Cancel))!;
        var read = new MemoryStream();
        await stored.CopyToAsync(read, Cancel);
        Assert.Equal(bytes, read.ToArray());
        Assert.Equal(new FetchProgress(bytes.Length, bytes.Length), seen[^1]);
    }

    [Theory]
    [InlineData("attachment; filename=\"report.pdf\"", "report.pdf")]
    [InlineData("attachment; filename=report.pdf", "report.pdf")]
    [InlineData("attachment; filename*=UTF-8''Informe%20a%C3%B1o.pdf; filename=x.pdf", "Informe año.pdf")]
    [InlineData("attachment; filename=\"Informe año.pdf\"", "Informe año.pdf")]
    [InlineData("attachment; filename=\"../../etc/passwd\"", "passwd")]
    [InlineData("attachment; filename=\"C:\\\\temp\\\\a.docx\"", "a.docx")]
    [InlineData("attachment; filename=\"..\"", "path.txt")]
    [InlineData("inline", "path.txt")]
    [InlineData("¡nonsense;;=", "path.txt")]
    public async Task The_web_server_may_name_the_file_but_no_folder(string disposition, string name)
    {
        await using var web = await LoopbackWeb.StartAsync(context =>
        {
            context.Response.Headers.ContentDisposition = disposition;
            return context.Response.WriteAsync("text");
        });
        var fetched = Assert.IsType<FetchOutcome.Fetched>(await FetchAsync(web, "/some/path.txt"));
        Assert.Equal(name, fetched.Source.FileName);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("/", null)]
    [InlineData(" . ", null)]
    [InlineData("a\0b\n.txt", "ab.txt")]
    [InlineData("annual\u202Efdp.exe", "annualfdp.exe")]
    [InlineData("dir/", null)]
    public void A_name_is_cleaned_or_dropped(string? given, string? clean) => Assert.Equal(clean, FileNames.Clean(given));

    [Fact]
    public void A_long_name_is_cut_between_characters_and_keeps_its_extension()
    {
        var clean = FileNames.Clean(new string('a', 250) + string.Concat(Enumerable.Repeat("😀", 50)) + ".docx")!;
        Assert.True(clean.Length <= 255);
        Assert.EndsWith(".docx", clean);
        Assert.True(new UTF8Encoding(false, true).GetByteCount(clean) > 0);
    }

    [Fact]
    public async Task Five_redirects_are_followed_and_cookies_are_not_kept()
    {
        var cookies = 0;
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            cookies += context.Request.Cookies.Count;
            var hop = int.Parse(context.Request.Query["hop"].ToString(), CultureInfo.InvariantCulture);
            context.Response.Cookies.Append("session", "1");
            if (hop < 5) context.Response.Redirect($"?hop={hop + 1}");
            else await context.Response.WriteAsync("arrived");
        });
        var fetched = Assert.IsType<FetchOutcome.Fetched>(await FetchAsync(web, "/file.txt?hop=0"));
        Assert.Equal("arrived"u8.ToArray(), fetched.Source.Inline);
        Assert.Equal(("http://public.example/file.txt?hop=5", "file.txt"), (fetched.Address.AbsoluteUri, fetched.Source.FileName));
        Assert.Equal(0, cookies);
    }

    [Theory]
    [InlineData("/circle")]
    [InlineData("/spiral/")]
    public async Task The_sixth_redirect_ends_the_fetch(string path)
    {
        await using var web = await LoopbackWeb.StartAsync(context =>
        {
            context.Response.Redirect(context.Request.Path == "/circle" ? "/circle" : context.Request.Path + "on/");
            return Task.CompletedTask;
        });
        var failed = Failed(await FetchAsync(web, path), FetchFailure.TooManyRedirects);
        Assert.False(failed.IsTransient);
        Assert.Equal(6, web.Asked.Count);
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("//10.0.0.1/")]
    [InlineData("http://inside.example/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://user:password@public.example/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://public.example/x")]
    public async Task A_redirect_is_checked_like_the_first_address(string target)
    {
        await using var web = await LoopbackWeb.StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = target;
            return Task.CompletedTask;
        });
        web.Names["inside.example"] = () => [System.Net.IPAddress.Parse("192.168.1.1")];
        Failed(await FetchAsync(web), FetchFailure.Refused);
        Assert.Single(web.Asked);
        Assert.Equal([LoopbackWeb.PublicAddress], web.Dialled);
    }

    [Fact]
    public async Task A_document_that_declares_too_much_is_refused_before_its_first_byte()
    {
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            context.Response.ContentLength = 1_000_001;
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        var failed = Failed(await FetchAsync(web, maxBytes: 1_000_000), FetchFailure.TooLarge);
        Assert.False(failed.IsTransient);
        Assert.Contains("1000000 bytes", failed.Message);
    }

    [Fact]
    public async Task A_document_without_a_declared_length_is_read_no_further_than_the_limit()
    {
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            var block = new byte[50_000];
            while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(block, context.RequestAborted);
        });
        Failed(await FetchAsync(web, maxBytes: 1_000_000), FetchFailure.TooLarge);
        Assert.Empty(web.StoredFiles);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public async Task The_limit_is_exact(int more, bool isFetched)
    {
        await using var web = await LoopbackWeb.StartAsync(async context => await context.Response.Body.WriteAsync(new byte[100_000]));
        Assert.Equal(isFetched, await FetchAsync(web, maxBytes: 100_000 + more) is FetchOutcome.Fetched);
    }

    [Fact]
    public async Task A_compressed_bomb_is_measured_as_it_unfolds()
    {
        const int Unfolded = 100_000_000;
        var bomb = GZip(Unfolded);
        Assert.True(bomb.Length < 1_000_000);
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            context.Response.ContentLength = bomb.Length;
            await context.Response.Body.WriteAsync(bomb);
        });
        var seen = new List<FetchProgress>();
        var outcome = await web.Fetcher().FetchAsync("http://public.example/", 1_000_000, Long, seen.Add, Cancel);
        Failed(outcome, FetchFailure.TooLarge);
        Assert.True(seen.Max(progress => progress.Bytes) <= 1_000_000);
        Assert.Empty(web.StoredFiles);

        var small = Assert.IsType<FetchOutcome.Fetched>(await FetchAsync(web, maxBytes: Unfolded));
        Assert.Equal(Unfolded, small.Source.Size);
    }

    [Fact]
    public async Task Damaged_compressed_data_is_no_document()
    {
        var damaged = GZip(100_000);
        damaged[^6] ^= 0xFF;
        foreach (var body in new[] { damaged, "not gzip at all"u8.ToArray() })
        {
            await using var web = await LoopbackWeb.StartAsync(async context =>
            {
                context.Response.Headers.ContentEncoding = "gzip";
                await context.Response.Body.WriteAsync(body);
            });
            Failed(await FetchAsync(web), FetchFailure.Unreachable);
            Assert.Empty(web.StoredFiles);
        }
    }

    [Theory]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    public async Task Compression_that_was_not_asked_for_is_named(string encoding)
    {
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            context.Response.Headers.ContentEncoding = encoding;
            await context.Response.Body.WriteAsync(GZip(1000));
        });
        Assert.Contains(encoding.Split(',')[0], Failed(await FetchAsync(web), FetchFailure.Status).Message);
    }

    [Theory]
    [InlineData("/never-answers")]
    [InlineData("/slow-body")]
    [InlineData("/slow-redirects")]
    public async Task The_whole_fetch_has_one_time_limit(string path)
    {
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            var requested = context.Request.Path.Value;
            if (requested == "/slow-body") await context.Response.Body.WriteAsync(new byte[50_000]);
            if (requested == "/slow-redirects")
            {
                await Task.Delay(200, context.RequestAborted);
                context.Response.Redirect("/slow-redirects");
                return;
            }
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        var limit = TimeSpan.FromMilliseconds(500);
        var outcome = await web.Fetcher().FetchAsync("http://public.example" + path, 1_000_000, limit, null, Cancel);
        var failed = Failed(outcome, FetchFailure.TimedOut);
        Assert.True(failed.IsTransient);
        Assert.Contains("0.5 seconds", failed.Message);
        Assert.Empty(web.StoredFiles);
    }

    [Fact]
    public async Task A_cancelled_fetch_stops_at_once_and_keeps_nothing()
    {
        using var stop = new CancellationTokenSource();
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            await context.Response.Body.WriteAsync(new byte[50_000]);
            await context.Response.Body.FlushAsync();
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => web.Fetcher().FetchAsync("http://public.example/", 1_000_000, Long, null, stop.Token));
        Assert.Empty(web.StoredFiles);
    }

    [Theory]
    [InlineData(204, null, false, null)]
    [InlineData(304, null, false, null)]
    [InlineData(302, null, false, null)]
    [InlineData(400, "7", false, null)]
    [InlineData(401, null, false, null)]
    [InlineData(404, null, false, null)]
    [InlineData(408, null, true, null)]
    [InlineData(429, "7", true, 7.0)]
    [InlineData(429, "-7", true, null)]
    [InlineData(429, "99999999", true, 86_400.0)]
    [InlineData(429, "Thu, 01 Jan 2015 00:00:00 GMT", true, 0.0)]
    [InlineData(500, null, true, null)]
    [InlineData(503, "120", true, 120.0)]
    [InlineData(503, "soon", true, null)]
    public async Task A_status_says_whether_trying_again_helps(int status, string? retryAfter, bool isTransient, double? seconds)
    {
        await using var web = await LoopbackWeb.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });
        var failed = Failed(await FetchAsync(web), FetchFailure.Status);
        Assert.Equal((isTransient, seconds), (failed.IsTransient, failed.RetryAfter?.TotalSeconds));
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), failed.Message);
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public async Task A_connection_that_breaks_off_leaves_nothing_and_may_be_tried_again(int sent)
    {
        await using var web = await LoopbackWeb.StartAsync(async context =>
        {
            context.Response.ContentLength = 500_000;
            await context.Response.Body.WriteAsync(new byte[sent]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        Assert.True(Failed(await FetchAsync(web), FetchFailure.Unreachable).IsTransient);
        Assert.Empty(web.StoredFiles);
    }

    [Fact]
    public async Task A_closed_port_may_be_tried_again()
    {
        await using var web = await LoopbackWeb.StartAsync(context => Task.CompletedTask);
        var url = $"http://127.0.0.1:{web.Port}/";
        var fetcher = web.RealFetcher(allowPrivate: true);
        Assert.IsType<FetchOutcome.Fetched>(await fetcher.FetchAsync(url, 10, Long, null, Cancel));
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var closed = listener.LocalEndpoint.ToString();
        listener.Stop();
        Assert.True(Failed(await fetcher.FetchAsync($"http://{closed}/", 10, Long, null, Cancel), FetchFailure.Unreachable).IsTransient);
    }

    private static byte[] GZip(int zeros)
    {
        var output = new MemoryStream();
        using (var stream = new GZipStream(output, CompressionLevel.Optimal))
        {
            var block = new byte[100_000];
            for (var left = zeros; left > 0; left -= block.Length) stream.Write(block, 0, Math.Min(left, block.Length));
        }
        return output.ToArray();
    }
}
