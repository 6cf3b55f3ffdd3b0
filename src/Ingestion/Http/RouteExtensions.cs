namespace Ingestion.Http;

public static class RouteExtensions
{
    /// <summary>The errors that the reference shows for a route, besides the one that every route has.</summary>
    public static RouteHandlerBuilder ProducesErrors(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses) route.Produces<ErrorResponse>(status);
        return route.Produces<ErrorResponse>(StatusCodes.Status503ServiceUnavailable);
    }
}
