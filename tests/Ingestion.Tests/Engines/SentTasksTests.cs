using System.Text;
using System.Text.Json;
using Ingestion.Engines.Redis;
using Ingestion.Sources;
using Ingestion.Tasks;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Engines;

public sealed class SentTasksTests
{
    private readonly ManualTime _time = new();
    private readonly SentTasks _sent;

    public SentTasksTests() => _sent = new SentTasks(10_000, _time);

    [Fact]
    public void What_was_sent_is_given_once_with_its_bytes()
    {
        Add(1, "a text");
        Assert.True(_sent.TryTake(1, out var spec));
        Assert.Equal("a text"u8.ToArray(), spec.Content.Inline);
        Assert.False(_sent.TryTake(1, out _));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(3_000)]
    public void Full_it_keeps_what_waits_the_longest_however_small_that_is(int size)
    {
        for (var i = 0; i < 100; i++) Add(i, new string('a', size));
        Assert.True(_sent.TryTake(0, out _));
        Assert.False(_sent.TryTake(99, out _));
        Add(100, new string('a', size));
        Assert.True(_sent.TryTake(100, out _));
    }

    [Fact]
    public void What_nobody_wanted_for_a_minute_makes_room()
    {
        for (var i = 0; i < 100; i++) Add(i, new string('a', 3_000));
        _time.Advance(TimeSpan.FromMinutes(1));
        Add(100, new string('a', 3_000));
        Assert.True(_sent.TryTake(100, out _));
        Assert.False(_sent.TryTake(0, out _));
    }

    [Fact]
    public void What_is_larger_than_all_that_may_be_kept_is_not_kept_and_drives_nothing_out_that_is_wanted()
    {
        Add(1, "a text");
        Add(2, new string('a', 10_000));
        Assert.False(_sent.TryTake(2, out _));
        Assert.True(_sent.TryTake(1, out _));
    }

    [Fact]
    public void Metadata_outlives_the_request_that_it_came_with()
    {
        using (var request = JsonDocument.Parse("""{"team":"sales"}"""))
            _sent.Add(1, Spec("a text") with { Metadata = request.RootElement }, 0);
        Assert.True(_sent.TryTake(1, out var spec));
        Assert.Equal("sales", spec.Metadata!.Value.GetProperty("team").GetString());
    }

    private void Add(int sending, string text) => _sent.Add(sending, Spec(text), 100);

    private static TaskSpec Spec(string text) => new()
    {
        TaskId = "t",
        TenantId = "acme",
        CollectionId = "c",
        DocumentId = "d",
        Source = SourceKind.Text,
        Content = new DocumentSource { Inline = Encoding.UTF8.GetBytes(text), Size = text.Length },
        Chunker = "sentence",
        ChunkSize = 1000,
        ChunkOverlap = 200,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
