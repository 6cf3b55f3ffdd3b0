using Ingestion.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ingestion.Access;

/// <summary>Stands before every route: who is it, may they, for this tenant, and has the tenant had enough.</summary>
public sealed class Gate(RequestDelegate next, Authenticator authenticator, RequestQuota quota)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // What routing refuses (an unknown address, a wrong method) is no route.
        if (http.GetEndpoint() is not RouteEndpoint route)
        {
            await next(http);
            return;
        }
        var access = route.Metadata.GetMetadata<RouteAccess>()
            ?? throw new InvalidOperationException($"{route.RoutePattern.RawText} does not say what it needs.");
        if (await AdmitAsync(http, access) is { } problem)
        {
            if (!http.WebSockets.IsWebSocketRequest)
            {
                await problem.ExecuteAsync(http);
                return;
            }
            // A browser hides the status of a refused handshake, so the socket says it when it closes.
            http.Features.Set(new Refusal(problem));
        }
        await next(http);
    }

    private async ValueTask<Problem?> AdmitAsync(HttpContext http, RouteAccess access)
    {
        var (request, cancel) = (http.Request, http.RequestAborted);
        var credential = CredentialOf(http);
        if (access.Needed == Scopes.None) return null;
        var (caller, problem) = await authenticator.CheckAsync(credential, cancel);
        if (caller is null) return problem;
        if (!caller.Scopes.Cover(access.Needed)) return Problems.ScopeForbidden(access.Needed);
        if (!access.OfTenant) return null;

        var visit = new Visit(caller, quota.TakeAsync);
        // Whoever names two tenants must be allowed both.
        foreach (var named in (ReadOnlySpan<string>)[request.Query["tenant_id"].ToString(), request.Headers["X-Tenant-ID"].ToString()])
            if (visit.Choose(named) is { Problem: { } refused }) return refused;
        // Before the body is read: a flood is turned away at the door. A tenant that only the body names is counted there.
        if ((await visit.EnterAsync(RequestIds.NamedTenant(request), cancel)).Problem is { } enough) return enough;
        http.Features.Set(visit);
        return null;
    }

    /// <summary>From the header; on a WebSocket, where browsers cannot set one, from the query, out of which it is taken.</summary>
    private static string? CredentialOf(HttpContext http)
    {
        var request = http.Request;
        string? inQuery = null;
        if (request.Query.ContainsKey("token"))
        {
            if (http.WebSockets.IsWebSocketRequest) inQuery = request.Query["token"].ToString();
            request.QueryString = QueryString.Create(request.Query.Where(pair => pair.Key != "token"));
            var raw = http.Features.GetRequiredFeature<IHttpRequestFeature>();
            raw.RawTarget = raw.RawTarget.Split('?')[0] + request.QueryString.ToUriComponent();
        }
        const string scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : inQuery;
    }
}
