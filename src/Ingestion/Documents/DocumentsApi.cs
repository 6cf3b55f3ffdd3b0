using Ingestion.Http;
using Ingestion.Tasks;
using Microsoft.AspNetCore.Mvc;

namespace Ingestion.Documents;

/// <summary><c>POST /api/v1/documents…</c>: a document comes in as a file, an address or text, and leaves as a task.</summary>
public static class DocumentsApi
{
    public static RouteGroupBuilder MapDocuments(this IEndpointRouteBuilder api)
    {
        var documents = api.MapGroup("/documents").WithTags("Documents").Needs(Scopes.Ingest);

        // Routing takes the address with and without the slash at its end.
        documents.MapPost("/", UploadAsync)
            .WithSummary("Ingest a file, an address or a text sent as a form")
            .Accepts<DocumentForm>("multipart/form-data", "application/x-www-form-urlencoded")
            .ProducesAcceptedTask(409, 413, 415);
        documents.MapPost("/text", SendTextAsync)
            .WithSummary("Ingest a text sent as JSON")
            .Accepts<TextDocumentRequest>("application/json")
            .ProducesAcceptedTask(409, 413, 415);
        documents.MapPost("/url", SendUrlAsync)
            .WithSummary("Ingest what an address holds")
            .Accepts<UrlDocumentRequest>("application/json")
            .ProducesAcceptedTask(409, 413, 415);
        documents.MapPost("/plan", PlanAsync)
            .WithSummary("Show the chunks that a document would have; nothing is stored or embedded")
            .Accepts<PlanDocumentRequest>("application/json", "multipart/form-data")
            .Produces<PlanResponse>()
            .ProducesErrors(400, 413, 415, 422);
        return documents;
    }

    private static async Task<IResult> UploadAsync(HttpContext http, DocumentBody body, DocumentIntake intake)
    {
        var (draft, problem) = await body.ReadFormAsync(http.Request);
        return draft is null ? problem! : await AcceptAsync(http, draft, intake);
    }

    private static async Task<IResult> SendTextAsync(HttpContext http, DocumentBody body, DocumentIntake intake)
    {
        var (draft, problem) = await body.ReadJsonAsync(http.Request, DocumentWire.Default.TextDocumentRequest);
        return draft is null ? problem! : await AcceptAsync(http, draft, intake);
    }

    private static async Task<IResult> SendUrlAsync(HttpContext http, DocumentBody body, DocumentIntake intake)
    {
        var (draft, problem) = await body.ReadJsonAsync(http.Request, DocumentWire.Default.UrlDocumentRequest);
        return draft is null ? problem! : await AcceptAsync(http, draft, intake);
    }

    private static async Task<IResult> PlanAsync(HttpContext http, DocumentBody body, [FromServices] DocumentPlan plan)
    {
        var (draft, problem) = http.Request.HasJsonContentType()
            ? await body.ReadJsonAsync(http.Request, DocumentWire.Default.PlanDocumentRequest)
            : await body.ReadFormAsync(http.Request);
        return draft is null ? problem! : await plan.MakeAsync(draft, http.RequestAborted);
    }

    private static async Task<IResult> AcceptAsync(HttpContext http, DocumentDraft draft, DocumentIntake intake)
    {
        var keys = http.Request.Headers["Idempotency-Key"];
        var (result, problem) = await intake.AcceptAsync(draft, keys.Count > 0 ? keys.ToString() : null, http.RequestAborted);
        if (problem is not null) return problem;
        var (task, message) = result switch
        {
            EnqueueResult.Existing existing => (existing.Task, "This request was accepted before; here is its task."),
            EnqueueResult.Created created => (created.Task, "The document was accepted. Follow its task."),
            _ => throw new InvalidOperationException("Every other result is a problem."),
        };
        return TaskResponse.Accepted(task, message);
    }
}
