using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Ingestion.Tests.Service;

/// <summary>The real service with its tasks in a real Redis: alone, with others, and while Redis is away.</summary>
public sealed class RedisServiceTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ingestion-shared-").FullName;
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Redis_that_is_away_at_the_start_is_said_so_and_waited_for()
    {
        await _redis.KillAsync();
        await using var service = await ServiceProcess.StartWithoutStorageAsync(Environment());
        var tenant = new TenantClient(service);
        var refused = await tenant.PostJsonAsync("api/v1/documents/text", tenant.TextBody("d1", "A text."));
        Assert.Equal((503, "engine_unavailable", true), (refused.Status, refused.Code, refused.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        var health = await tenant.GetAsync("health");
        Assert.Equal(("degraded", "redis", "disconnected"), (health.Json.Text("status"), health.Json.Text("engine"), health.Json.Text("redis")));
        Assert.Equal(503, (await tenant.GetAsync("health/ready")).Status);
        Assert.Equal(200, (await tenant.GetAsync("health/live")).Status);

        await _redis.StartAgainAsync();
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
        await _redis.KillAsync();
        await WaitAsync(async () => (await tenant.GetAsync("health")).Json.Text("status") == "degraded");
        await Task.Delay(3_000, TestContext.Current.CancellationToken);
        await _redis.StartAgainAsync();
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
        await using var api = await ServiceProcess.StartInAsync(_folder, Environment(("WORKER_COUNT", "0"), ("URL_ALLOW_PRIVATE", "true")));
        await using var first = await ServiceProcess.StartInAsync(_folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var second = await ServiceProcess.StartInAsync(_folder, Environment(("URL_ALLOW_PRIVATE", "true")));
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
        await using var first = await ServiceProcess.StartInAsync(_folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        var tenant = new TenantClient(first);
        var held = web.Hold(Prose.Of(1, 50_000));
        var task = await tenant.SendUrlAsync("d1", held.Address);
        await held.WaitAsync();
        await first.SignalAsync(signal);
        await using var second = await ServiceProcess.StartInAsync(_folder, Environment(("URL_ALLOW_PRIVATE", "true")));
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
    public async Task An_instance_with_other_stores_does_not_start_beside_the_others()
    {
        await using var service = await ServiceProcess.StartAsync(Environment());
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await using var other = await ServiceProcess.StartAsync(Environment());
        });
        Assert.Contains("stopped with 1", fault.Message);
        Assert.Contains("Set DATA_DIR", fault.Message);
    }

    [Fact]
    public async Task Of_two_with_other_stores_the_one_goes_that_came_later_although_the_first_was_not_seen_for_long()
    {
        await using var first = await ServiceProcess.StartAsync(Environment());
        await first.SignalAsync("STOP");
        await using var redis = await _redis.ConnectAsync();
        // As its silence does it.
        foreach (var key in (string[])["instances", "stores", "since"]) await redis.GetDatabase().KeyDeleteAsync("{ingestion:0}:" + key);
        await using var later = await ServiceProcess.StartAsync(Environment());
        await first.SignalAsync("CONT");
        await WaitAsync(() => Task.FromResult(later.HasExited));
        Assert.Contains("Set DATA_DIR", later.Output, StringComparison.Ordinal);
        Assert.False(first.HasExited);
        var tenant = new TenantClient(first);
        await tenant.CompletedAsync(await tenant.SendTextAsync("d1", "A text."));
    }

    [Fact]
    public async Task An_instance_that_starts_while_Redis_is_away_works_on_nothing_before_it_knows_that_it_may()
    {
        await using var api = await ServiceProcess.StartAsync(Environment(("WORKER_COUNT", "0")));
        var tenant = new TenantClient(api);
        var tasks = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => tenant.SendTextAsync($"d{i}", "A text.")));
        Assert.Equal(0, await api.TerminateAsync());
        // Somebody with stores of his own, who is seen for long enough.
        await using (var redis = await _redis.ConnectAsync())
        {
            await redis.GetDatabase().SortedSetAddAsync("{ingestion:0}:instances", "other", DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds());
            await redis.GetDatabase().HashSetAsync("{ingestion:0}:stores", "other", "its-chunks its-uploads");
        }
        await _redis.KillAsync();
        await using var stranger = await ServiceProcess.StartWithoutStorageAsync(Environment(("WORKER_COUNT", "4")));
        await _redis.StartAgainAsync();
        await WaitAsync(() => Task.FromResult(stranger.HasExited));
        Assert.Contains("Set DATA_DIR", stranger.Output, StringComparison.Ordinal);

        await using (var redis = await _redis.ConnectAsync()) await redis.GetDatabase().KeyDeleteAsync("{ingestion:0}:instances");
        await using var again = await ServiceProcess.StartAsync(Environment(("WORKER_COUNT", "0")));
        foreach (var task in tasks)
        {
            var untouched = await tenant.At(again).TaskAsync(task);
            Assert.Equal(("pending", 0), (untouched.Text("status"), untouched.Number("attempt")));
        }
    }

    [Fact]
    public async Task What_keeps_an_instance_from_Redis_the_log_says_with_what_to_set()
    {
        await using var redis = await _redis.ConnectAsync();
        var server = redis.GetServers()[0];
        await server.ExecuteAsync("CONFIG", "SET", "requirepass", "s3cret");
        foreach (var address in (string[])[_redis.Address, "nobody:wrong@" + _redis.Address])
        {
            await using var refused = await ServiceProcess.StartWithoutStorageAsync(("REDIS_URL", "redis://" + address));
            await SaysAsync(refused, "It refuses the user or the password. Set REDIS_PASSWORD");
        }
        var (port, certificate, key) = (Ports.Free(), Path.Combine(_folder, "redis.pem"), Path.Combine(_folder, "redis.key"));
        await WriteCertificateAsync(certificate, key);
        await using var tls = await RedisServer.StartAsync(
            "--save", "", "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--tls-cert-file", certificate, "--tls-key-file", key,
            "--tls-auth-clients", "no");
        (string, string) url = ("REDIS_URL", $"rediss://localhost:{port}");
        await using var strange = await ServiceProcess.StartWithoutStorageAsync(url);
        await SaysAsync(strange, "Its certificate is not accepted");
        await using var trusted = await ServiceProcess.StartInAsync(_folder, url, ("SSL_CERT_FILE", certificate));
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
        await using var redis = await _redis.ConnectAsync();
        var server = redis.GetServers()[0];
        object[] words = [.. line[line.IndexOf("SETUSER", StringComparison.Ordinal)..].Split(' ').Select(word => word.Trim('\''))];
        await server.ExecuteAsync("ACL", words);
        await server.ExecuteAsync("ACL", "LOG", "RESET");
        await using var service = await ServiceProcess.StartAsync(("REDIS_URL", $"redis://ingestion:secret@{_redis.Address}"));
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
    public async Task A_document_of_another_service_becomes_a_task_and_what_cannot_be_read_is_put_aside_whole()
    {
        await using var service = await ServiceProcess.StartAsync(Environment(("DOCUMENT_QUEUE", "nooble:documents")));
        await using var redis = await _redis.ConnectAsync();
        var (list, tenant) = (redis.GetDatabase(), new TenantClient(service));
        var action = new JsonObject
        {
            ["action_id"] = "a1", ["action_type"] = "document.process", ["domain"] = "document", ["action"] = "process",
            ["tenant_id"] = tenant.Id, ["task_id"] = "task-of-" + tenant.Id, ["timestamp"] = DateTimeOffset.UtcNow,
            ["metadata"] = new JsonObject { ["year"] = 2024 }, ["document_id"] = "d1", ["collection_id"] = TenantClient.Collection,
            ["text_content"] = Prose.Of(1, 60_000), ["title"] = "From elsewhere", ["tags"] = new JsonArray("a", "b"), ["chunk_size"] = 100,
        };
        await list.ListRightPushAsync("nooble:documents", action.ToJsonString());
        // The same again, as a sender that was not sure does.
        await list.ListRightPushAsync("nooble:documents", action.ToJsonString());
        var lost = action.DeepClone();
        lost["document_id"] = "";
        (string Item, string Reason)[] unreadable =
        [
            ("{", "It is not JSON"), ("""{"tenant_id":"t"}""", "task_id is missing."), (lost.ToJsonString(), "document_id"),
            ("""["document.process"]""", "must be a JSON object"), (With("title", 7), "title must be a text."),
            (With("tenant_id", 7), "tenant_id must be a text."), (With("text_content", "another text"), "This task_id is that of another document."),
            ("""{"tenant_id":"t","task_id":"half","collection_id":"c","document_id":"d","text_content":"\ud800"}""", "half a surrogate pair"),
        ];
        foreach (var (item, _) in unreadable) await list.ListRightPushAsync("nooble:documents", item);

        await WaitAsync(async () => await list.ListLengthAsync("nooble:documents:dead") == unreadable.Length);
        var letters = (await list.ListRangeAsync("nooble:documents:dead")).Select(letter => JsonElement.Parse(letter.ToString())).ToList();
        Assert.Equal(unreadable.Select(one => one.Item), letters.Select(letter => letter.Text("item")));
        Assert.All(letters.Zip(unreadable), pair => Assert.Contains(pair.Second.Reason, pair.First.Text("reason"), StringComparison.Ordinal));
        var task = await tenant.CompletedAsync("task-of-" + tenant.Id);
        Assert.Equal(("From elsewhere", 1), (task.Text("title"), task.Number("result.version")));
        await tenant.CheckChunksAsync("d1");
        Assert.Empty(redis.GetServers()[0].Keys(pattern: "*reader:*"));
        Assert.Contains("ingestion_inbox_dead", (await tenant.GetAsync("metrics")).Body);
        await WaitAsync(() => Task.FromResult(service.Uploads.Length == 0));

        string With(string name, JsonNode value)
        {
            var changed = action.DeepClone();
            changed[name] = value;
            return changed.ToJsonString();
        }
    }

    [Fact]
    public async Task A_file_in_the_file_store_is_named_by_its_key_and_its_sender_is_told_of_the_end_on_his_list()
    {
        await using var service = await ServiceProcess.StartAsync(Environment());
        await using var redis = await _redis.ConnectAsync();
        var tenant = new TenantClient(service);
        var key = Guid.NewGuid().ToString("N");
        await File.WriteAllTextAsync(Path.Combine(service.Folder, "data", "uploads", key), Prose.Of(1, 60_000), TestContext.Current.CancellationToken);
        var action = new JsonObject
        {
            ["action_type"] = "document.process", ["tenant_id"] = tenant.Id, ["task_id"] = "keyed", ["collection_id"] = TenantClient.Collection,
            ["document_id"] = "d1", ["file_key"] = key, ["callback_queue"] = "ends",
        };
        await redis.GetDatabase().ListRightPushAsync("document_process_queue", action.ToJsonString());
        await WaitAsync(async () => (await tenant.GetAsync("api/v1/tasks/keyed")).Status == 200);
        Assert.Equal("file", (await tenant.CompletedAsync("keyed")).Text("source"));
        await tenant.CheckChunksAsync("d1");
        await WaitAsync(async () => await redis.GetDatabase().ListLengthAsync("ends") == 1);
        var end = JsonElement.Parse((await redis.GetDatabase().ListGetByIndexAsync("ends", 0)).ToString());
        Assert.Equal(("task.status", "keyed", "completed"), (end.Text("action_type"), end.Text("task_id"), end.Text("task.status")));
        await WaitAsync(() => Task.FromResult(service.Uploads.Length == 0));
    }

    [Fact]
    public async Task Other_services_cancel_tasks_and_are_answered_how_one_stands()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var service = await ServiceProcess.StartAsync(Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var redis = await _redis.ConnectAsync();
        var (list, tenant) = (redis.GetDatabase(), new TenantClient(service));
        var held = web.Hold("A page.");
        var task = await tenant.SendUrlAsync("d1", held.Address);
        await held.WaitAsync();
        JsonObject Ask(string type, string id) => new()
        {
            ["action_id"] = "q1", ["action_type"] = type, ["tenant_id"] = tenant.Id, ["task_id"] = id, ["callback_queue"] = "answers",
        };
        await list.ListRightPushAsync("task_status_queue", Ask("task.status", task).ToJsonString());
        await WaitAsync(async () => await list.ListLengthAsync("answers") == 1);
        var answer = JsonElement.Parse((await list.ListGetByIndexAsync("answers", 0)).ToString());
        Assert.Equal(("task.status", task, task, "q1"),
            (answer.Text("action_type"), answer.Text("task_id"), answer.Text("task.task_id"), answer.Text("metadata.in_reply_to")));
        await list.ListRightPushAsync("task_status_queue", Ask("task.cancel", task).ToJsonString());
        Assert.Equal("cancelled", (await tenant.EndOfAsync(task)).Text("status"));
        await list.ListRightPushAsync("task_status_queue", Ask("task.cancel", "unknown").ToJsonString());
        await WaitAsync(async () => await list.ListLengthAsync("task_status_queue:dead") == 1);
    }

    [Fact]
    public async Task A_cancel_that_overtakes_its_document_is_held_back_until_it_is_there()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var service = await ServiceProcess.StartAsync(Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var redis = await _redis.ConnectAsync();
        var (list, tenant, held) = (redis.GetDatabase(), new TenantClient(service), web.Hold("A page."));
        JsonObject Action(string type) => new() { ["action_type"] = type, ["tenant_id"] = tenant.Id, ["task_id"] = "early", ["callback_queue"] = "answers" };
        await list.ListRightPushAsync("task_status_queue", Action("task.cancel").ToJsonString());
        // Others are not held up by it.
        var other = await tenant.SendTextAsync("d2", "A text.");
        var ask = Action("task.status");
        ask["task_id"] = other;
        await list.ListRightPushAsync("task_status_queue", ask.ToJsonString());
        await WaitAsync(async () => await list.ListLengthAsync("answers") == 1);
        var document = Action("document.process");
        (document["collection_id"], document["document_id"], document["url"]) = ("c", "d1", held.Address.ToString());
        await list.ListRightPushAsync("document_process_queue", document.ToJsonString());
        await WaitAsync(async () => (await tenant.GetAsync("api/v1/tasks/early")).Status == 200);
        Assert.Equal("cancelled", (await tenant.EndOfAsync("early")).Text("status"));
        Assert.False(await list.KeyExistsAsync("task_status_queue:dead"));
    }

    [Fact]
    public async Task Redis_that_hangs_for_half_a_minute_or_is_killed_for_as_long_costs_nothing()
    {
        await using var web = await HeldWeb.StartAsync();
        await using var first = await ServiceProcess.StartInAsync(_folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        await using var second = await ServiceProcess.StartInAsync(_folder, Environment(("URL_ALLOW_PRIVATE", "true")));
        var tenant = new TenantClient(first);
        foreach (var signal in (string[])["STOP", "KILL"])
        {
            var held = web.Hold(Prose.Of(1, 20_000));
            var inTheMiddle = await tenant.SendUrlAsync("held-" + signal, held.Address);
            await held.WaitAsync();
            var tasks = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => tenant.SendTextAsync($"{signal}-{i}", Prose.Of(i, 40_000))));
            if (signal == "KILL") await _redis.KillAsync();
            else await _redis.SignalAsync("STOP");
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
            if (signal == "KILL") await _redis.StartAgainAsync();
            else await _redis.SignalAsync("CONT");
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
        await using var service = await ServiceProcess.StartInAsync(_folder, settings);
        await using var other = await ServiceProcess.StartInAsync(_folder, settings);
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
            await using var stranger = await ServiceProcess.StartInAsync(_folder, Environment([("FILE_STORE", "s3://documents/out"), .. s3.Environment]));
        });
        Assert.Contains("FILE_STORE", fault.Message);

        s3.IsAway = true;
        var refused = await tenant.SendAsync(HttpMethod.Post, "api/v1/documents", tenant.FileForm("d2", "d2.md", System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Equal(503, refused.Status);
        s3.IsAway = false;
    }

    [Theory]
    [InlineData("success", "chunk_ids")]
    [InlineData("completed", "chunks")]
    public async Task A_parked_task_goes_on_at_any_instance_when_its_vectors_come_by_the_list(string status, string names)
    {
        await using var redis = await _redis.ConnectAsync();
        await using var embedding = await StartEmbeddingAsync(redis.GetDatabase(), status, names);
        var settings = Environment(("EMBEDDING_SERVICE_URL", embedding.Urls.First() + "/api/v1/embeddings"), ("WORKER_COUNT", "1"));
        await using var first = await ServiceProcess.StartInAsync(_folder, settings);
        await using var second = await ServiceProcess.StartInAsync(_folder, settings);
        var tenant = new TenantClient(first);
        var tasks = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => tenant.SendTextAsync($"d{i}", Prose.Of(i, 3_000), chunkSize: 100)));
        foreach (var (task, i) in tasks.Select((task, i) => (task, i)))
        {
            var ended = await tenant.At(second).CompletedAsync(task);
            Assert.Equal((3, 0), (ended.Number("result.dimension"), ended.Items("warnings").Count));
            await tenant.CheckChunksAsync($"d{i}");
            TaskStories.CheckCompleted(await tenant.EventsAsync(task));
        }
        var late = new JsonObject { ["tenant_id"] = tenant.Id, ["task_id"] = "no-such-task", ["status"] = "failed", ["error"] = "It broke." };
        await redis.GetDatabase().ListRightPushAsync("embedding_callback_queue", late.ToJsonString());
        await WaitAsync(async () => await redis.GetDatabase().ListLengthAsync("embedding_callback_queue:dead") == 1);
    }

    [Fact]
    public async Task A_callback_by_the_list_with_numbers_that_JSON_does_not_know_is_put_aside_and_its_task_asks_again()
    {
        await using var redis = await _redis.ConnectAsync();
        await using var provider = await EmbeddingProvider.StartAsync();
        await using var service = await ServiceProcess.StartAsync(Environment(("EMBEDDING_SERVICE_URL", provider.Address + "api/v1/embeddings")));
        var tenant = new TenantClient(service);
        provider.Faults.Enqueue(async (http, call) =>
        {
            http.Response.StatusCode = 202;
            // As Python writes them.
            var callback = $$"""
                {"tenant_id":"{{tenant.Id}}","task_id":"{{call.Body.Text("task_id")}}","status":"success","embeddings":[[NaN, -Infinity, 1.0, 1.0]]}
                """;
            await redis.GetDatabase().ListRightPushAsync(call.Body.Text("callback_queue"), callback);
        });
        await tenant.CompletedAsync(await tenant.SendTextAsync("d1", "A text."));
        Assert.Equal(2, provider.Calls.Count);
        await WaitAsync(async () => await redis.GetDatabase().ListLengthAsync("embedding_callback_queue:dead") == 1);
        var letter = JsonElement.Parse((await redis.GetDatabase().ListGetByIndexAsync("embedding_callback_queue:dead", 0)).ToString());
        Assert.Contains("NaN, -Infinity", letter.Text("item"), StringComparison.Ordinal);
        Assert.Contains("lists of finite numbers", letter.Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_item_that_a_dead_reader_had_taken_is_done_by_another()
    {
        await using var redis = await _redis.ConnectAsync();
        var list = redis.GetDatabase();
        // As a reader that was killed leaves it: seen long ago, one item in its list.
        await list.SortedSetAddAsync("{task_status_queue}:readers", "gone", 1);
        await list.ListRightPushAsync("{task_status_queue}:reader:gone", """{"first":1}""");
        await list.ListRightPushAsync("task_status_queue", """{"second":2}""");
        await using var service = await ServiceProcess.StartAsync(Environment(("WORKER_COUNT", "0")));
        await WaitAsync(async () => await list.ListLengthAsync("task_status_queue:dead") == 2);
        Assert.Equal(["""{"first":1}""", """{"second":2}"""],
            (await list.ListRangeAsync("task_status_queue:dead")).Select(letter => JsonElement.Parse(letter.ToString()).Text("item")));
        Assert.False(await list.KeyExistsAsync("{task_status_queue}:reader:gone"));
    }

    /// <summary>An embedding service that takes each request with 202 and pushes the answer to the list that the request names, twice.</summary>
    private static async Task<WebApplication> StartEmbeddingAsync(IDatabase list, string status, string names)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/api/v1/embeddings/generate", async (HttpRequest request) =>
        {
            var asked = await request.ReadFromJsonAsync<JsonElement>();
            var ids = asked.GetProperty("chunks").EnumerateArray().Select(chunk => chunk.GetProperty("chunk_id").GetString()).ToList();
            var answer = new JsonObject
            {
                ["action_type"] = "embedding.callback", ["tenant_id"] = asked.Text("tenant_id"), ["task_id"] = asked.Text("task_id"),
                ["status"] = status, ["model"] = asked.Text("model"),
                [names] = new JsonArray([.. ids.Select(id => names == "chunks" ? new JsonObject { ["chunk_id"] = id } : (JsonNode)id!)]),
                ["embeddings"] = new JsonArray([.. ids.Select(id => new JsonArray(1, id!.Length, 3))]),
            };
            for (var i = 0; i < 2; i++) await list.ListRightPushAsync(asked.Text("callback_queue"), answer.ToJsonString());
            return Results.StatusCode(202);
        });
        await app.StartAsync();
        return app;
    }

    private (string, string)[] Environment(params (string Name, string Value)[] more) =>
        [("REDIS_URL", "redis://" + _redis.Address), .. more];

    private static async Task WaitAsync(Func<Task<bool>> isTrue)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (!await isTrue())
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException("It never came true.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
