using Ingestion.Engines;
using Ingestion.Pipeline;
using Ingestion.Sqlite;
using Ingestion.Tasks;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Pipeline;

public sealed class TaskStoryTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ingestion-story-");
    private readonly ManualTime _time = new();
    private readonly SqliteDatabase _database;

    public TaskStoryTests() => _database = new SqliteDatabase(Path.Combine(_folder.FullName, "ingestion.db"));

    [Fact]
    public async Task The_end_is_written_with_the_outcome_and_never_before_it()
    {
        var cancel = TestContext.Current.CancellationToken;
        var engine = new SqliteEngine(_database, new EngineOptions(), _time);
        await engine.EnqueueAsync(
            new TaskSpec
            {
                TaskId = "task", TenantId = "acme", CollectionId = "manuals", DocumentId = "pump",
                Source = SourceKind.Text, Content = new() { Inline = [1], Size = 1 },
                Chunker = "sentence", ChunkSize = 100, ChunkOverlap = 0, CreatedAt = _time.GetUtcNow(),
            }, cancel);
        using var hold = new LeaseHold((await engine.LeaseAsync("worker", 1, TimeSpan.Zero, cancel))[0]);
        await using var story = new TaskStory(engine, hold, _time);
        story.MoveTo(TaskState.Storing, "Storing.");
        await story.FlushAsync();

        await story.StopWritingAsync();
        story.MoveTo(TaskState.Completed, "Done.");
        for (var i = 0; i < 10; i++) _time.Advance(TimeSpan.FromMilliseconds(100));
        await engine.AppendAsync(hold.Lease, new TaskChange(), cancel);

        Assert.Equal(TaskState.Storing, (await engine.GetAsync("acme", "task", cancel))!.State);
        var end = await story.CloseAsync();
        Assert.Equal(TaskState.Completed, Assert.IsType<StatusEvent>(Assert.Single(end.Events)).Current);
    }

    public void Dispose()
    {
        _database.Dispose();
        _folder.Delete(recursive: true);
    }
}
