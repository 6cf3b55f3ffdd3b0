using Ingestion.Engines.Redis;
using Ingestion.Sources;
using Ingestion.Tasks;

namespace Ingestion.Tests.Engines;

public sealed class SentBytesTests
{
    private readonly SentBytes _sent = new(10_000);

    [Fact]
    public void What_was_sent_is_given_once()
    {
        _sent.Add(Spec("t1", "a text"));
        Assert.True(_sent.TryTake(Spec("t1", "a text"), out var bytes));
        Assert.Equal("a text"u8.ToArray(), bytes);
        Assert.False(_sent.TryTake(Spec("t1", "a text"), out _));
    }

    [Fact]
    public void Neither_another_tenant_nor_another_document_under_the_same_id_gets_it()
    {
        _sent.Add(Spec("t1", "a text"));
        Assert.False(_sent.TryTake(Spec("t1", "a text", tenant: "other"), out _));
        Assert.False(_sent.TryTake(Spec("t1", "another text"), out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(3_000)]
    public void The_oldest_are_forgotten_however_small_they_are(int size)
    {
        for (var i = 0; i < 100; i++) _sent.Add(Spec($"t{i}", new string('a', size)));
        Assert.False(_sent.TryTake(Spec("t0", new string('a', size)), out _));
        Assert.True(_sent.TryTake(Spec("t99", new string('a', size)), out _));
    }

    private static TaskSpec Spec(string id, string text, string tenant = "acme") => new()
    {
        TaskId = id,
        TenantId = tenant,
        CollectionId = "c",
        DocumentId = "d",
        Source = SourceKind.Text,
        Content = new DocumentSource { Inline = System.Text.Encoding.UTF8.GetBytes(text), Size = text.Length, Hash = text },
        Chunker = "sentence",
        ChunkSize = 1000,
        ChunkOverlap = 200,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
