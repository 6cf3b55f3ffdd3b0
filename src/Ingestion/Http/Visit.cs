namespace Ingestion.Http;

/// <summary>
/// One request's right to act, put there by the gate before any route runs. A route asks it for its tenant, whether the tenant stands in
/// the address, in a header, in the body or nowhere; no route reads a tenant by itself.
/// </summary>
/// <param name="count">Counts a request of the tenant; a problem where the tenant has had enough.</param>
public sealed class Visit(Caller caller, Func<string, CancellationToken, ValueTask<Problem?>> count)
{
    private string? _counted;

    public Caller Caller => caller;

    /// <exception cref="InvalidOperationException">The route runs without the gate.</exception>
    public static Visit Of(HttpContext http) =>
        http.Features.Get<Visit>() ?? throw new InvalidOperationException("No route runs without the gate.");

    /// <summary>
    /// The tenant that the request acts for: the one that it names, or the only one of its token. A problem where it may not. Empty where
    /// there is none to tell; then the route says what is missing.
    /// </summary>
    public (string Tenant, Problem? Problem) Choose(string? named)
    {
        var tenant = string.IsNullOrEmpty(named) ? caller.OnlyTenant ?? "" : named;
        if (tenant.Length == 0) return ("", null);
        if (!RequestIds.IsValid(tenant)) return (tenant, Problems.InvalidId("tenant_id"));
        return (tenant, caller.MayActFor(tenant) ? null : Problems.TenantForbidden());
    }

    /// <summary>The same, and the request is counted for the tenant, once.</summary>
    public async ValueTask<(string Tenant, Problem? Problem)> EnterAsync(string? named, CancellationToken cancel)
    {
        var (tenant, problem) = Choose(named);
        if (problem is not null || tenant.Length == 0 || _counted == tenant) return (tenant, problem);
        problem = await count(tenant, cancel);
        if (problem is null) _counted = tenant;
        return (tenant, problem);
    }
}
