using System.Text.Json.Nodes;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Access;

/// <summary>What somebody would have to find of another tenant.</summary>
public sealed record Prey(string Tenant, string TaskId, string Document, string Secret);

/// <summary>How to try a route. The ids are the prey's; the tenant is whatever the attacker says, or nothing.</summary>
/// <param name="Send">The tenant to name in the body, where the route has one; null names none.</param>
/// <param name="Own">What the attacker gets who names no tenant and so acts for his own: never anything of the prey's.</param>
/// <param name="HasBody">Whether the tenant may stand in a body.</param>
internal sealed record RouteAttempt(
    Func<Prey, string?, (HttpMethod Method, string Path, HttpContent? Body)> Send, int Own, bool HasBody = false);

/// <summary>One attempt for each route that acts for a tenant. A route without one fails the tests.</summary>
internal static class RouteAttempts
{
    private const string Collection = TenantClient.Collection;

    public static Dictionary<string, RouteAttempt> All { get; } = new()
    {
        ["POST /api/v1/documents/"] = new((prey, tenant) => (HttpMethod.Post, "api/v1/documents", Form(prey, tenant)), 202, HasBody: true),
        ["POST /api/v1/documents/text"] = new((prey, tenant) => (HttpMethod.Post, "api/v1/documents/text", Text(prey, tenant)), 202, HasBody: true),
        ["POST /api/v1/documents/url"] = new(
            (prey, tenant) => (HttpMethod.Post, "api/v1/documents/url", Body(prey, tenant, ("url", "http://127.0.0.1:9/"))), 202, HasBody: true),
        ["POST /api/v1/documents/plan"] = new((prey, tenant) => (HttpMethod.Post, "api/v1/documents/plan", Text(prey, tenant)), 200, HasBody: true),
        ["GET /api/v1/tasks/"] = new((_, _) => (HttpMethod.Get, "api/v1/tasks", null), 200),
        ["GET /api/v1/tasks/{task_id}"] = new((prey, _) => (HttpMethod.Get, $"api/v1/tasks/{prey.TaskId}", null), 404),
        ["DELETE /api/v1/tasks/{task_id}"] = new((prey, _) => (HttpMethod.Delete, $"api/v1/tasks/{prey.TaskId}", null), 404),
        ["POST /api/v1/tasks/{task_id}/retry"] = new((prey, _) => (HttpMethod.Post, $"api/v1/tasks/{prey.TaskId}/retry", null), 404),
        ["GET /api/v1/tasks/{task_id}/events"] = new((prey, _) => (HttpMethod.Get, $"api/v1/tasks/{prey.TaskId}/events", null), 404),
        ["GET /api/v1/collections/{collection_id}/documents/"] = new((_, _) => (HttpMethod.Get, $"api/v1/collections/{Collection}/documents", null), 200),
        ["GET /api/v1/collections/{collection_id}/documents/{document_id}"] = new((prey, _) => (HttpMethod.Get, Stored(prey), null), 404),
        ["GET /api/v1/collections/{collection_id}/documents/{document_id}/content"] = new((prey, _) => (HttpMethod.Get, Stored(prey) + "/content", null), 404),
        ["GET /api/v1/collections/{collection_id}/documents/{document_id}/chunks"] = new(
            (prey, _) => (HttpMethod.Get, Stored(prey) + "/chunks?include=embeddings", null), 404),
        ["DELETE /api/v1/collections/{collection_id}/documents/{document_id}"] = new((prey, _) => (HttpMethod.Delete, Stored(prey), null), 404),
        ["POST /api/v1/collections/{collection_id}/documents/{document_id}/rollback"] = new(
            (prey, _) => (HttpMethod.Post, Stored(prey) + "/rollback", null), 404),
        ["POST /api/v1/search"] = new(
            (prey, tenant) => (HttpMethod.Post, "api/v1/search", Search(prey, tenant)), 200, HasBody: true),
        // The body of a callback must name its tenant; the attacker names his own, and the prey's task.
        ["POST /api/v1/embeddings/callback"] = new(
            (prey, tenant) => (HttpMethod.Post, "api/v1/embeddings/callback", Callback(prey, tenant ?? RouteAccessTests.Attacker)), 404, HasBody: true),
    };

    /// <summary>The one route that is no plain request.</summary>
    public const string Socket = "* /ws/tasks/{task_id}";

    private static string Stored(Prey prey) => $"api/v1/collections/{Collection}/documents/{prey.Document}";

    private static StringContent Body(Prey prey, string? tenant, params (string Name, JsonNode? Value)[] fields)
    {
        var body = new JsonObject { ["collection_id"] = Collection, ["document_id"] = prey.Document };
        if (tenant is not null) body["tenant_id"] = tenant;
        foreach (var (name, value) in fields) body[name] = value;
        return TenantClient.Json(body.ToJsonString());
    }

    private static StringContent Text(Prey prey, string? tenant) => Body(prey, tenant, ("text", "Words of somebody else."));

    private static StringContent Search(Prey prey, string? tenant) => Body(prey, tenant, ("query", prey.Secret), ("top_k", 100),
        ("filter", new JsonObject { ["document_id"] = prey.Document, ["tenant_id"] = prey.Tenant }));

    private static StringContent Callback(Prey prey, string tenant) => Body(prey, tenant,
        ("action_type", "embedding.callback"), ("task_id", prey.TaskId), ("status", "success"),
        ("embeddings", new JsonArray(new JsonArray(1, 2))));

    /// <summary>The file comes first, so that it is on disk before its tenant is known.</summary>
    private static MultipartFormDataContent Form(Prey prey, string? tenant)
    {
        var file = new byte[60_000];
        Array.Fill(file, (byte)'a');
        var form = new MultipartFormDataContent { { new ByteArrayContent(file), "file", "a.txt" } };
        if (tenant is not null) form.Add(new StringContent(tenant), "tenant_id");
        form.Add(new StringContent(Collection), "collection_id");
        form.Add(new StringContent(prey.Document), "document_id");
        return form;
    }
}
