namespace Ingestion.Tasks;

/// <summary>What a client sees of a task. Lower case on the wire.</summary>
public enum TaskState
{
    /// <summary>Waits for a worker, for the first time or to be tried again.</summary>
    Pending,
    Processing,
    Extracting,
    Chunking,
    Embedding,
    Storing,
    Completed,
    Failed,
    Cancelled,
}

public static class TaskStates
{
    public static bool IsFinal(this TaskState state) => state is TaskState.Completed or TaskState.Failed or TaskState.Cancelled;

    public static string Wire(this TaskState state) => state switch
    {
        TaskState.Pending => "pending",
        TaskState.Processing => "processing",
        TaskState.Extracting => "extracting",
        TaskState.Chunking => "chunking",
        TaskState.Embedding => "embedding",
        TaskState.Storing => "storing",
        TaskState.Completed => "completed",
        TaskState.Failed => "failed",
        TaskState.Cancelled => "cancelled",
    };

    public static bool TryParse(string text, out TaskState state)
    {
        foreach (var candidate in Enum.GetValues<TaskState>())
        {
            if (candidate.Wire() != text) continue;
            state = candidate;
            return true;
        }
        state = default;
        return false;
    }
}
