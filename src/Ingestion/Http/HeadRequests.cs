namespace Ingestion.Http;

/// <summary>
/// HEAD wherever there is GET: the route answers as to a GET, and the server, which has seen the method, sends no body. A stream is not
/// followed for that.
/// </summary>
public sealed class HeadRequests(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Request.Method = HttpMethods.Get;
            http.Request.Headers.Remove("Accept");
        }
        return next(http);
    }
}
