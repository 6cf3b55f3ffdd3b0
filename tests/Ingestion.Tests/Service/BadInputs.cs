using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Ingestion.Tests.Extraction;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Service;

/// <summary>The table of bad input: what is sent, and what comes back.</summary>
internal static class BadInputs
{
    private const string Documents = "api/v1/documents", Text = "api/v1/documents/text", Url = "api/v1/documents/url", Tasks = "api/v1/tasks";
    private static readonly byte[] Png = [0x89, .. "PNG\r\n\u001a\n"u8, .. new byte[300]];

    public sealed record Case(Func<TenantClient, Task<Answer>> Send, int Status, string Code, string Says);

    /// <summary>Refused at the door.</summary>
    public static Dictionary<string, Case> Refused { get; } = new()
    {
        ["no source"] = new(tenant => Form(tenant, _ => { }), 400, "missing_source", "Send exactly one of file, url and text"),
        ["an empty text"] = new(tenant => Json(tenant, body => body["text"] = ""), 400, "missing_source", "Send exactly one of"),
        ["no text in JSON"] = new(tenant => Json(tenant, body => body.Remove("text")), 400, "missing_source", "Send exactly one of"),
        ["a file and a text"] = new(
            tenant => Post(tenant, tenant.FileForm("d", "a.txt", "hello"u8.ToArray(), ("text", "x"))),
            400, "validation_error", "file and text. Send exactly one"),
        ["a url and a text"] = new(
            tenant => Post(tenant, tenant.Form("d", ("text", "x"), ("url", "http://a.example"))),
            400, "validation_error", "url and text"),
        ["two files"] = new(tenant => Form(tenant, form =>
        {
            form.Add(new StringContent("a"), "file", "a.txt");
            form.Add(new StringContent("b"), "file", "b.txt");
        }), 400, "validation_error", "Send one document a request"),
        ["two texts"] = new(tenant => Post(tenant, tenant.Form("d", ("text", "x"), ("text", "y"))), 400, "validation_error", "text twice"),
        ["two document_ids"] = new(
            tenant => Post(tenant, tenant.Form("d", ("text", "x"), ("document_id", "e"))),
            400, "validation_error", "document_id twice"),
        ["a name twice in JSON"] = new(
            tenant => Raw(tenant, $$"""{"tenant_id":"{{tenant.Id}}","tenant_id":"b","collection_id":"c","document_id":"d","text":"x"}"""),
            400, "validation_error", "twice"),
        ["a name twice in the metadata"] = new(
            tenant => Post(tenant, tenant.Form("d", ("text", "x"), ("metadata", """{"a":1,"a":2}"""))),
            400, "validation_error", "metadata must be a JSON object"),
        ["a picture named .pdf"] = new(
            tenant => Post(tenant, tenant.FileForm("d", "a.pdf", Png)),
            415, "unsupported_file_type", "image/png is a picture, and text in pictures is read only with OCR"),
        ["a program"] = new(
            tenant => Post(tenant, tenant.FileForm("d", "a.txt", [.. "MZ"u8, .. new byte[300]])),
            415, "unsupported_file_type", "Convert it to one of the supported types"),
        ["a text over the limit"] = new(
            tenant => Json(tenant, body => body["text"] = new string('é', LimitedService.MaxTextLength + 1)),
            413, "text_too_long", "Split it, or send it as a file"),
        ["a text over the limit in a form"] = new(
            tenant => Post(tenant, tenant.Form("d", ("text", new string('é', LimitedService.MaxTextLength + 1)))),
            413, "text_too_long", "Split it"),
        ["a text far over the limit"] = new(
            tenant => Json(tenant, body => body["text"] = new string('a', 4_000_000)), 413, "text_too_long", "Split it"),
        ["a file over the limit"] = new(
            tenant => Post(tenant, Large(tenant, 1)),
            413, "file_too_large", "300000 bytes (MAX_FILE_SIZE). Split it"),
        ["a file far over the limit"] = new(tenant => Post(tenant, Large(tenant, 4_000_000)), 413, "file_too_large", "Split it"),
        ["a file over the limit without a length"] = new(
            tenant => tenant.SendAsync(HttpMethod.Post, Documents, Large(tenant, 200_000), ("Transfer-Encoding", "chunked")),
            413, "file_too_large", "Split it"),
        ["overlap as large as the chunk"] = new(
            tenant => Json(tenant, body => (body["chunk_size"], body["chunk_overlap"]) = (100, 100)),
            400, "validation_error", "below chunk_size, which is 100"),
        ["a chunk of nothing"] = new(
            tenant => Json(tenant, body => body["chunk_size"] = 0),
            400, "validation_error", "chunk_size must be 1 to"),
        ["a negative chunk size"] = new(
            tenant => Json(tenant, body => body["chunk_size"] = -5),
            400, "validation_error", "chunk_size must be 1 to"),
        ["a negative overlap"] = new(
            tenant => Json(tenant, body => body["chunk_overlap"] = -1),
            400, "validation_error", "chunk_overlap must be at least 0"),
        ["half a token"] = new(
            tenant => Json(tenant, body => body["chunk_size"] = 1.5),
            400, "validation_error", "chunk_size has a value of the wrong kind"),
        ["a chunk size in words"] = new(
            tenant => Post(tenant, tenant.Form("d", ("text", "x"), ("chunk_size", "many"))),
            400, "validation_error", "whole number of tokens"),
        ["an unknown chunker"] = new(
            tenant => Json(tenant, body => body["chunker"] = "axe"),
            400, "validation_error", "chunker must be one of sentence"),
        ["an id of 300 characters"] = new(
            tenant => Json(tenant, body => body["document_id"] = new string('x', 300)),
            400, "validation_error", "1 to 255 characters"),
        ["an id with a line break"] = new(
            tenant => Json(tenant, body => body["collection_id"] = "a\nb"),
            400, "validation_error", "none of them a control character"),
        ["no ids"] = new(
            tenant => Raw(tenant, """{"text":"x"}"""),
            400, "missing_required_fields", "lacks tenant_id, collection_id, document_id. Send them"),
        ["no document_id in a form"] = new(
            tenant => Post(tenant, new MultipartFormDataContent
            {
                { new StringContent(tenant.Id), "tenant_id" }, { new StringContent("c"), "collection_id" }, { new StringContent("x"), "text" },
            }),
            400, "missing_required_fields", "lacks document_id. Send it"),
        ["JSON that ends early"] = new(
            tenant => Raw(tenant, """{"tenant_id":"""),
            400, "validation_error", "not valid JSON: look at line 1"),
        ["an empty body"] = new(tenant => Raw(tenant, ""), 400, "validation_error", "not valid JSON"),
        ["a list"] = new(tenant => Raw(tenant, "[]"), 400, "validation_error", "must be a JSON object"),
        ["null"] = new(tenant => Raw(tenant, "null"), 400, "validation_error", "must be a JSON object"),
        ["a number for an id"] = new(
            tenant => Json(tenant, body => body["document_id"] = 7),
            400, "validation_error", "document_id has a value of the wrong kind"),
        ["half a surrogate pair in an id"] = new(
            tenant => Spliced(tenant, "document_id", "\"\\ud800\""),
            400, "validation_error", "document_id"),
        ["half a surrogate pair in the text"] = new(tenant => Spliced(tenant, "text", "\"a\\udc00b\""), 400, "validation_error", "text"),
        ["half a surrogate pair in the metadata"] = new(
            tenant => Spliced(tenant, "metadata", """{"a":["\ud800"]}"""), 400, "validation_error", "metadata holds half a surrogate pair"),
        ["half a surrogate pair in a name of the metadata"] = new(
            tenant => Post(tenant, tenant.Form("d", ("text", "x"), ("metadata", """{"\udfff":1}"""))), 400, "validation_error", "metadata"),
        ["metadata that is a list"] = new(
            tenant => Spliced(tenant, "metadata", "[1]"),
            400, "validation_error", "metadata must be a JSON object"),
        ["metadata that is no JSON"] = new(
            tenant => Post(tenant, tenant.Form("d", ("text", "x"), ("metadata", "{"))),
            400, "validation_error", "metadata must be a JSON object"),
        ["metadata without a bottom"] = new(
            tenant => Spliced(tenant, "metadata", string.Concat(Enumerable.Repeat("{\"a\":", 200)) + "1" + new string('}', 200)),
            400, "validation_error", "not valid JSON"),
        ["a tag that is null"] = new(tenant => Spliced(tenant, "tags", "[null]"), 400, "validation_error", "tags may be at most"),
        ["text that is not UTF-8"] = new(
            tenant => Form(tenant, form => form.Add(new ByteArrayContent([0xff, 0xfe, 0x41]), "text")),
            400, "validation_error", "not valid UTF-8"),
        ["JSON sent as plain text"] = new(
            tenant => Post(tenant, new StringContent("{}", Encoding.UTF8, "text/plain"), Text),
            415, "unsupported_media_type", "Send the request as"),
        ["a form of an unknown type"] = new(
            tenant => Post(tenant, new StringContent("{}", Encoding.UTF8, "application/octet-stream")),
            415, "unsupported_media_type", "Send the request as"),
        ["no content type"] = new(
            tenant => Post(tenant, new ByteArrayContent("abc"u8.ToArray())),
            415, "unsupported_media_type", "Send the request as"),
        ["a form without a boundary"] = new(
            tenant => Post(tenant, Typed("abc", "multipart/form-data")),
            400, "validation_error", "boundary"),
        ["a form that is none"] = new(
            tenant => Post(tenant, Typed("garbage", "multipart/form-data; boundary=x")),
            400, "validation_error", "broken or cut short. Send it whole"),
        ["a form that ends early"] = new(
            async tenant => await Post(tenant, await CutAsync(tenant.Form("d", ("text", "x")))),
            400, "validation_error", "broken or cut short. Send it whole"),
        ["a key of 300 characters"] = new(
            tenant => tenant.PostJsonAsync(Text, tenant.TextBody("d", "x"), ("Idempotency-Key", new string('k', 300))),
            400, "validation_error", "Idempotency-Key"),
        ["a url that is a path"] = new(tenant => Address(tenant, "/etc/passwd"), 400, "validation_error", "absolute http or https address"),
        ["a url of a file"] = new(
            tenant => Address(tenant, "file:///etc/passwd"),
            400, "validation_error", "absolute http or https address"),
        ["a url of another scheme"] = new(
            tenant => Address(tenant, "ftp://a.example/x"),
            400, "validation_error", "absolute http or https address"),
        ["a url with a password"] = new(
            tenant => Address(tenant, "http://me:secret@a.example/"),
            400, "validation_error", "without a user name or password"),
        ["a url of 5,000 characters"] = new(
            tenant => Address(tenant, "http://a.example/" + new string('x', 5000)),
            400, "validation_error", "at most 4096 characters"),
        ["an unknown task"] = new(tenant => tenant.GetAsync(Tasks + "/unknown"), 404, "task_not_found", "Check task_id and tenant_id"),
        ["cancelling an unknown task"] = new(tenant => tenant.DeleteAsync(Tasks + "/unknown"), 404, "task_not_found", "Check task_id"),
        ["retrying an unknown task"] = new(tenant => tenant.PostAsync(Tasks + "/unknown/retry"), 404, "task_not_found", "Check task_id"),
        ["the events of an unknown task"] = new(
            tenant => tenant.GetAsync(Tasks + "/unknown/events"),
            404, "task_not_found", "Check task_id"),
        ["events after a word"] = new(
            tenant => tenant.GetAsync(Tasks + "/unknown/events?after=soon"),
            400, "validation_error", "after must be an event_id"),
        ["a task without a tenant"] = new(
            tenant => tenant.SendAsync(HttpMethod.Get, Tasks + "/unknown"), 400, "missing_required_fields", "lacks tenant_id"),
        ["a page of nothing"] = new(
            tenant => tenant.GetAsync(Tasks + "?page_size=0"),
            400, "validation_error", "page_size must be a whole number from 1 to 100"),
        ["a page of 101"] = new(tenant => tenant.GetAsync(Tasks + "?page_size=101"), 400, "validation_error", "from 1 to 100"),
        ["page 0"] = new(tenant => tenant.GetAsync(Tasks + "?page=0"), 400, "validation_error", "page must be a whole number from 1"),
        ["an unknown status"] = new(
            tenant => tenant.GetAsync(Tasks + "?status=lost"),
            400, "validation_error", "status must be one of pending"),
        ["an unknown document"] = new(
            tenant => tenant.DocumentAsync("unknown"),
            404, "document_not_found", "Check tenant_id, collection_id and document_id"),
        ["the chunks of an unknown document"] = new(
            tenant => tenant.DocumentAsync("unknown/chunks"),
            404, "document_not_found", "Check tenant_id"),
        ["a search for nothing"] = new(
            tenant => Search(tenant, _ => { }),
            400, "validation_error", "exactly one of query and query_embedding"),
        ["a search without end"] = new(
            tenant => Search(tenant, body => (body["query"], body["top_k"]) = ("x", 5000)),
            400, "validation_error", "top_k must be 1 to"),
        ["a search in an unknown way"] = new(
            tenant => Search(tenant, body => (body["query"], body["mode"]) = ("x", "magic")),
            400, "validation_error", "hybrid, vector or text"),
        ["a search for a query and its vector"] = new(
            tenant => Search(tenant, body => (body["query"], body["query_embedding"]) = ("x", new JsonArray(1))),
            400, "validation_error", "exactly one of"),
        ["a plan of nothing"] = new(
            tenant => tenant.PostJsonAsync(Documents + "/plan", tenant.TextBody("d", null)),
            400, "missing_source", "Send exactly one of"),
        ["a plan of white space"] = new(
            tenant => tenant.PostJsonAsync(Documents + "/plan", tenant.TextBody("d", " \n ")),
            422, "EMPTY_DOCUMENT", "holds no text"),
        ["an unknown address"] = new(tenant => tenant.GetAsync("api/v1/nothing"), 404, "not_found", "The reference is at /docs"),
        ["an unknown page"] = new(tenant => tenant.GetAsync("nothing.html"), 404, "not_found", "The reference is at /docs"),
        ["a wrong method"] = new(tenant => tenant.SendAsync(HttpMethod.Put, Documents), 405, "method_not_allowed", "takes another method"),
        ["a wrong method on a task"] = new(
            tenant => tenant.SendAsync(HttpMethod.Patch, Tasks + "/x"),
            405, "method_not_allowed", "takes another method"),
        ["a socket's address without a socket"] = new(tenant => tenant.GetAsync("ws/tasks/x"), 400, "validation_error", "WebSocket only"),
    };

    /// <summary>Accepted, as only a worker sees what is wrong; there is no HTTP status then.</summary>
    public static Dictionary<string, Case> Failing { get; } = new()
    {
        ["a file without a byte"] = File("a.txt", [], "EMPTY_DOCUMENT", "no bytes"),
        ["a file of white space"] = File("a.txt", " \r\n\t \u00a0 "u8.ToArray(), "EMPTY_DOCUMENT", "holds no text"),
        ["a text of white space"] = new(tenant => Json(tenant, body => body["text"] = " \n\t "), 0, "EMPTY_DOCUMENT", "holds no text"),
        ["a PDF of noise"] = File("a.pdf", [.. "%PDF-1.7\n"u8, .. Noise(900)], "EXTRACTION_ERROR", "send it again"),
        ["a PDF that ends early"] = File("a.pdf", Golden("pdf/code_and_formula.pdf")[..40_000], "EXTRACTION_ERROR", "send it again"),
        ["a hostile PDF"] = File("a.pdf", Golden("pdf/hostile/REDHAT-1531897-0.pdf"), "EXTRACTION_ERROR", "save it anew"),
        ["an encrypted PDF"] = File("a.pdf", Golden("service/encrypted.pdf"), "EXTRACTION_ERROR", "password"),
        ["a Word file that ends early"] = File("a.docx", Golden("docx/docx_lists.docx")[..9000], "EXTRACTION_ERROR", "Send it again"),
        ["a Word file without its text"] = File(
            "a.docx", OfficeFiles.Package(("[Content_Types].xml", "<Types/>"), ("word/document.xml", "<w:document")), "EXTRACTION_ERROR", ""),
        ["a url of this machine"] = Fetched("http://127.0.0.1:1/"),
        ["a url of this machine by name"] = Fetched("http://localhost/"),
        ["a url of this machine in IPv6"] = Fetched("http://[::1]/"),
        ["a url of this machine mapped to IPv6"] = Fetched("http://[::ffff:127.0.0.1]/"),
        ["a url of this machine as a number"] = Fetched("http://2130706433/"),
        ["a url of a private network"] = Fetched("http://10.0.0.1/"),
        ["a url of the cloud's secrets"] = Fetched("http://169.254.169.254/latest/meta-data/"),
    };

    /// <summary>A body without its last bytes, and sure that it is whole.</summary>
    public static async Task<HttpContent> CutAsync(HttpContent form)
    {
        using (form)
        {
            var bytes = await form.ReadAsByteArrayAsync();
            return new ByteArrayContent(bytes[..^30]) { Headers = { ContentType = form.Headers.ContentType } };
        }
    }

    private static Task<Answer> Post(TenantClient tenant, HttpContent body, string path = Documents) =>
        tenant.SendAsync(HttpMethod.Post, path, body);

    private static Task<Answer> Form(TenantClient tenant, Action<MultipartFormDataContent> change)
    {
        var form = tenant.Form("d");
        change(form);
        return Post(tenant, form);
    }

    private static Task<Answer> Raw(TenantClient tenant, string body) => Post(tenant, TenantClient.Json(body), Text);

    private static Task<Answer> Json(TenantClient tenant, Action<JsonObject> change)
    {
        var body = tenant.TextBody("d", "A right text.");
        change(body);
        return tenant.PostJsonAsync(Text, body);
    }

    /// <summary>With a value as it stands, which no serializer would write.</summary>
    private static Task<Answer> Spliced(TenantClient tenant, string field, string value)
    {
        var body = tenant.TextBody("d", "A right text.");
        body[field] = "HERE";
        return Raw(tenant, body.ToJsonString().Replace("\"HERE\"", value, StringComparison.Ordinal));
    }

    private static Task<Answer> Address(TenantClient tenant, string url)
    {
        var body = tenant.TextBody("d", null);
        body["url"] = url;
        return tenant.PostJsonAsync(Url, body);
    }

    private static Task<Answer> Search(TenantClient tenant, Action<JsonObject> change)
    {
        var body = new JsonObject { ["tenant_id"] = tenant.Id, ["collection_id"] = TenantClient.Collection };
        change(body);
        return tenant.PostJsonAsync("api/v1/search", body);
    }

    private static MultipartFormDataContent Large(TenantClient tenant, int over)
    {
        var bytes = new byte[LimitedService.MaxFileSize + over];
        Array.Fill(bytes, (byte)'a');
        return tenant.FileForm("d", "a.txt", bytes);
    }

    private static StringContent Typed(string body, string type)
    {
        var content = new StringContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }

    private static Case File(string name, byte[] bytes, string code, string says) =>
        new(tenant => Post(tenant, tenant.FileForm("d", name, bytes)), 0, code, says);

    private static Case Fetched(string url) =>
        new(tenant => Address(tenant, url), 0, "FETCH_ERROR", "does not fetch from private networks");

    private static byte[] Golden(string name) =>
        System.IO.File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "Ingestion.Tests", "Golden", name));

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(5).NextBytes(bytes);
        return bytes;
    }
}
