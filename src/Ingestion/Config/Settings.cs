namespace Ingestion.Config;

/// <summary>Everything that an operator can set, checked and typed. Read once at start by <see cref="SettingsReader"/>.</summary>
public sealed record Settings
{
    public bool Debug { get; init; }
    public string Version { get; init; } = "1.0.0";
    public string Host { get; init; } = "0.0.0.0";
    public int Port { get; init; } = 8000;

    public string? RedisHost { get; init; }
    public int RedisPort { get; init; } = 6379;
    public int RedisDb { get; init; }
    public string? RedisPassword { get; init; }
    public string? RedisUrl { get; init; }

    /// <summary>Parts of the tasks in Redis, each in one slot of a cluster.</summary>
    public int RedisShards { get; init; } = 1;

    public string DocumentQueue { get; init; } = "document_process_queue";
    public string EmbeddingCallbackQueue { get; init; } = "embedding_callback_queue";
    public string TaskStatusQueue { get; init; } = "task_status_queue";

    public int WorkerCount { get; init; } = 2;

    /// <summary>How long an idle worker waits before it looks again where nothing woke it. WORKER_SLEEP_TIME, seconds.</summary>
    public TimeSpan WorkerSleepTime { get; init; } = TimeSpan.FromSeconds(0.1);

    public bool AutoStartWorkers { get; init; } = true;

    /// <summary>Bytes.</summary>
    public long MaxFileSize { get; init; } = 50_000_000;

    /// <summary>Unicode code points.</summary>
    public int MaxTextLength { get; init; } = 1_000_000;

    /// <summary>Tokens of <see cref="ChunkModel"/>.</summary>
    public int ChunkSize { get; init; } = 1000;

    /// <summary>Tokens, below <see cref="ChunkSize"/>.</summary>
    public int ChunkOverlap { get; init; } = 200;

    public string ChunkModel { get; init; } = "text-embedding-3-large";
    public string Chunker { get; init; } = "sentence";

    public string? EmbeddingServiceUrl { get; init; }
    public string EmbeddingModel { get; init; } = "text-embedding-3-large";

    /// <summary>EMBEDDING_PROVIDER; <c>local</c>, or <c>service</c> once EMBEDDING_SERVICE_URL is set.</summary>
    public string EmbeddingProvider { get; init; } = "local";

    /// <summary>How long a parked task waits for its callback, and an embedding request for its answer.</summary>
    public TimeSpan EmbeddingTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Numbers of a vector, for models that can give fewer; null is the model's own.</summary>
    public int? EmbeddingDimensions { get; init; }

    /// <summary>Tokens of one text that the model takes.</summary>
    public int EmbeddingMaxTokens { get; init; } = 8191;

    /// <summary>Vectors kept for texts that come again; 0 keeps none.</summary>
    public int EmbeddingCacheSize { get; init; } = 20_000;

    /// <summary>How long one is kept that is not used.</summary>
    public TimeSpan EmbeddingCacheAge { get; init; } = TimeSpan.FromDays(30);

    public string? OpenAiBaseUrl { get; init; }
    public string? OpenAiApiKey { get; init; }

    /// <summary>Texts of one call.</summary>
    public int OpenAiBatchSize { get; init; } = 128;

    public string? OnnxModelDir { get; init; }

    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    public string? DatabaseUrl { get; init; }
    public string DataDir { get; init; } = "./data";
    public string? FileStore { get; init; }
    public string? S3Endpoint { get; init; }

    public string? AuthSecret { get; init; }
    public string? AuthAuthority { get; init; }

    /// <summary>What a token of AUTH_AUTHORITY must be made for; where set, also one of AUTH_SECRET.</summary>
    public string? AuthAudience { get; init; }

    public string? ApiKeys { get; init; }
    public bool AuthDisabled { get; init; }

    public TimeSpan ExtractionTimeout { get; init; } = TimeSpan.FromSeconds(120);
    public int ExtractionMemoryMb { get; init; } = 1024;

    /// <summary>Failures after which a task ends as failed.</summary>
    public int TaskMaxAttempts { get; init; } = 5;

    /// <summary>How long an ended task is kept. TASK_RETENTION, such as 7d, 24h or 3600 (seconds).</summary>
    public TimeSpan TaskRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Tasks that may wait, over all tenants.</summary>
    public int MaxQueueDepth { get; init; } = 100_000;

    /// <summary>A tenant's requests a minute; 0 is no limit.</summary>
    public int RateLimitPerMinute { get; init; }

    /// <summary>Tasks of one tenant that may wait; 0 is no limit but <see cref="MaxQueueDepth"/>.</summary>
    public int MaxTenantQueueDepth { get; init; } = 50_000;

    /// <summary>Tasks of one tenant that have not ended; 0 is no limit.</summary>
    public int MaxTenantTasks { get; init; }
    public int MaxTenantStreams { get; init; } = 10_000;

    /// <summary>Bytes of one tenant's stored documents, as they were sent; 0 is no limit.</summary>
    public long MaxTenantBytes { get; init; }

    /// <summary>Chunks of one tenant; 0 is no limit.</summary>
    public long MaxTenantChunks { get; init; }

    /// <summary>A JSON file with other limits for single tenants.</summary>
    public string? TenantLimitsFile { get; init; }

    public int MaxChunksPerDocument { get; init; } = 100_000;

    /// <summary>Earlier versions of a document that stay, to be brought back.</summary>
    public int KeepVersions { get; init; } = 1;

    /// <summary>Told of every task's end that does not name an address of its own.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>What webhooks are signed with; null leaves them unsigned.</summary>
    public string? WebhookSecret { get; init; }

    public bool UrlAllowPrivate { get; init; }

    /// <summary>Hosts that URL sources may name, <c>*.example.com</c> included; empty is every public host.</summary>
    public IReadOnlyList<string> UrlAllowedHosts { get; init; } = [];

    /// <summary>The whole time that fetching a URL source may take, redirects included.</summary>
    public TimeSpan UrlTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>auto, force or off.</summary>
    public string Ocr { get; init; } = "off";

    public string OcrLanguages { get; init; } = "spa+eng";

    /// <summary>Where no authentication is configured, the service listens on loopback alone unless the operator insists.</summary>
    public bool HasAuthentication => AuthSecret is not null || AuthAuthority is not null || ApiKeys is not null;

    /// <summary>The address to listen on.</summary>
    public string EffectiveHost => HasAuthentication || AuthDisabled ? Host : "127.0.0.1";

    /// <summary>Holds secrets, so it prints none of its values.</summary>
    public override string ToString() => nameof(Settings);
}
