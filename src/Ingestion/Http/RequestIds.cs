using System.Text;

namespace Ingestion.Http;

/// <summary>The ids that name things on the wire: opaque strings of 1–255 characters without control characters.</summary>
public static class RequestIds
{
    public const int MaxLength = 255;
    private const int LastPage = 10_000_000;

    public static bool IsValid(string id)
    {
        if (id.Length is 0 or > MaxLength * 2) return false;
        var characters = 0;
        foreach (var rune in id.EnumerateRunes())
        {
            // An unpaired surrogate is enumerated as the replacement character.
            if (Rune.IsControl(rune) || (rune == Rune.ReplacementChar && !id.Contains('\uFFFD', StringComparison.Ordinal))) return false;
            characters++;
        }
        return characters <= MaxLength;
    }

    /// <summary>
    /// The id at the given place of the path, from 0. Routing leaves <c>%2F</c> as it is, which would make an id with a slash another one.
    /// </summary>
    public static string FromPath(HttpContext http, int place)
    {
        var target = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        var end = target.IndexOfAny(['?', '#']);
        return Uri.UnescapeDataString((end < 0 ? target : target[..end]).Split('/', StringSplitOptions.RemoveEmptyEntries)[place]);
    }

    /// <summary>The tenant that the query string or the X-Tenant-ID header names; empty where neither does.</summary>
    public static string NamedTenant(HttpRequest request)
    {
        var named = request.Query["tenant_id"].ToString();
        return named.Length > 0 ? named : request.Headers["X-Tenant-ID"].ToString();
    }

    /// <summary>The request's tenant, from the query string, the X-Tenant-ID header or the caller's token.</summary>
    public static bool TryGetTenant(HttpRequest request, out string tenant, out Problem problem)
    {
        (tenant, var refused) = Visit.Of(request.HttpContext).Choose(NamedTenant(request));
        problem = refused ?? Problems.MissingFields(["tenant_id"]);
        return refused is null && tenant.Length > 0;
    }

    /// <summary><c>page</c> from 1 and <c>page_size</c> from 1 to 100.</summary>
    public static bool TryGetPage(HttpRequest request, out int page, out int pageSize, out Problem problem)
    {
        pageSize = 20;
        problem = Problems.Invalid("page", $"page must be a whole number from 1 to {LastPage}.");
        if (!TryGetNumber(request, "page", 1, LastPage, 1, out page)) return false;
        problem = Problems.Invalid("page_size", "page_size must be a whole number from 1 to 100.");
        return TryGetNumber(request, "page_size", 1, 100, 20, out pageSize);
    }

    private static bool TryGetNumber(HttpRequest request, string name, int least, int most, int otherwise, out int number)
    {
        var text = request.Query[name].ToString();
        number = otherwise;
        return text.Length == 0
            || (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number)
                && number >= least && number <= most);
    }
}
