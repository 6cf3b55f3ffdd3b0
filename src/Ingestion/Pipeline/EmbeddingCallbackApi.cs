using System.Text.Json;
using Ingestion.Actions;
using Ingestion.Http;

namespace Ingestion.Pipeline;

/// <summary><c>POST /api/v1/embeddings/callback</c>: for embedding services that cannot reach the queue.</summary>
public static class EmbeddingCallbackApi
{
    private const long MaxBody = 512L * 1024 * 1024;

    public static RouteHandlerBuilder MapEmbeddingCallback(this IEndpointRouteBuilder api) =>
        api.MapPost("/embeddings/callback", TakeAsync).WithTags("Embeddings")
            .WithSummary("Bring the vectors that a waiting task or query asked for (an EmbeddingCallbackAction)")
            .Accepts<System.Text.Json.Nodes.JsonObject>("application/json").Produces<CallbackResponse>(202).ProducesErrors(400, 404, 409).Needs(Scopes.Ingest);

    private static async Task<IResult> TakeAsync(HttpContext http, EmbeddingCallbacks callbacks)
    {
        if (!RequestJson.TrySetMaxBody(http.Request, MaxBody)) return Problems.BodyTooLarge();
        var (body, problem) = await RequestJson.ReadAsync(http.Request, CallbackWire.Default.JsonDocument);
        using var json = body;
        if (body is null) return problem!;
        if (EmbeddingCallbackAction.Parse(body.RootElement, out var reason) is not { } action) return Problems.InvalidBody(reason);
        if ((await Visit.Of(http).EnterAsync(action.TenantId, http.RequestAborted)).Problem is { } refused) return refused;
        var result = await callbacks.HandleAsync(action, http.RequestAborted);
        return result.Kind switch
        {
            CallbackKind.UnknownTask => Problems.TaskNotFound(action.TaskId),
            CallbackKind.Unreadable => Problems.InvalidBody(result.Message),
            CallbackKind.Taken or CallbackKind.Late => Results.Json(new CallbackResponse(true, result.Message), CallbackWire.Answers.CallbackResponse, statusCode: 202),
            CallbackKind.Refused => Results.Json(new CallbackResponse(false, result.Message), CallbackWire.Answers.CallbackResponse, statusCode: 202),
        };
    }
}

/// <param name="Success">False where the vectors did not fit; the task asks again.</param>
public sealed record CallbackResponse(bool Success, string Message);
