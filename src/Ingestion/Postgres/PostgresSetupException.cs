namespace Ingestion.Postgres;

/// <summary>PostgreSQL answers, and cannot be used as it is set up. The message says what to do; waiting alone helps nothing.</summary>
public sealed class PostgresSetupException(string message, Exception? inner = null) : UnavailableException(message, inner);
