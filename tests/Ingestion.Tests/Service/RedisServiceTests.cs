using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ingestion.Tests.Support;
using StackExchange.Redis;

namespace Ingestion.Tests.Service;

/// <summary>The real service with its tasks in a real Redis: alone, with others, and while Redis is away.</summary>
public sealed class RedisServiceTests : RedisServiceSuite
{
    [Fact]
    public async Task Redis_that_is_away_at_the_start_is_said_so_and_waited_for()
    {
        await Redis.KillAsync();
        await using var service = await ServiceProcess.StartWithoutStorageAsync(Environment());
        var tenant = new TenantClient(service);
        var refused = await tenant.PostJsonAsync("api/v1/documents/text", tenant.TextBody("d1", "A text."));
        Assert.Equal((503, "engine_unavailable", true), (refused.Status, refused.Code, refused.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        var health = await tenant.GetAsync("health");
        Assert.Equal(("degraded", "redis", "disconnected"), (health.Json.Text("status"), health.Json.Text("engine"), health.Json.Text("redis")));
        Assert.Equal(503, (await tenant.GetAsync("health/ready")).Status);
        Assert.Equal(200, (await tenant.GetAsync("health/live")).Status);

        await Redis.StartAgainAsync();
        await service.WaitUntilReadyAsync();
        await tenant.CompletedAsync(await tenant.SendTextAsync("d1", Prose.Of(1, 5_000)));
        health = await tenant.GetAsync("health");
        Assert.Equal(("healthy", "connected"), (health.Json.Text("status"), health.Json.Text("redis")));
    }

    [Fact]
    public async Task Redis_that_is_killed_in_the_middle_costs_no_document_and_no_restart()
    {
        await using var service = await ServiceProcess.StartAsync(Environment());
        var tenant = new TenantClient(service);
        var tasks = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => tenant.SendTextAsync($"d{i}", Prose.Of(i, 40_000))));
        await tenant.CompletedAsync(tasks[0]);
        await Redis.KillAsync();
        await WaitAsync(async () => (await tenant.GetAsync("health")).Json.Text("status") == "degraded");
        await Task.Delay(3_000, TestContext.Current.CancellationToken);
        await Redis.StartAgainAsync();
        await service.WaitUntilReadyAsync();
        foreach (var (task, i) in tasks.Select((task, i) => (task, i)))
        {
            Assert.Equal(1, (await tenant.CompletedAsync(task)).Number("result.version"));
            await tenant.CheckChunksAsync($"d{i}");
            TaskStories.CheckCompleted(await tenant.EventsAsync(task));
        }
        Assert.Equal(30, (await tenant.GetAsync("api/v1/tasks")).Json.Number("total"));
    }

    [Fact]
    public async Task Instances_share_the_work_and_any_of_them_tells_of_any_task()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var api = await ServiceProcess.StartInAsync(Folder, Environment(("WORKER_COUNT", "0"), ("URL_ALLOW_PRIVATE", "true")));
        await using var first = await ServiceProcess.StartInAsync(Folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var second = await ServiceProcess.StartInAsync(Folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        var tenant = new TenantClient(api);
        var held = web.Hold(Prose.Of(1, 20_000));
        var slow = await tenant.SendUrlAsync("slow", held.Address);
        await held.WaitAsync();
        using var elsewhere = await TaskFollower.ConnectAsync(second, tenant.Id, slow);
        var tasks = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => tenant.SendTextAsync($"d{i}", Prose.Of(i, 20_000))));
        foreach (var task in tasks) TaskStories.CheckCompleted(await tenant.At(first).EventsAsync((await tenant.CompletedAsync(task)).Text("task_id")!));

        // A rolling stop: whoever has the held one hands it back, and it costs nothing.
        held.Release();
        var told = elsewhere.ToEndAsync();
        Assert.Equal(0, await first.TerminateAsync());
        await told;
        TaskStories.CheckCompleted(elsewhere.Events);
        var another = web.Hold("Another page.");
        var cancelled = await tenant.SendUrlAsync("never", another.Address);
        await another.WaitAsync();
        Assert.Equal(200, (await tenant.DeleteAsync($"api/v1/tasks/{cancelled}")).Status);
        Assert.Equal("cancelled", (await tenant.EndOfAsync(cancelled)).Text("status"));
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("STOP")]
    public async Task A_worker_that_dies_or_sleeps_is_replaced_and_its_late_word_changes_nothing(string signal)
    {
        await using var web = await HeldWeb.StartAsync();
        await using var first = await ServiceProcess.StartInAsync(Folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        var tenant = new TenantClient(first);
        var held = web.Hold(Prose.Of(1, 50_000));
        var task = await tenant.SendUrlAsync("d1", held.Address);
        await held.WaitAsync();
        await first.SignalAsync(signal);
        await using var second = await ServiceProcess.StartInAsync(Folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        held.Release();
        var ended = await tenant.At(second).CompletedAsync(task);
        Assert.Equal((2, 1), (ended.Number("attempt"), ended.Number("result.version")));
        var chunks = await tenant.At(second).CheckChunksAsync("d1");
        if (signal == "STOP")
        {
            await first.SignalAsync("CONT");
            await WaitAsync(async () => (await first.GetJsonAsync("health")).Number("workers.busy") == 0);
            Assert.Equal(ended.ToString(), (await tenant.At(second).TaskAsync(task)).ToString());
            Assert.Equal(chunks.Count, (await tenant.At(second).CheckChunksAsync("d1")).Count);
        }
        TaskStories.CheckCompleted(await tenant.At(second).EventsAsync(task));
    }

    [Fact]
    public async Task What_keeps_an_instance_from_Redis_the_log_says_with_what_to_set()
    {
        await using var redis = await Redis.ConnectAsync();
        var server = redis.GetServers()[0];
        await server.ExecuteAsync("CONFIG", "SET", "requirepass", "s3cret");
        foreach (var address in (string[])[Redis.Address, "nobody:wrong@" + Redis.Address])
        {
            await using var refused = await ServiceProcess.StartWithoutStorageAsync(("REDIS_URL", "redis://" + address));
            await SaysAsync(refused, "It refuses the user or the password. Set REDIS_PASSWORD");
        }
        var (port, certificate, key) = (Ports.Free(), Path.Combine(Folder, "redis.pem"), Path.Combine(Folder, "redis.key"));
        await WriteCertificateAsync(certificate, key);
        await using var tls = await RedisServer.StartAsync(
            "--save", "", "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--tls-cert-file", certificate, "--tls-key-file", key,
            "--tls-auth-clients", "no");
        (string, string) url = ("REDIS_URL", $"rediss://localhost:{port}");
        await using var strange = await ServiceProcess.StartWithoutStorageAsync(url);
        await SaysAsync(strange, "Its certificate is not accepted");
        await using var tooOpen = await ServiceProcess.StartWithoutStorageAsync(("REDIS_URL", $"redis://localhost:{port}"));
        await SaysAsync(tooOpen, $"Redis cannot be reached at localhost:{port} without TLS (redis://)");
        await using var tooClosed = await ServiceProcess.StartWithoutStorageAsync(("REDIS_URL", "rediss://" + Redis.Address));
        await SaysAsync(tooClosed, $"Redis cannot be reached at {Redis.Address} with TLS (rediss://)");
        await using var trusted = await ServiceProcess.StartInAsync(Folder, url, ("SSL_CERT_FILE", certificate));
        var tenant = new TenantClient(trusted);
        await tenant.CompletedAsync(await tenant.SendTextAsync("d1", "A text."));

        static async Task WriteCertificateAsync(string certificate, string key)
        {
            using var rsa = RSA.Create(2048);
            var request = new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            await File.WriteAllTextAsync(certificate, made.ExportCertificatePem());
            await File.WriteAllTextAsync(key, rsa.ExportPkcs8PrivateKeyPem());
        }

        static Task SaysAsync(ServiceProcess service, string what) => WaitAsync(() => Task.FromResult(service.Output.Contains(what, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_user_with_the_rights_that_the_documentation_names_may_do_all_that_is_needed()
    {
        var line = (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "scaling-out.md"), TestContext.Current.CancellationToken))
            .Single(one => one.Contains("ACL SETUSER", StringComparison.Ordinal) && one.Contains("redis-cli", StringComparison.Ordinal));
        await using var redis = await Redis.ConnectAsync();
        var server = redis.GetServers()[0];
        object[] words = [.. line[line.IndexOf("SETUSER", StringComparison.Ordinal)..].Split(' ').Select(word => word.Trim('\''))];
        await server.ExecuteAsync("ACL", words);
        await server.ExecuteAsync("ACL", "LOG", "RESET");
        await using var service = await ServiceProcess.StartAsync(("REDIS_URL", $"redis://ingestion:secret@{Redis.Address}"));
        var tenant = new TenantClient(service);
        await tenant.CompletedAsync(await tenant.SendTextAsync("d1", "A text."));
        var followed = await tenant.SendTextAsync("d2", "Another text.");
        using var follower = await TaskFollower.ConnectAsync(service, tenant.Id, followed);
        await follower.ToEndAsync();
        await redis.GetDatabase().ListRightPushAsync("task_status_queue", "{");
        await WaitAsync(async () => await redis.GetDatabase().ListLengthAsync("task_status_queue:dead") == 1);
        Assert.Equal(0, await service.TerminateAsync());
        // The library asks for news of masters, which it can do without.
        var denied = (RedisResult[])(await server.ExecuteAsync("ACL", "LOG"))!;
        Assert.All(denied, entry => Assert.Contains("__Booksleeve_MasterChanged", string.Join(' ', (string[])entry!), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redis_that_hangs_for_half_a_minute_or_is_killed_for_as_long_costs_nothing()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var first = await ServiceProcess.StartInAsync(Folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var second = await ServiceProcess.StartInAsync(Folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        var tenant = new TenantClient(first);
        foreach (var signal in (string[])["STOP", "KILL"])
        {
            var held = web.Hold(Prose.Of(1, 20_000));
            var inTheMiddle = await tenant.SendUrlAsync("held-" + signal, held.Address);
            await held.WaitAsync();
            var tasks = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => tenant.SendTextAsync($"{signal}-{i}", Prose.Of(i, 40_000))));
            if (signal == "KILL") await Redis.KillAsync();
            else await Redis.SignalAsync("STOP");
            var away = System.Diagnostics.Stopwatch.StartNew();
            held.Release();
            await WaitAsync(async () => (await tenant.GetAsync("health/ready")).Status == 503);
            while (away.Elapsed < TimeSpan.FromSeconds(30))
            {
                var refused = await tenant.PostJsonAsync("api/v1/documents/text", tenant.TextBody("never", "A text."));
                Assert.Equal((503, "engine_unavailable", true), (refused.Status, refused.Code, refused.Headers.RetryAfter?.Delta > TimeSpan.Zero));
                // It waits for Redis and is not to be restarted.
                Assert.Equal(200, (await tenant.GetAsync("health/live")).Status);
                Assert.Equal(200, (await tenant.At(second).GetAsync("health/live")).Status);
                await Task.Delay(1_000, TestContext.Current.CancellationToken);
            }
            if (signal == "KILL") await Redis.StartAgainAsync();
            else await Redis.SignalAsync("CONT");
            await first.WaitUntilReadyAsync();
            await second.WaitUntilReadyAsync();
            foreach (var task in tasks.Append(inTheMiddle))
            {
                var ended = await tenant.CompletedAsync(task);
                Assert.Equal(1, ended.Number("result.version"));
                TaskStories.CheckCompleted(await tenant.At(second).EventsAsync(task));
            }
            await tenant.CheckChunksAsync("held-" + signal);
        }
    }

    [Fact]
    public async Task Uploads_lie_in_the_bucket_until_they_are_done_with()
    {
        await using var s3 = await S3Server.StartAsync();
        var settings = Environment([("FILE_STORE", "s3://documents/in"), .. s3.Environment]);
        await using var service = await ServiceProcess.StartInAsync(Folder, settings);
        await using var other = await ServiceProcess.StartInAsync(Folder, settings);
        var tenant = new TenantClient(service);
        var text = Prose.Of(1, 200_000);
        var sent = await tenant.SendFileAsync("d1", "d1.md", System.Text.Encoding.UTF8.GetBytes(text));
        await tenant.At(other).CompletedAsync(sent);
        await tenant.CheckChunksAsync("d1");
        Assert.Contains(s3.Bodies, length => length == System.Text.Encoding.UTF8.GetByteCount(text));
        await WaitAsync(() => Task.FromResult(s3.Objects.Count == 1));
        Assert.Equal("documents/in/.identity", Assert.Single(s3.Objects).Key);
        Assert.Empty(s3.Refused);

        // One with another prefix has not the others' uploads.
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var stranger = await ServiceProcess.StartInAsync(Folder, Environment([("FILE_STORE", "s3://documents/out"), .. s3.Environment]));
        });
        Assert.Contains("FILE_STORE", fault.Message);

        s3.IsAway = true;
        var refused = await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", tenant.FileForm("d2", "d2.md", System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Equal(503, refused.Status);
        s3.IsAway = false;
    }
}
