namespace Ingestion.Http;

/// <summary>What a caller needs for a route. Every route says so; the service does not start with one that does not.</summary>
/// <param name="Needed">None: anybody may.</param>
/// <param name="OfTenant">Whether the route acts for a tenant; the others show nothing of any.</param>
public sealed record RouteAccess(Scopes Needed, bool OfTenant);

public static class RouteAccessExtensions
{
    public static T Needs<T>(this T route, Scopes scope) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteAccess(scope, OfTenant: true));

    /// <summary>For figures of the whole service.</summary>
    public static T NeedsAdmin<T>(this T route) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteAccess(Scopes.Admin, OfTenant: false));

    public static T IsOpen<T>(this T route) where T : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteAccess(Scopes.None, OfTenant: false));
}
