using static Ingestion.Config.ValueKinds;
using static Ingestion.Config.Variable;

namespace Ingestion.Config;

/// <summary>The list of environment variables. Parsing, <c>docs/configuration.md</c> and <c>.env.example</c> all follow it.</summary>
internal static class Variables
{
    public static readonly IReadOnlyList<VariableSection> Sections =
    [
        new("General",
        [
            Of("DEBUG", "More detail in the log.", Flag, s => s.Debug, (s, v) => s with { Debug = v }),
            Of("VERSION", "The version that the service reports.",
                OptionalText("letters, digits and . + - _, at most 64", IsVersion)!, s => s.Version, (s, v) => s with { Version = v! }),
            Of("HOST", "Address to listen on. Without authentication it is 127.0.0.1, whatever is set here, unless AUTH_DISABLED=true.",
                HostName, s => s.Host, (s, v) => s with { Host = v }),
            Of("PORT", "Port to listen on.", Whole(1, 65_535), s => s.Port, (s, v) => s with { Port = v }),
            Of("CORS_ORIGINS", "Web pages of other origins that may call the service.",
                Origins, s => s.CorsOrigins, (s, v) => s with { CorsOrigins = v }),
        ]),
        new("Storage",
        [
            Of("DATA_DIR", "Folder of the SQLite file and of waiting uploads.", Folder, s => s.DataDir, (s, v) => s with { DataDir = v }),
            Of("DATABASE_URL", "PostgreSQL with pgvector for chunks and vectors. Not set: the SQLite file.",
                OptionalText("an address that starts with postgres:// or postgresql://", IsPostgres),
                s => s.DatabaseUrl, (s, v) => s with { DatabaseUrl = v }, secret: true),
            Of("FILE_STORE", "Where waiting uploads are, when instances share no disk. Not set: DATA_DIR. For S3, region and credentials come from the usual AWS_… variables.",
                OptionalText("DATA_DIR, or an address such as s3://bucket/prefix", IsFileStore),
                s => s.FileStore, (s, v) => s with { FileStore = v == "DATA_DIR" ? null : v }),
            Of("S3_ENDPOINT", "Endpoint of an S3-compatible store, for FILE_STORE=s3://.",
                WebAddress, s => s.S3Endpoint, (s, v) => s with { S3Endpoint = v }),
        ]),
        new("Redis",
        [
            Of("REDIS_HOST", "Not set: everything runs in this process on one SQLite file. Set: tasks, queues and events live in Redis.",
                Optional(HostName), s => s.RedisHost, (s, v) => s with { RedisHost = v }),
            Of("REDIS_PORT", "Port of REDIS_HOST.", Whole(1, 65_535), s => s.RedisPort, (s, v) => s with { RedisPort = v }),
            Of("REDIS_DB", "Database number.", Whole(0, 1023), s => s.RedisDb, (s, v) => s with { RedisDb = v }),
            Of("REDIS_PASSWORD", "Password of REDIS_HOST.", OptionalText("at most 4096 characters", _ => true),
                s => s.RedisPassword, (s, v) => s with { RedisPassword = v }, secret: true),
            Of("REDIS_URL", "Instead of REDIS_HOST: TLS, several endpoints, a cluster.",
                OptionalText("an address that starts with redis:// or rediss://", IsRedis),
                s => s.RedisUrl, (s, v) => s with { RedisUrl = v }, secret: true),
            Of("REDIS_SHARDS", "Parts that tenants are spread over, so that the servers of a cluster share the work. Fixed with the first start.",
                Whole(1, 64), s => s.RedisShards, (s, v) => s with { RedisShards = v }),
            Of("DOCUMENT_QUEUE", "Redis list on which other services push documents.",
                Name, s => s.DocumentQueue, (s, v) => s with { DocumentQueue = v }),
            Of("EMBEDDING_CALLBACK_QUEUE", "Redis list on which the embedding service answers.",
                Name, s => s.EmbeddingCallbackQueue, (s, v) => s with { EmbeddingCallbackQueue = v }),
            Of("TASK_STATUS_QUEUE", "Redis list on which other services ask for a task's status or cancel it.",
                Name, s => s.TaskStatusQueue, (s, v) => s with { TaskStatusQueue = v }),
        ]),
        new("Workers",
        [
            Of("WORKER_COUNT", "Documents processed at the same time; 0 makes an instance that only serves the API.",
                Whole(0, 256), s => s.WorkerCount, (s, v) => s with { WorkerCount = v }),
            Of("WORKER_SLEEP_TIME", "How long an idle worker waits before it looks again where nothing woke it.",
                Duration("0.01", "60"), s => s.WorkerSleepTime, (s, v) => s with { WorkerSleepTime = v }),
            Of("AUTO_START_WORKERS", "Whether workers start with the service.",
                Flag, s => s.AutoStartWorkers, (s, v) => s with { AutoStartWorkers = v }),
            Of("TASK_MAX_ATTEMPTS", "Failures after which a task ends as failed.",
                Whole(1, 100), s => s.TaskMaxAttempts, (s, v) => s with { TaskMaxAttempts = v }),
            Of("TASK_RETENTION", "How long an ended task and its events are kept. Documents stay.",
                Duration("1m", "3650d"), s => s.TaskRetention, (s, v) => s with { TaskRetention = v }),
            Of("MAX_QUEUE_DEPTH", "Tasks that may wait, over all tenants; beyond it the answer is 429.",
                Whole(1, 10_000_000), s => s.MaxQueueDepth, (s, v) => s with { MaxQueueDepth = v }),
        ]),
        new("Limits",
        [
            Of("MAX_FILE_SIZE", "Bytes of one file, uploaded or fetched.",
                Whole(1L, 10_000_000_000L), s => s.MaxFileSize, (s, v) => s with { MaxFileSize = v }),
            Of("MAX_TEXT_LENGTH", "Unicode code points of one text.",
                Whole(1, 100_000_000), s => s.MaxTextLength, (s, v) => s with { MaxTextLength = v }),
            Of("MAX_CHUNKS_PER_DOCUMENT", "Chunks of one document; more is an error, never a cut.",
                Whole(1, 10_000_000), s => s.MaxChunksPerDocument, (s, v) => s with { MaxChunksPerDocument = v }),
            Of("KEEP_VERSIONS", "Earlier versions of a document that stay, to be brought back by its rollback.",
                Whole(0, 1_000), s => s.KeepVersions, (s, v) => s with { KeepVersions = v }),
            Of("EXTRACTION_TIMEOUT", "How long reading one document may take.",
                Duration("1", "1d"), s => s.ExtractionTimeout, (s, v) => s with { ExtractionTimeout = v }),
            Of("EXTRACTION_MEMORY_MB", "Memory for reading one document, in megabytes; docs/reading-documents.md says what holds it.",
                Whole(64, 1_048_576), s => s.ExtractionMemoryMb, (s, v) => s with { ExtractionMemoryMb = v }),
            Of("RATE_LIMIT_PER_MINUTE", "A tenant's requests a minute; 0 is no limit.",
                Whole(0, 10_000_000), s => s.RateLimitPerMinute, (s, v) => s with { RateLimitPerMinute = v }),
            Of("MAX_TENANT_QUEUE_DEPTH", "Tasks of one tenant that may wait, so that none fills the queue alone; 0 is no limit but MAX_QUEUE_DEPTH.",
                Whole(0, 10_000_000), s => s.MaxTenantQueueDepth, (s, v) => s with { MaxTenantQueueDepth = v }),
            Of("MAX_TENANT_TASKS", "Tasks of one tenant that have not ended: waiting, running or waiting for vectors; 0 is no limit.",
                Whole(0, 10_000_000), s => s.MaxTenantTasks, (s, v) => s with { MaxTenantTasks = v }),
            Of("MAX_TENANT_BYTES", "Bytes of one tenant's stored documents, as they were sent; 0 is no limit.",
                Whole(0L, 1_000_000_000_000_000L), s => s.MaxTenantBytes, (s, v) => s with { MaxTenantBytes = v }),
            Of("MAX_TENANT_CHUNKS", "Stored chunks of one tenant; 0 is no limit.",
                Whole(0L, 1_000_000_000_000L), s => s.MaxTenantChunks, (s, v) => s with { MaxTenantChunks = v }),
            Of("MAX_TENANT_STREAMS", "Sockets and event streams of one tenant that may be open at one instance; 0 is no limit.",
                Whole(0, 10_000_000), s => s.MaxTenantStreams, (s, v) => s with { MaxTenantStreams = v }),
            Of("TENANT_LIMITS_FILE", "JSON file with other limits for single tenants; docs/access.md shows one.",
                Optional(Folder) with { Allowed = "the path of a file" }, s => s.TenantLimitsFile, (s, v) => s with { TenantLimitsFile = v }),
        ]),
        new("Chunking",
        [
            Of("CHUNK_SIZE", "Tokens of a chunk, where a request does not say.",
                Whole(1, 1_000_000), s => s.ChunkSize, (s, v) => s with { ChunkSize = v }),
            Of("CHUNK_OVERLAP", "Tokens that neighbouring chunks share; below CHUNK_SIZE.",
                Whole(0, 999_999), s => s.ChunkOverlap, (s, v) => s with { ChunkOverlap = v }),
            Of("CHUNK_MODEL", "Model whose tokens CHUNK_SIZE and CHUNK_OVERLAP count.",
                Name, s => s.ChunkModel, (s, v) => s with { ChunkModel = v }),
            Of("CHUNKER", "How texts are split, where a request does not say.", Name, s => s.Chunker, (s, v) => s with { Chunker = v }),
        ]),
        new("Embeddings",
        [
            Of("EMBEDDING_PROVIDER", "Who makes vectors: local (built in, lexical, offline), service (EMBEDDING_SERVICE_URL), "
                + "openai (OPENAI_BASE_URL, OPENAI_API_KEY) or onnx (ONNX_MODEL_DIR). "
                + "Not set: local, or service once EMBEDDING_SERVICE_URL is set.",
                Choice("local", "service", "openai", "onnx"), s => s.EmbeddingProvider, (s, v) => s with { EmbeddingProvider = v })
                with { Default = null },
            Of("EMBEDDING_SERVICE_URL", "Where embedding requests are posted.",
                WebAddress, s => s.EmbeddingServiceUrl, (s, v) => s with { EmbeddingServiceUrl = v }),
            Of("EMBEDDING_MODEL", "Model that service and openai are asked for, where a request does not say.",
                Name, s => s.EmbeddingModel, (s, v) => s with { EmbeddingModel = v }),
            Of("EMBEDDING_TIMEOUT", "How long a document waits for its vectors.",
                Duration("1", "7d"), s => s.EmbeddingTimeout, (s, v) => s with { EmbeddingTimeout = v }),
            Of("EMBEDDING_DIMENSIONS", "Numbers of a vector, for openai's models that can give fewer than their own.",
                OptionalWhole(1, 65_536), s => s.EmbeddingDimensions, (s, v) => s with { EmbeddingDimensions = v }),
            Of("EMBEDDING_MAX_TOKENS", "Tokens of one text that openai's model takes; longer chunks are split again.",
                Whole(16, 10_000_000), s => s.EmbeddingMaxTokens, (s, v) => s with { EmbeddingMaxTokens = v }),
            Of("EMBEDDING_CACHE_SIZE", "Vectors kept, so that a tenant's text that comes again is not paid again; 0 keeps none. Not used with local.",
                Whole(0, 100_000_000), s => s.EmbeddingCacheSize, (s, v) => s with { EmbeddingCacheSize = v }),
            Of("EMBEDDING_CACHE_AGE", "How long a kept vector stays that is not used.",
                Duration("1m", "3650d"), s => s.EmbeddingCacheAge, (s, v) => s with { EmbeddingCacheAge = v }),
            Of("OPENAI_BASE_URL", "Base address of any OpenAI-compatible API. Not set: https://api.openai.com/v1.",
                WebAddress, s => s.OpenAiBaseUrl, (s, v) => s with { OpenAiBaseUrl = v }),
            Of("OPENAI_BATCH_SIZE", "Texts of one call to it.",
                Whole(1, 2_048), s => s.OpenAiBatchSize, (s, v) => s with { OpenAiBatchSize = v }),
            Of("OPENAI_API_KEY", "Its key.", Optional(Name), s => s.OpenAiApiKey, (s, v) => s with { OpenAiApiKey = v }, secret: true),
            Of("ONNX_MODEL_DIR", "Folder of an ONNX embedding model and its tokenizer.",
                Optional(Folder), s => s.OnnxModelDir, (s, v) => s with { OnnxModelDir = v }),
        ]),
        new("Access",
        [
            Of("AUTH_SECRET", "Secret of HS256 tokens.", OptionalText("at least 32 characters", text => text.Length >= 32),
                s => s.AuthSecret, (s, v) => s with { AuthSecret = v }, secret: true),
            Of("AUTH_AUTHORITY", "OpenID Connect issuer whose tokens are taken.",
                WebAddress, s => s.AuthAuthority, (s, v) => s with { AuthAuthority = v }),
            Of("AUTH_AUDIENCE", "What tokens must be made for (aud); needed with AUTH_AUTHORITY.",
                Optional(Name), s => s.AuthAudience, (s, v) => s with { AuthAudience = v }),
            Of("API_KEYS", "Static keys by their hashes, prefix:tenants:scopes:hash, separated by commas; the verb key makes one.",
                OptionalText("at most 4096 characters", _ => true), s => s.ApiKeys, (s, v) => s with { ApiKeys = v }, secret: true),
            Of("AUTH_DISABLED", "Listen on HOST although no authentication is configured: anybody who reaches it may do everything.",
                Flag, s => s.AuthDisabled, (s, v) => s with { AuthDisabled = v }),
        ]),
        new("Webhooks",
        [
            Of("WEBHOOK_URL", "Address that is told of every task's end, where a request names no callback_url. It may be private; docs/webhooks.md.",
                WebAddress, s => s.WebhookUrl, (s, v) => s with { WebhookUrl = v }),
            Of("WEBHOOK_SECRET", "What webhooks are signed with (HMAC-SHA256): any text, or whsec_ and base64. Not set: they are not signed.",
                OptionalText("at least 16 characters; after whsec_ valid base64", IsWebhookSecret),
                s => s.WebhookSecret, (s, v) => s with { WebhookSecret = v }, secret: true),
        ]),
        new("Documents by URL",
        [
            Of("URL_ALLOW_PRIVATE", "Also fetch from and call back to loopback and private networks. Link-local and cloud metadata addresses stay refused.",
                Flag, s => s.UrlAllowPrivate, (s, v) => s with { UrlAllowPrivate = v }),
            Of("URL_ALLOWED_HOSTS", "The only hosts to fetch from and to call back. Not set: every public host.",
                Hosts, s => s.UrlAllowedHosts, (s, v) => s with { UrlAllowedHosts = v }),
            Of("URL_TIMEOUT", "How long fetching one URL may take, redirects included.",
                Duration("1", "1d"), s => s.UrlTimeout, (s, v) => s with { UrlTimeout = v }),
        ]),
        new("Scanned documents",
        [
            Of("OCR", "When text is recognised in images: auto (pages without text), force (every page) or off. Needs tesseract; docs/reading-documents.md.",
                Choice("auto", "force", "off"), s => s.Ocr, (s, v) => s with { Ocr = v }),
            Of("OCR_LANGUAGES", "Languages to recognise.", Languages, s => s.OcrLanguages, (s, v) => s with { OcrLanguages = v }),
        ]),
    ];

    public static IEnumerable<Variable> All => Sections.SelectMany(section => section.Variables);

    // It travels in the User-Agent header.
    private static bool IsVersion(string text) =>
        text.Length <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '-' or '_');

    private static bool IsWebhookSecret(string text) => text.Length >= 16
        && (!text.StartsWith("whsec_", StringComparison.Ordinal) || System.Buffers.Text.Base64.IsValid(text.AsSpan("whsec_".Length)));

    private static bool IsPostgres(string text) => HasHost(text, "postgres", "postgresql");

    private static bool IsRedis(string text) => text.StartsWith("redis://", StringComparison.Ordinal) && text.Length > 8
        || text.StartsWith("rediss://", StringComparison.Ordinal) && text.Length > 9;

    private static bool IsFileStore(string text) => text == "DATA_DIR" || HasHost(text, "s3");

    private static bool HasHost(string text, params string[] schemes) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme) && uri.Host.Length > 0;
}
