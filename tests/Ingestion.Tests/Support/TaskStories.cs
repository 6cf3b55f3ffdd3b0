using System.Text.Json;

namespace Ingestion.Tests.Support;

/// <summary>What every follower of a task may rely on.</summary>
public static class TaskStories
{
    public static readonly string[] Milestones =
        ["document_received", "text_extracted", "chunking_completed", "embedding_started", "embedding_completed", "document_stored"];

    /// <summary>Ids grow and progress never falls, over everything that one follower was told.</summary>
    public static void CheckOrder(IReadOnlyList<JsonElement> events)
    {
        long last = 0;
        var progress = 0;
        foreach (var one in events)
        {
            var id = one.GetProperty("event_id").GetInt64();
            Assert.True(id > last, $"Event {id} came after {last}.");
            last = id;
            if (one.Text("event_type") != "task_progress") continue;
            var percentage = one.Number("percentage");
            Assert.True(percentage >= progress && percentage <= 100, $"Progress went from {progress} to {percentage}.");
            progress = percentage;
        }
    }

    /// <summary>The whole story of a document that was stored: every milestone once, in order, 100 before completed, and nothing after it.</summary>
    public static void CheckCompleted(IReadOnlyList<JsonElement> events)
    {
        CheckOrder(events);
        Assert.Equal(Milestones, events.Where(one => one.Text("event_type") == "processing_milestone").Select(one => one.Text("milestone")));
        Assert.Equal("completed", events[^1].Text("current_status"));
        Assert.Equal(100, events.Last(one => one.Text("event_type") == "task_progress").Number("percentage"));
        CheckStatuses(events);
    }

    /// <summary>Each status follows from the one before.</summary>
    public static void CheckStatuses(IReadOnlyList<JsonElement> events)
    {
        string? status = null;
        foreach (var one in events.Where(one => one.Text("event_type") == "task_status"))
        {
            Assert.Equal(status, one.Text("previous_status"));
            Assert.NotEqual(status, one.Text("current_status"));
            status = one.Text("current_status");
        }
    }

    /// <summary>What may never be left out, one line each.</summary>
    public static IReadOnlyList<string> Lasting(IEnumerable<JsonElement> events) =>
        [.. events.Where(one => one.Text("event_type") != "task_progress").Select(one => one.GetRawText())];
}
