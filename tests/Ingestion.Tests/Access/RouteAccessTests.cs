using System.Text.Json;
using Ingestion.Http;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Access;

/// <summary>
/// Every route of the running service's own table, tried without a token, with a bad one, with too little scope and as the wrong tenant.
/// </summary>
public sealed class RouteAccessTests(GuardedService service) : IClassFixture<GuardedService>
{
    public const string Attacker = "mallory";
    private const Scopes Every = Scopes.Ingest | Scopes.Read | Scopes.Delete;

    public static TheoryData<string> TenantRoutes => [.. RouteAttempts.All.Keys];

    [Fact]
    public async Task Every_route_of_the_table_is_tried_here()
    {
        var routes = await RoutesAsync();

        var ofTenants = routes.Where(route => route.OfTenant).Select(route => route.Name).Order(StringComparer.Ordinal);
        Assert.Equal(RouteAttempts.All.Keys.Append(RouteAttempts.Socket).Order(StringComparer.Ordinal), ofTenants);
        // What is open shows nothing of any tenant: a new one of these wants a second thought, and a line here.
        Assert.Equal(
            ["GET /api/v1/health", "GET /health", "GET /health/live", "GET /health/ready", "GET /openapi/{documentName}.json"],
            routes.Where(route => route.Scope == "open" && !route.Name.StartsWith("GET /docs/", StringComparison.Ordinal)).Select(route => route.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["* /metrics"], routes.Where(route => route is { OfTenant: false, Scope: not "open" }).Select(route => route.Name));
    }

    [Theory, MemberData(nameof(TenantRoutes))]
    public async Task Without_a_token_and_with_a_bad_one_nobody_gets_in(string route)
    {
        var prey = await PreyAsync();
        var good = GuardedService.Token(Every, prey.Tenant);
        string?[] bad = [null, "", "none", "ik_aaaaaaaa_bbbb", good[..^2], good + "x", service.Key[..^1], new string('x', 20_000)];
        foreach (var token in bad)
        {
            var answer = await TryAsync(route, prey, token, inBody: prey.Tenant, inQuery: prey.Tenant);
            Assert.Equal((401, "unauthorized"), (answer.Status, answer.Code));
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        }
        await AssertUntouchedAsync(prey);
    }

    [Theory, MemberData(nameof(TenantRoutes))]
    public async Task Naming_another_tenant_is_forbidden_wherever_it_is_named(string route)
    {
        var prey = await PreyAsync();
        var token = GuardedService.Token(Every, Attacker, "mallory-2");
        List<Answer> answers =
        [
            await TryAsync(route, prey, token, inQuery: prey.Tenant),
            await TryAsync(route, prey, token, inHeader: prey.Tenant),
            await TryAsync(route, prey, token, inQuery: Attacker, inHeader: prey.Tenant),
            await TryAsync(route, prey, token, inQuery: Attacker + "," + prey.Tenant),
        ];
        if (RouteAttempts.All[route].HasBody)
        {
            answers.Add(await TryAsync(route, prey, token, inBody: prey.Tenant));
            answers.Add(await TryAsync(route, prey, token, inBody: prey.Tenant, inQuery: Attacker, inHeader: Attacker));
        }
        foreach (var answer in answers)
        {
            Assert.Equal((403, "tenant_forbidden"), (answer.Status, answer.Code));
            Assert.DoesNotContain(prey.Secret, answer.Body, StringComparison.Ordinal);
        }
        await AssertUntouchedAsync(prey);
    }

    [Theory, MemberData(nameof(TenantRoutes))]
    public async Task Acting_for_ones_own_tenant_with_the_ids_of_another_finds_nothing(string route)
    {
        var prey = await PreyAsync();

        foreach (var named in new[] { null, Attacker })
        {
            var answer = await TryAsync(route, prey, GuardedService.Token(Every, Attacker), inBody: named, inQuery: named);

            Assert.Equal(RouteAttempts.All[route].Own, answer.Status);
            Assert.DoesNotContain(prey.Secret, answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(prey.Tenant, answer.Body, StringComparison.Ordinal);
        }
        await AssertUntouchedAsync(prey);
    }

    [Theory, MemberData(nameof(TenantRoutes))]
    public async Task The_scope_must_be_the_routes_own(string route)
    {
        var prey = await PreyAsync();
        var needed = ScopeNames.Of((await RoutesAsync()).Single(one => one.Name == route).Scope);

        foreach (var scopes in new[] { Scopes.None, Every & ~needed })
        {
            var answer = await TryAsync(route, prey, GuardedService.Token(scopes, prey.Tenant), inBody: prey.Tenant);
            Assert.Equal((403, "scope_forbidden", needed.Wire()), (answer.Status, answer.Code, answer.Json.Text("error.details.field")));
        }
        await AssertUntouchedAsync(prey);
    }

    [Fact]
    public async Task A_socket_is_closed_with_1008_to_whoever_may_not()
    {
        var prey = await PreyAsync();
        (string Tenant, string Token)[] attempts =
        [
            (prey.Tenant, ""), (prey.Tenant, "none"), (prey.Tenant, GuardedService.Token(Every, Attacker)), (Attacker, GuardedService.Token(Every, Attacker)),
            ("", GuardedService.Token(Every, Attacker)), (prey.Tenant, GuardedService.Token(Scopes.Ingest, prey.Tenant)),
            (prey.Tenant, GuardedService.Token(Every, prey.Tenant)[..^2]),
        ];
        foreach (var (tenant, token) in attempts)
        {
            using var socket = await TaskFollower.ConnectAsync(service.Process, tenant, prey.TaskId, token: token);
            await socket.ToEndAsync();
            Assert.Equal(1008, socket.CloseCode);
            Assert.Empty(socket.Events);
        }
        using var own = await TaskFollower.ConnectAsync(service.Process, prey.Tenant, prey.TaskId, token: GuardedService.Token(Scopes.Read, prey.Tenant));
        await own.ToEndAsync();
        Assert.Equal(1000, own.CloseCode);
        Assert.NotEmpty(own.Events);
    }

    [Fact]
    public async Task Following_live_needs_the_same()
    {
        var prey = await PreyAsync();
        foreach (var (token, status) in new[] { (null, 401), (GuardedService.Token(Every, Attacker), 404) })
        {
            var answer = await new TenantClient(service.Process) { Token = token }.SendAsync(
                HttpMethod.Get, $"api/v1/tasks/{prey.TaskId}/events", null, ("Accept", "text/event-stream"));
            Assert.Equal(status, answer.Status);
        }
    }

    [Fact]
    public async Task A_key_of_another_tenant_does_not_meet_ones_own()
    {
        var (one, other) = (service.Client("keys-one"), service.Client("keys-other"));
        var key = ("Idempotency-Key", "the same");
        var first = await one.PostJsonAsync("api/v1/documents/text", one.TextBody("d", "The same."), key);
        var second = await other.PostJsonAsync("api/v1/documents/text", other.TextBody("d", "The same."), key);

        Assert.NotEqual(first.TaskId, second.TaskId);
        await one.CompletedAsync(first.TaskId);
        await other.CompletedAsync(second.TaskId);
        Assert.Equal(200, (await one.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/d")).Status);
        Assert.Equal(200, (await other.DocumentAsync("d")).Status);
    }

    [Fact]
    public async Task A_token_of_one_tenant_need_not_name_it()
    {
        var client = service.Client("unnamed");
        var sent = await client.SendAsync(HttpMethod.Post, "api/v1/documents/text", TenantClient.Json(
            """{"collection_id":"library","document_id":"d","text":"A text."}"""));
        await client.CompletedAsync(sent.TaskId);

        Assert.Equal("unnamed", (await client.SendAsync(HttpMethod.Get, "api/v1/tasks/" + sent.TaskId)).Json.Text("task.tenant_id"));
        var several = new TenantClient(service.Process) { Token = GuardedService.Token(Every, "a", "b") };
        Assert.Equal((400, "missing_required_fields"), Of(await several.SendAsync(HttpMethod.Get, "api/v1/tasks")));
    }

    [Fact]
    public async Task A_key_opens_its_own_tenant_and_an_administrator_all()
    {
        var keyed = new TenantClient(service.Process) { Id = "keyed", Token = service.Key };
        await keyed.CompletedAsync(await keyed.SendTextAsync("d", "Sent with a key."));
        Assert.Equal("tenant_forbidden", (await keyed.SendAsync(HttpMethod.Get, "api/v1/tasks?tenant_id=mallory")).Code);
        Assert.Equal("scope_forbidden", (await keyed.DeleteAsync($"api/v1/collections/{TenantClient.Collection}/documents/d")).Code);
        Assert.Equal("scope_forbidden", (await keyed.SendAsync(HttpMethod.Get, "metrics")).Code);
        Assert.Equal(401, (await new TenantClient(service.Process).SendAsync(HttpMethod.Get, "metrics")).Status);

        var admin = new TenantClient(service.Process) { Id = "keyed", Token = GuardedService.Token(Scopes.Admin, Caller.EveryTenant) };
        Assert.Equal(200, (await admin.DocumentAsync("d")).Status);
        Assert.Equal(200, (await admin.SendAsync(HttpMethod.Get, "metrics")).Status);
    }

    private static (int, string?) Of(Answer answer) => (answer.Status, answer.Code);

    /// <summary>A tenant with a stored document and the task that brought it.</summary>
    private async Task<Prey> PreyAsync()
    {
        var tenant = "prey-" + Guid.NewGuid().ToString("N")[..8];
        var secret = "secret" + Guid.NewGuid().ToString("N");
        var client = service.Client(tenant);
        var document = "document-of-" + tenant[5..];
        var taskId = await client.SendTextAsync(document, $"What nobody else may read: {secret}.");
        await client.CompletedAsync(taskId);
        return new(tenant, taskId, document, secret);
    }

    private async Task AssertUntouchedAsync(Prey prey)
    {
        var owner = service.Client(prey.Tenant);
        Assert.Equal(1, (await owner.GetAsync("api/v1/tasks")).Json.Number("total"));
        Assert.Equal("completed", (await owner.TaskAsync(prey.TaskId)).Text("status"));
        Assert.Contains(prey.Secret, await owner.ContentAsync(prey.Document), StringComparison.Ordinal);
        Assert.Equal(1, (await owner.DocumentAsync(prey.Document)).Json.Number("document.version"));
    }

    private async Task<Answer> TryAsync(
        string route, Prey prey, string? token, string? inBody = null, string? inQuery = null, string? inHeader = null)
    {
        var (method, path, body) = RouteAttempts.All[route].Send(prey, inBody);
        if (inQuery is not null) path += (path.Contains('?', StringComparison.Ordinal) ? '&' : '?') + "tenant_id=" + Uri.EscapeDataString(inQuery);
        (string, string)[] headers = inHeader is null ? [] : [("X-Tenant-ID", inHeader)];
        return await new TenantClient(service.Process) { Token = token }.SendAsync(method, path, body, headers);
    }

    private static readonly Lazy<Task<List<(string Name, string Scope, bool OfTenant)>>> Routes = new(ReadRoutesAsync);

    private static Task<List<(string Name, string Scope, bool OfTenant)>> RoutesAsync() => Routes.Value;

    private static async Task<List<(string Name, string Scope, bool OfTenant)>> ReadRoutesAsync()
    {
        var (code, output, errors) = await ServiceProcess.RunAsync(["routes"]);
        Assert.True(code == 0, errors);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .Select(parts => ($"{parts[0]} {parts[1]}", parts[2], parts[3] == "tenant"))];
    }
}
