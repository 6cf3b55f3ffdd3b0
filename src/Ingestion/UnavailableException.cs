namespace Ingestion;

/// <summary>A part that the service stands on (tasks, chunks, files) cannot be reached or written now. Nothing was written; try again later.</summary>
public class UnavailableException(string message, Exception? inner = null) : Exception(message, inner);
