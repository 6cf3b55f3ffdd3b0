namespace Ingestion.Http;

/// <summary>The gate refused a WebSocket, which tells so itself.</summary>
public sealed record Refusal(Problem Problem);
