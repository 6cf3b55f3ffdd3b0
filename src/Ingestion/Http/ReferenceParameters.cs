using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Ingestion.Http;

/// <summary>The query parameters and headers that routes read by themselves and what any of them may answer, for the reference.</summary>
internal static class ReferenceParameters
{
    public static Task AddAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var path = (context.Description.RelativePath ?? "").TrimEnd('/');
        if (!path.StartsWith("api/", StringComparison.Ordinal)) return Task.CompletedTask;
        var method = context.Description.HttpMethod;
        operation.Parameters ??= [];
        foreach (var name in path.Split('/').Where(part => part.StartsWith('{')).Select(part => part.Trim('{', '}')))
        {
            if (operation.Parameters.Any(parameter => parameter.Name == name)) continue;
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Path,
                Required = true,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
        // Whatever the route, a caller may be refused.
        if (operation.Responses?.GetValueOrDefault("503")?.Content is { } error)
        {
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No valid key or token, where the service asks for one", Content = error });
            operation.Responses.TryAdd("403", new OpenApiResponse { Description = "The key or token is not for this tenant or this call", Content = error });
            operation.Responses.TryAdd("429", new OpenApiResponse { Description = "Too many requests; Retry-After says when to go on", Content = error });
        }
        var isRollback = path.EndsWith("/rollback", StringComparison.Ordinal);
        if (method == "POST" && !isRollback && !path.EndsWith("search", StringComparison.Ordinal)) Header(operation, "Idempotency-Key", "The same key and request answer with the first task.");
        if (path.EndsWith("search", StringComparison.Ordinal)) Header(operation, "X-Tenant-ID", "In place of tenant_id in the body.");
        if (method == "POST" && path.StartsWith("api/v1/documents", StringComparison.Ordinal))
            foreach (var id in (string[])["tenant_id", "collection_id", "document_id"]) Query(operation, id, "In place of the same field of the body.");
        var isRead = method is "GET" or "DELETE" || isRollback || path.EndsWith("retry", StringComparison.Ordinal);
        if (isRead) Query(operation, "tenant_id", "The tenant; may also stand in the header X-Tenant-ID, or be left out where the token has only one.");
        if (isRollback) Query(operation, "version", "The number of a kept version; the latest before the visible one where not given.", JsonSchemaType.Integer);
        if (path is "api/v1/tasks")
        {
            Query(operation, "collection_id", "Only tasks of this collection.");
            Query(operation, "status", "Only tasks with this status.");
        }
        if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            Query(operation, "after", "Only events with a higher event_id.");
            Header(operation, "Last-Event-ID", "The same as after, as browsers send it.");
        }
        if (path.EndsWith("/chunks", StringComparison.Ordinal)) Query(operation, "include", "embeddings adds the vectors.");
        if (method == "GET" && (path is "api/v1/tasks" || path.EndsWith("/documents", StringComparison.Ordinal) || path.EndsWith("/chunks", StringComparison.Ordinal)))
        {
            Query(operation, "page", "From 1.", JsonSchemaType.Integer);
            Query(operation, "page_size", "1 to 100, 20 where not given.", JsonSchemaType.Integer);
        }
        return Task.CompletedTask;
    }

    private static void Query(OpenApiOperation operation, string name, string description, JsonSchemaType type = JsonSchemaType.String) =>
        operation.Parameters!.Add(new OpenApiParameter
        {
            Name = name,
            In = ParameterLocation.Query,
            Description = description,
            Schema = new OpenApiSchema { Type = type },
        });

    private static void Header(OpenApiOperation operation, string name, string description) =>
        operation.Parameters!.Add(new OpenApiParameter
        {
            Name = name,
            In = ParameterLocation.Header,
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        });
}
