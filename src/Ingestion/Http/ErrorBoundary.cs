namespace Ingestion.Http;

/// <summary>Turns what a route throws into an error of the contract. Nothing of the inside gets out.</summary>
public sealed class ErrorBoundary(RequestDelegate next, ILogger<ErrorBoundary> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, ContentLength: null, ContentType: null } && OfRouting(http.Response.StatusCode) is { } refused)
                await refused.ExecuteAsync(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            var problem = fault switch
            {
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problems.BodyTooLarge(),
                BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => Problems.TooSlow(),
                BadHttpRequestException bad => new Problem(bad.StatusCode, "validation_error", bad.Message),
                UnavailableException => Problems.Unavailable(),
                _ => Problems.Internal(),
            };
            if (problem.Status >= 500) log.LogError(fault, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            http.Response.Clear();
            SecurityHeaders.AddTo(http);
            await problem.ExecuteAsync(http);
        }
    }

    /// <summary>What routing refuses, it refuses without a word.</summary>
    private static Problem? OfRouting(int status) => status switch
    {
        StatusCodes.Status404NotFound => Problems.NotFound(),
        StatusCodes.Status405MethodNotAllowed => Problems.MethodNotAllowed(),
        StatusCodes.Status415UnsupportedMediaType => Problems.UnsupportedContentType("the type that the reference at /docs names for this address"),
        _ => null,
    };
}
