using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ingestion.Actions;
using Ingestion.Config;
using Ingestion.Sources;
using Ingestion.Tests.Service;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Access;

/// <summary>Bodies that nobody wrote by hand: whatever comes, the answer is the contract's, and never a fault of ours.</summary>
public sealed class HostileBodyTests(LimitedService service) : IClassFixture<LimitedService>
{
    private static readonly FsCheck.Config Few = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(20_261_123, 7);
    private static readonly FsCheck.Config Many = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2_000).WithReplay(20_261_123, 7);

    private static readonly string[] Names =
    [
        "tenant_id", "collection_id", "document_id", "text", "url", "title", "tags", "metadata", "chunk_size", "chunk_overlap", "chunker", "strict",
        "embedding_model", "query", "query_embedding", "top_k", "threshold", "filter", "mode", "action_type", "task_id", "status", "embeddings",
        "chunk_ids", "chunks", "result", "error", "attempt", "zzz", "",
    ];

    private static readonly string[] Words =
        ["a", "", "é", "😀", "\u0000", "\u202E", "\uFFFF", "../../etc/passwd", "http://127.0.0.1/", "embedding.callback", "success", "vector", "-1", "1e400", "*"];

    /// <summary>Any JSON, with the names that the service knows.</summary>
    private static readonly Gen<string> AnyJson = Gen.Sized(size => Json(Math.Min(size, 6)));

    /// <summary>The same, and sometimes broken.</summary>
    private static readonly Gen<string> AnyBody =
        from json in AnyJson
        from cut in Gen.Choose(0, 9)
        from at in Gen.Choose(0, Math.Max(0, json.Length - 1))
        select cut switch { 0 => json[..at], 1 => json.Insert(at, "\u0001"), 2 => json.Insert(at, "\\ud800"), 3 => json + json, _ => json };

    [Theory]
    [InlineData("api/v1/documents/text")]
    [InlineData("api/v1/documents/url")]
    [InlineData("api/v1/documents/plan")]
    [InlineData("api/v1/search")]
    [InlineData("api/v1/embeddings/callback")]
    public void Any_JSON_gets_an_answer_of_the_contract(string path) =>
        Check.One(Few, Prop.ForAll(AnyBody.ToArbitrary(), body => Answers(path, new StringContent(body, Encoding.UTF8, "application/json"))));

    [Fact]
    public void Any_form_gets_an_answer_of_the_contract() =>
        Check.One(Few, Prop.ForAll(Form().ToArbitrary(), form =>
        {
            var content = new ByteArrayContent(form.Body);
            content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=" + form.Boundary);
            return Answers("api/v1/documents", content);
        }));

    [Fact]
    public void Nothing_of_a_refused_form_stays_on_the_disk()
    {
        Check.One(Few, Prop.ForAll(Form().ToArbitrary(), form =>
        {
            var content = new ByteArrayContent(form.Body);
            content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=" + form.Boundary);
            return Answers("api/v1/documents/plan", content);
        }));
        Assert.DoesNotContain(service.Process.Uploads, file => file.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public void Any_action_is_read_or_refused_with_a_reason() =>
        Check.One(Many, Prop.ForAll(AnyJson.ToArbitrary(), json =>
        {
            using var document = Parse(json);
            if (document is null) return true;
            var action = EmbeddingCallbackAction.Parse(document.RootElement, out var reason);
            return action is null ? reason.Length > 0 : action.TenantId.Length > 0 && action.TaskId.Length > 0;
        }));

    [Fact]
    public void Any_environment_file_is_read_or_its_lines_are_named()
    {
        var line = Gen.OneOf(
            Gen.Elements(Variables.All.Select(variable => variable.Name).ToArray()).SelectMany(name => Piece.Select(value => $"{name}={value}")),
            Piece);
        Check.One(Many, Prop.ForAll(Gen.ListOf(line).Select(lines => string.Join('\n', lines)).ToArbitrary(), text =>
        {
            var result = SettingsReader.Read(new Dictionary<string, string?>(), text);
            return result.Settings is not null != result.Problems.Count > 0 && result.Problems.All(problem => !problem.Any(char.IsControl));
        }));
    }

    [Fact]
    public void Any_name_of_a_file_is_safe_to_show_and_has_no_folder() =>
        Check.One(Many, Prop.ForAll(Piece.ToArbitrary(), name =>
        {
            var clean = FileNames.Clean(name);
            return clean is null
                || (clean.Length is > 0 and <= 255 && clean is not ("." or "..") && clean.IndexOfAny(['/', '\\']) < 0 && !clean.Any(char.IsControl));
        }));

    private static Gen<string> Piece { get; } = Gen.ListOf(Gen.OneOf(
        Gen.Elements(Words), Gen.Elements("=", "#", "\"", "'", "[", "]", " ", "\t", "\\", "$", "/", ".", "..", "true", "0", "localhost", "s3://", "https://"),
        Gen.Choose(0, 0xFFFF).Select(code => ((char)code).ToString()))).Select(string.Concat);

    private static Gen<string> Json(int depth)
    {
        var word = Gen.Elements(Words).Select(text => JsonSerializer.Serialize(text));
        var leaf = Gen.OneOf(word, Gen.Elements("null", "true", "0", "-1", "1.5", "1e308", "1e999", "99999999999999999999", "\"\\ud800\""));
        if (depth <= 0) return leaf;
        var list = Gen.ListOf(Json(depth / 2)).Select(items => $"[{string.Join(',', items.Take(5))}]");
        var field = Gen.Elements(Names).SelectMany(name => Json(depth / 2).Select(value => $"{JsonSerializer.Serialize(name)}:{value}"));
        var some = Gen.ListOf(field).Select(fields => $"{{{string.Join(',', fields.Take(12))}}}");
        return Gen.OneOf(leaf, list, some, some, some);
    }

    private static Gen<(byte[] Body, string Boundary)> Form()
    {
        var part =
            from name in Gen.Elements([.. Names, "file", "file\"; filename=\"x", "\r\n"])
            from file in Gen.Elements("", "; filename=\"a.txt\"", "; filename=\"../../a.pdf\"", "; filename*=UTF-8''%00.txt", "; filename=")
            from header in Gen.Elements("", "Content-Type: text/plain\r\n", "Content-Type: \r\n", "Content-Transfer-Encoding: base64\r\n", "X: y\r\n", ":\r\n")
            from value in Piece
            select $"--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n{header}\r\n{value}\r\n";
        return
            from parts in Gen.ListOf(part)
            from end in Gen.Elements("--b--\r\n", "--b--", "--b", "", "\r\n--b--\r\nmore")
            from boundary in Gen.Elements("b", "b", "b", "\"b\"", "c", new string('b', 70))
            select (Encoding.UTF8.GetBytes(string.Concat(parts.Take(10)) + end), boundary);
    }

    private static JsonDocument? Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private bool Answers(string path, HttpContent body)
    {
        var answer = new TenantClient(service.Process).SendAsync(HttpMethod.Post, path + "?tenant_id=t&collection_id=c&document_id=d", body)
            .GetAwaiter().GetResult();
        Assert.True(answer.Status is >= 200 and < 500, $"{answer.Status}: {answer.Body}");
        Assert.Equal(answer.Status < 300, answer.Json.GetProperty("success").GetBoolean() || path.EndsWith("callback", StringComparison.Ordinal));
        if (answer.Status >= 400) Assert.False(string.IsNullOrEmpty(answer.Code), answer.Body);
        return true;
    }
}
