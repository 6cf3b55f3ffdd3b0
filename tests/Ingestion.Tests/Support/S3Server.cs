using System.Collections.Concurrent;
using System.Globalization;
using System.Security;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ingestion.Tests.Support;

/// <summary>
/// As much of S3 as an upload store asks for, on loopback, with its objects in memory. Each request must be signed, and its body be the
/// one that was signed.
/// </summary>
public sealed partial class S3Server : IAsyncDisposable
{
    public const string AccessKey = "AKIDTEST", SecretKey = "a-secret-of-no-use";

    private readonly WebApplication _app;

    private S3Server(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    public (string, string)[] Environment =>
        [("S3_ENDPOINT", Address), ("AWS_ACCESS_KEY_ID", AccessKey), ("AWS_SECRET_ACCESS_KEY", SecretKey), ("AWS_REGION", "eu-west-1")];

    /// <summary>By bucket and key.</summary>
    public ConcurrentDictionary<string, (byte[] Bytes, DateTime At)> Objects { get; } = [];

    public ConcurrentDictionary<string, (string Path, ConcurrentDictionary<int, byte[]> Parts, DateTime At)> Halves { get; } = [];

    /// <summary>Bodies, by how long they were.</summary>
    public ConcurrentQueue<int> Bodies { get; } = [];

    /// <summary>Why requests were refused; a client that works gives no cause.</summary>
    public ConcurrentQueue<string> Refused { get; } = [];

    /// <summary>Answers 503 from the next request on.</summary>
    public bool IsAway { get; set; }

    public static async Task<S3Server> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var server = new S3Server(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var (request, response) = (http.Request, http.Response);
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer);
        var (path, body) = (request.Path.Value!.TrimStart('/'), buffer.ToArray());
        if (body.Length > 0) Bodies.Enqueue(body.Length);
        if (IsAway) response.StatusCode = 503;
        else if (WhyNot(request, body) is { } reason)
        {
            Refused.Enqueue(reason);
            response.StatusCode = 403;
        }
        else await DoAsync(request, response, path, body);
    }

    private async Task DoAsync(HttpRequest request, HttpResponse response, string path, byte[] body)
    {
        var query = request.Query;
        switch (request.Method)
        {
            case "GET" when query.ContainsKey("uploads"):
                await WriteAsync(response, "ListMultipartUploadsResult", "<IsTruncated>false</IsTruncated>" + string.Concat(Halves.Select(half =>
                    $"<Upload><Key>{KeyOf(half.Value.Path)}</Key><UploadId>{half.Key}</UploadId><Initiated>{Iso(half.Value.At)}</Initiated></Upload>")));
                break;
            case "GET" when query["list-type"] == "2":
                var start = path.TrimEnd('/') + "/" + query["prefix"];
                await WriteAsync(response, "ListBucketResult", "<IsTruncated>false</IsTruncated>" + string.Concat(
                    Objects.Where(one => one.Key.StartsWith(start, StringComparison.Ordinal)).Select(one =>
                        $"<Contents><Key>{KeyOf(one.Key)}</Key><LastModified>{Iso(one.Value.At)}</LastModified><Size>{one.Value.Bytes.Length}</Size></Contents>")));
                break;
            case "GET" when Objects.TryGetValue(path, out var found):
                response.ContentLength = found.Bytes.Length;
                await response.Body.WriteAsync(found.Bytes);
                break;
            case "GET":
                response.StatusCode = 404;
                await WriteAsync(response, "Error", "<Code>NoSuchKey</Code><Message>There is none.</Message>");
                break;
            case "POST" when query.ContainsKey("uploads"):
                var id = Guid.NewGuid().ToString("N");
                Halves[id] = (path, [], DateTime.UtcNow);
                await WriteAsync(response, "InitiateMultipartUploadResult", $"<UploadId>{id}</UploadId>");
                break;
            case "PUT" when query.ContainsKey("uploadId"):
                Halves[query["uploadId"]!].Parts[int.Parse(query["partNumber"]!, CultureInfo.InvariantCulture)] = body;
                response.Headers.ETag = $"\"{query["partNumber"]}\"";
                break;
            case "POST" when Halves.TryRemove(query["uploadId"]!, out var half):
                Objects[path] = ([.. half.Parts.OrderBy(part => part.Key).SelectMany(part => part.Value)], DateTime.UtcNow);
                await WriteAsync(response, "CompleteMultipartUploadResult", "<ETag>\"e\"</ETag>");
                break;
            case "PUT" when request.Headers.IfNoneMatch == "*":
                if (!Objects.TryAdd(path, (body, DateTime.UtcNow))) response.StatusCode = 412;
                break;
            case "PUT":
                Objects[path] = (body, DateTime.UtcNow);
                break;
            case "DELETE":
                if (query.ContainsKey("uploadId")) Halves.TryRemove(query["uploadId"]!, out _);
                else Objects.TryRemove(path, out _);
                response.StatusCode = 204;
                break;
            default:
                response.StatusCode = 501;
                break;
        }
    }

    /// <summary>The signature is worked out anew from what arrived.</summary>
    private static string? WhyNot(HttpRequest request, byte[] body)
    {
        var match = Signed().Match(request.Headers.Authorization.ToString());
        if (!match.Success) return "not signed";
        var hash = request.Headers["x-amz-content-sha256"].ToString();
        if (hash != Convert.ToHexStringLower(SHA256.HashData(body))) return "another body than was signed: " + hash;
        var headers = match.Groups["headers"].Value.Split(';');
        var canonical = string.Join('\n',
            request.Method, request.Path.ToUriComponent(),
            string.Join('&', request.Query.OrderBy(one => one.Key, StringComparer.Ordinal)
                .Select(one => $"{Uri.EscapeDataString(one.Key)}={Uri.EscapeDataString(one.Value.ToString())}")),
            string.Concat(headers.Select(name => $"{name}:{request.Headers[name].ToString().Trim()}\n")),
            string.Join(';', headers), hash);
        var scope = match.Groups["scope"].Value.Split('/');
        var text = $"AWS4-HMAC-SHA256\n{request.Headers["x-amz-date"]}\n{match.Groups["scope"].Value}\n"
            + Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(canonical)));
        var key = scope.Append(text).Aggregate(
            System.Text.Encoding.UTF8.GetBytes("AWS4" + SecretKey), (so_far, next) => HMACSHA256.HashData(so_far, System.Text.Encoding.UTF8.GetBytes(next)));
        return Convert.ToHexStringLower(key) == match.Groups["signature"].Value ? null : "another signature than was to come: " + canonical;
    }

    private static Task WriteAsync(HttpResponse response, string root, string xml)
    {
        response.ContentType = "application/xml";
        return response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root}>{xml}</{root}>");
    }

    private static string KeyOf(string path) => SecurityElement.Escape(path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..]);

    private static string Iso(DateTime at) => at.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^AWS4-HMAC-SHA256 Credential=AKIDTEST/(?<scope>[^,]+), ?SignedHeaders=(?<headers>[^,]+), ?Signature=(?<signature>[0-9a-f]{64})$")]
    private static partial Regex Signed();
}
