using System.Text;
using System.Text.Json;
using Ingestion.Engines;
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
        Assert.Equal("a text"u8.ToArray(), Take(1)?.Content.Inline);
        Assert.Null(Take(1));
    }

    [Fact]
    public void Neither_another_task_nor_another_tenants_gets_it_by_its_number()
    {
        Add(1, "a text");
        Assert.False(_sent.TryTake(1, "another", "acme"u8, out _));
        Assert.False(_sent.TryTake(1, "t", "globex"u8, out _));
        Assert.NotNull(Take(1));
    }

    [Fact]
    public void What_was_not_accepted_is_forgotten()
    {
        Add(1, "a text");
        _sent.Forget(1);
        _sent.Forget(1);
        Assert.Null(Take(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(3_000)]
    public void Full_it_keeps_what_waits_the_longest_however_small_that_is(int size)
    {
        for (var i = 0; i < 100; i++) Add(i, new string('a', size));
        Assert.NotNull(Take(0));
        Assert.Null(Take(99));
        Add(100, new string('a', size));
        Assert.NotNull(Take(100));
    }

    [Fact]
    public void What_nobody_wanted_for_a_while_makes_room()
    {
        for (var i = 0; i < 100; i++) Add(i, new string('a', 3_000));
        _time.Advance(TimeSpan.FromSeconds(10));
        Add(100, new string('a', 3_000));
        Assert.NotNull(Take(100));
        Assert.Null(Take(0));
    }

    [Fact]
    public void What_is_larger_than_all_that_may_be_kept_is_not_kept_and_drives_nothing_out_that_is_wanted()
    {
        Add(1, "a text");
        Add(2, new string('a', 10_000));
        Assert.Null(Take(2));
        Assert.NotNull(Take(1));
    }

    [Fact]
    public void Metadata_outlives_the_request_that_it_came_with_and_is_as_all_others_read_it()
    {
        using (var request = JsonDocument.Parse("""{ "team": "ventas «ñ»", "size": 1.50 }"""))
            Add(1, "a text", request.RootElement);
        var written = TaskJson.ReadSpec(TaskJson.Write(Spec("a text") with { Metadata = JsonElement.Parse("""{ "team": "ventas «ñ»", "size": 1.50 }""") }));
        Assert.Equal(written.Metadata!.Value.GetRawText(), Take(1)!.Metadata!.Value.GetRawText());
    }

    private void Add(int sending, string text, JsonElement? metadata = null)
    {
        var spec = Spec(text) with { Metadata = metadata };
        _sent.Add(sending, spec, TaskJson.WriteBytes(spec));
    }

    private TaskSpec? Take(int sending) => _sent.TryTake(sending, "t", "acme"u8, out var spec) ? spec : null;

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
