using Ingestion.Http;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Access;

/// <summary>What an operator does on the command line opens the service.</summary>
public sealed class VerbTests(GuardedService service) : IClassFixture<GuardedService>
{
    [Fact]
    public async Task A_token_that_the_verb_makes_opens_its_tenant()
    {
        var (code, output, errors) = await ServiceProcess.RunAsync(["token", "--tenant", "acme", "--scope", "read", "--for", "5m"], ("AUTH_SECRET", GuardedService.Secret));

        Assert.Equal((0, ""), (code, errors));
        var client = new TenantClient(service.Process) { Id = "acme", Token = output.Trim() };
        Assert.Equal(200, (await client.GetAsync("api/v1/tasks")).Status);
        Assert.Equal("scope_forbidden", (await client.PostJsonAsync("api/v1/documents/text", client.TextBody("d", "x"))).Code);
    }

    [Fact]
    public async Task A_key_that_the_verb_makes_opens_a_service_that_lists_its_entry_and_is_listed_by_its_prefix()
    {
        var (code, output, _) = await ServiceProcess.RunAsync(["key", "--tenant", "acme", "--tenant", "globex", "--scope", "ingest,read"]);
        var lines = output.Split('\n');
        var (key, entry) = (lines[0]["key:".Length..].Trim(), lines[1]["API_KEYS:".Length..].Trim());
        Assert.Equal(0, code);

        var (_, list, _) = await ServiceProcess.RunAsync(["keys"], ("API_KEYS", entry));
        Assert.Contains(key[..11], list, StringComparison.Ordinal);
        Assert.Contains("acme, globex  ingest read", list, StringComparison.Ordinal);
        Assert.DoesNotContain(entry.Split(':')[^1], list, StringComparison.Ordinal);
        await using var other = await ServiceProcess.StartAsync(("API_KEYS", entry));
        Assert.Equal(200, (await new TenantClient(other) { Id = "globex", Token = key }.GetAsync("api/v1/tasks")).Status);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("token --tenant acme")]
    [InlineData("token --scope read")]
    [InlineData("token --tenant acme --scope write")]
    [InlineData("token --tenant acme --scope read --for ever")]
    [InlineData("key --tenant acme --scope read --what")]
    [InlineData("keys all")]
    public async Task A_verb_that_is_not_understood_says_how(string line)
    {
        var (code, output, errors) = await ServiceProcess.RunAsync(line.Split(' '), ("AUTH_SECRET", GuardedService.Secret));
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("--tenant", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("API_KEYS", "hunter2")]
    [InlineData("AUTH_SECRET", "hunter2")]
    [InlineData("TENANT_LIMITS_FILE", "/nowhere/limits.json")]
    public async Task A_service_whose_access_cannot_be_understood_does_not_start(string name, string value)
    {
        var (code, _, errors) = await ServiceProcess.RunAsync([], (name, value));
        Assert.Equal(1, code);
        Assert.Contains(name + "=", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", errors, StringComparison.Ordinal);
    }
}
