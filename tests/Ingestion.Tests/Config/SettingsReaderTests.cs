using System.Text;
using Ingestion.Config;

namespace Ingestion.Tests.Config;

public class SettingsReaderTests
{
    /// <summary>The file that users of the Python service already have.</summary>
    private const string SeedEnv = """
        # Configuración general
        DEBUG=true
        VERSION=1.0.0
        HOST=0.0.0.0
        PORT=8000

        # Configuración de Redis
        REDIS_HOST=localhost
        REDIS_PORT=6379
        REDIS_DB=0
        REDIS_PASSWORD=

        # Colas Redis
        DOCUMENT_QUEUE=document_process_queue
        EMBEDDING_CALLBACK_QUEUE=embedding_callback_queue
        TASK_STATUS_QUEUE=task_status_queue

        # Workers
        WORKER_COUNT=2
        WORKER_SLEEP_TIME=0.1
        AUTO_START_WORKERS=true

        # Límites
        MAX_FILE_SIZE=50000000  # 50 MB
        MAX_TEXT_LENGTH=1000000  # 1 millón de caracteres

        # Configuración de Chunking
        CHUNK_SIZE=1000
        CHUNK_OVERLAP=200
        CHUNK_MODEL=text-embedding-3-large

        # Servicio de Embeddings
        EMBEDDING_SERVICE_URL=http://localhost:8001/api/v1/embeddings
        EMBEDDING_MODEL=text-embedding-3-large

        # CORS
        CORS_ORIGINS=["http://localhost:3000", "https://app.example.com"]
        """;

    private static readonly Dictionary<string, string?> NoEnvironment = [];

    private static Settings Accepted(string envFile)
    {
        var result = SettingsReader.Read(NoEnvironment, envFile);
        Assert.Empty(result.Problems);
        return result.Settings!;
    }

    private static string OnlyProblem(string envFile)
    {
        var result = SettingsReader.Read(NoEnvironment, envFile);
        Assert.Null(result.Settings);
        return Assert.Single(result.Problems);
    }

    [Fact]
    public void Nothing_set_gives_the_defaults()
    {
        var result = SettingsReader.Read(NoEnvironment, null);
        Assert.Equal(new Settings(), result.Settings);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void The_env_file_of_the_specification_is_read_whole()
    {
        var settings = Accepted(SeedEnv.Replace("REDIS_HOST=localhost", "REDIS_HOST="));
        Assert.True(settings.Debug);
        Assert.Equal(("1.0.0", "0.0.0.0", 8000), (settings.Version, settings.Host, settings.Port));
        Assert.Equal((6379, 0, null), (settings.RedisPort, settings.RedisDb, settings.RedisPassword));
        Assert.Equal(("document_process_queue", "embedding_callback_queue", "task_status_queue"),
            (settings.DocumentQueue, settings.EmbeddingCallbackQueue, settings.TaskStatusQueue));
        Assert.Equal((2, 0.1, true), (settings.WorkerCount, settings.WorkerSleepTime.TotalSeconds, settings.AutoStartWorkers));
        Assert.Equal((50_000_000L, 1_000_000), (settings.MaxFileSize, settings.MaxTextLength));
        Assert.Equal((1000, 200, "text-embedding-3-large"), (settings.ChunkSize, settings.ChunkOverlap, settings.ChunkModel));
        Assert.Equal(("http://localhost:8001/api/v1/embeddings", "service"), (settings.EmbeddingServiceUrl, settings.EmbeddingProvider));
        Assert.Equal(["http://localhost:3000", "https://app.example.com"], settings.CorsOrigins);
    }

    [Theory]
    [InlineData("PORT=99999", "PORT=99999: must be a whole number from 1 to 65535 (.env, line 1)")]
    [InlineData("PORT=80.5", "PORT=80.5: must be a whole number from 1 to 65535 (.env, line 1)")]
    [InlineData("PORT=99999999999999999999", "PORT=99999999999999999999: must be a whole number from 1 to 65535 (.env, line 1)")]
    [InlineData("\nDEBUG=maybe", "DEBUG=maybe: must be true or false (.env, line 2)")]
    [InlineData("WORKER_COUNT=-1", "WORKER_COUNT=-1: must be a whole number from 0 to 256 (.env, line 1)")]
    [InlineData("OCR=sometimes", "OCR=sometimes: must be one of auto, force, off (.env, line 1)")]
    public void A_bad_value_is_shown_with_its_name_and_what_is_allowed(string envFile, string problem) =>
        Assert.Equal(problem, OnlyProblem(envFile));

    [Theory]
    [InlineData("HOST=not a host")]
    [InlineData("HOST=1.2.3")]
    [InlineData("HOST=http://x")]
    [InlineData("VERSION='1 2'")]
    [InlineData("MAX_FILE_SIZE=50MB")]
    [InlineData("MAX_FILE_SIZE=0")]
    [InlineData("WORKER_SLEEP_TIME=0")]
    [InlineData("WORKER_SLEEP_TIME=1e3")]
    [InlineData("WORKER_SLEEP_TIME=NaN")]
    [InlineData("TASK_RETENTION=7w")]
    [InlineData("TASK_RETENTION=-1d")]
    [InlineData("TASK_RETENTION=99999999999999999999d")]
    [InlineData("EXTRACTION_TIMEOUT=s")]
    [InlineData("EMBEDDING_SERVICE_URL=localhost:8001")]
    [InlineData("EMBEDDING_SERVICE_URL=ftp://x/y")]
    [InlineData("CORS_ORIGINS=[\"https://a.example\"")]
    [InlineData("CORS_ORIGINS=['https://a.example']")]
    [InlineData("CORS_ORIGINS=[\"https://a.example\", 5]")]
    [InlineData("CORS_ORIGINS=[null]")]
    [InlineData("CORS_ORIGINS=https://a.example/path")]
    [InlineData("CORS_ORIGINS=a.example")]
    [InlineData("URL_ALLOWED_HOSTS=https://a.example")]
    [InlineData("URL_ALLOWED_HOSTS=a.example:80")]
    [InlineData("URL_ALLOWED_HOSTS=*")]
    [InlineData("CHUNKER='a b'")]
    [InlineData("OCR_LANGUAGES=spa,eng")]
    [InlineData("REDIS_URL=localhost")]
    [InlineData("DATABASE_URL=mysql://x/y")]
    [InlineData("FILE_STORE=/mnt/x")]
    [InlineData("EMBEDDING_PROVIDER=magic")]
    [InlineData("AUTH_SECRET=short")]
    public void What_cannot_be_meant_is_refused(string envFile) => OnlyProblem(envFile);

    [Theory]
    [InlineData("TASK_RETENTION=7d", 7 * 86400)]
    [InlineData("TASK_RETENTION=24h", 86400)]
    [InlineData("TASK_RETENTION=3600", 3600)]
    [InlineData("TASK_RETENTION=90 m", 5400)]
    [InlineData("TASK_RETENTION=120000ms", 120)]
    [InlineData("TASK_RETENTION=60.5s", 60.5)]
    public void A_duration_is_seconds_or_says_its_unit(string envFile, double seconds) =>
        Assert.Equal(seconds, Accepted(envFile).TaskRetention.TotalSeconds);

    [Theory]
    [InlineData("URL_ALLOWED_HOSTS=docs.example.com, *.example.org,10.0.0.1")]
    [InlineData("URL_ALLOWED_HOSTS=[\"docs.example.com\", \"*.example.org\", \"10.0.0.1\"]")]
    public void A_list_is_JSON_or_commas(string envFile) =>
        Assert.Equal(["docs.example.com", "*.example.org", "10.0.0.1"], Accepted(envFile).UrlAllowedHosts);

    [Fact]
    public void All_problems_come_at_once()
    {
        var result = SettingsReader.Read(NoEnvironment, "PORT=x\nbroken\nDEBUG=x\nCHUNK_SIZE=5\nEMBEDDING_PROVIDER=service");
        Assert.Equal([".env, line 2", "DEBUG", "PORT", "CHUNK_OVERLAP", "EMBEDDING_PROVIDER"],
            result.Problems.Select(problem => problem.Split('=', ':')[0]));
    }

    [Fact]
    public void The_process_environment_wins_over_the_file_and_an_empty_value_there_unsets()
    {
        var environment = new Dictionary<string, string?> { ["PORT"] = " 9000 ", ["REDIS_HOST"] = "", ["REDIS_DB"] = "7", ["PATH"] = "/" };
        var result = SettingsReader.Read(environment, "PORT=1\nREDIS_HOST=localhost\nCHUNK_SIZE=512");
        Assert.Empty(result.Problems);
        Assert.Empty(result.Warnings);
        var settings = result.Settings!;
        Assert.Equal((9000, null, 7, 512), (settings.Port, settings.RedisHost, settings.RedisDb, settings.ChunkSize));
    }

    [Fact]
    public void A_bad_value_of_the_process_environment_names_no_line()
    {
        var result = SettingsReader.Read(new Dictionary<string, string?> { ["PORT"] = "x" }, "PORT=8001");
        Assert.Equal(["PORT=x: must be a whole number from 1 to 65535"], result.Problems);
    }

    [Theory]
    [InlineData("PROT=1", "did you mean PORT?")]
    [InlineData("port=1", "did you mean PORT?")]
    [InlineData("CHUNKSIZE=1", "did you mean CHUNK_SIZE?")]
    [InlineData("EMBEDDINGS_SERVICE_URL=x", "did you mean EMBEDDING_SERVICE_URL?")]
    [InlineData("SOMETHING_ELSE=1", "ignored")]
    [InlineData("X=1", "ignored")]
    public void An_unknown_name_is_a_warning_with_the_nearest_known_one(string line, string end)
    {
        var result = SettingsReader.Read(NoEnvironment, line);
        Assert.NotNull(result.Settings);
        var warning = Assert.Single(result.Warnings);
        Assert.StartsWith(".env, line 1: " + line.Split('=')[0], warning);
        Assert.EndsWith(end, warning);
    }

    [Fact]
    public void A_name_set_twice_is_a_warning_and_the_last_line_wins()
    {
        var result = SettingsReader.Read(NoEnvironment, "PORT=1\nPORT=2");
        Assert.Equal(2, result.Settings!.Port);
        Assert.Equal([".env, line 2: PORT is already on line 1; this line wins"], result.Warnings);
    }

    [Theory]
    [InlineData("CHUNK_SIZE=100", "CHUNK_OVERLAP=200 (its default): must be below CHUNK_SIZE, which is 100")]
    [InlineData("CHUNK_SIZE=100\nCHUNK_OVERLAP=100", "CHUNK_OVERLAP=100: must be below CHUNK_SIZE, which is 100")]
    [InlineData("EMBEDDING_PROVIDER=service", "EMBEDDING_PROVIDER=service: needs EMBEDDING_SERVICE_URL")]
    [InlineData("AUTH_AUTHORITY=https://login.example.com/",
        "AUTH_AUTHORITY=https://login.example.com/: needs AUTH_AUDIENCE, or a token for any other service of that issuer would be taken")]
    [InlineData("AUTH_AUTHORITY=http://login.example.com/\nAUTH_AUDIENCE=me",
        "AUTH_AUTHORITY=http://login.example.com/: must start with https://, or anybody on the way could give other keys")]
    [InlineData("AUTH_DISABLED=true\nAUTH_SECRET=0123456789abcdef0123456789abcdef",
        "AUTH_DISABLED=true: contradicts AUTH_SECRET, AUTH_AUTHORITY and API_KEYS; leave one or the other empty")]
    public void Settings_that_contradict_each_other_are_refused(string envFile, string problem) =>
        Assert.Equal(problem, OnlyProblem(envFile));

    [Theory]
    [InlineData("EMBEDDING_PROVIDER=openai", "needs OPENAI_API_KEY or OPENAI_BASE_URL", true)]
    [InlineData("EMBEDDING_PROVIDER=openai\nOPENAI_BASE_URL=http://localhost:1234/v1", "needs", false)]
    [InlineData("EMBEDDING_PROVIDER=openai\nOPENAI_API_KEY=k", "needs", false)]
    [InlineData("EMBEDDING_PROVIDER=onnx", "needs ONNX_MODEL_DIR", true)]
    [InlineData("EMBEDDING_PROVIDER=onnx\nONNX_MODEL_DIR=/models/e5", "needs", false)]
    public void A_provider_says_what_it_needs(string envFile, string part, bool isThere) =>
        Assert.Equal(isThere, SettingsReader.Read(NoEnvironment, envFile).Problems.Any(problem => problem.Contains(part)));

    [Fact]
    public void An_embedding_service_is_used_once_it_is_named_unless_another_provider_is()
    {
        Assert.Equal("local", Accepted("").EmbeddingProvider);
        Assert.Equal("service", Accepted("EMBEDDING_SERVICE_URL=http://localhost:8001").EmbeddingProvider);
        Assert.Equal("local", Accepted("EMBEDDING_SERVICE_URL=http://localhost:8001\nEMBEDDING_PROVIDER=Local").EmbeddingProvider);
    }

    [Theory]
    [InlineData("FILE_STORE=s3://bucket/prefix", "FILE_STORE=s3://bucket/prefix: ")]
    [InlineData("EMBEDDING_PROVIDER=onnx\nONNX_MODEL_DIR=/m", "EMBEDDING_PROVIDER=onnx: ")]
    public void What_this_version_cannot_do_stops_the_start_and_says_so(string envFile, string start)
    {
        var problem = OnlyProblem(envFile);
        Assert.StartsWith(start, problem);
        Assert.Contains("not supported yet", problem);
        Assert.DoesNotContain("hunter2", problem);
    }

    [Fact]
    public void The_small_print_of_features_that_are_off_does_no_harm() =>
        Accepted("REDIS_PORT=6380\nREDIS_DB=3\nREDIS_PASSWORD=x\nFILE_STORE=DATA_DIR\nOCR=off\nOCR_LANGUAGES=deu\nAUTH_DISABLED=true");

    [Theory]
    [InlineData("AUTH_SECRET=hunter2")]
    [InlineData("DATABASE_URL=hunter2")]
    [InlineData("OPENAI_API_KEY='hunter2 hunter2'")]
    [InlineData("EMBEDDING_SERVICE_URL=http://user:hunter2@host/")]
    [InlineData("S3_ENDPOINT=ftp://hunter2@host/")]
    public void A_secret_is_never_shown(string envFile) => Assert.DoesNotContain("hunter2", OnlyProblem(envFile));

    [Fact]
    public void Settings_print_no_secret() =>
        Assert.DoesNotContain("hunter2", new Settings { RedisPassword = "hunter2", AuthSecret = "hunter2" }.ToString());

    [Fact]
    public void A_value_is_shown_short_and_on_one_line()
    {
        var problem = OnlyProblem("PORT=\"\\n" + new string('x', 5000) + "\\u001b\"");
        Assert.True(problem.Length < 200);
        Assert.DoesNotContain(problem, char.IsControl);
    }

    [Fact]
    public void Other_parts_add_their_checks()
    {
        var result = SettingsReader.Read(NoEnvironment, "CHUNKER=magic",
            settings => settings.Chunker == "sentence" ? null : $"CHUNKER={settings.Chunker}: must be sentence", _ => null);
        Assert.Null(result.Settings);
        Assert.Equal(["CHUNKER=magic: must be sentence"], result.Problems);
    }

    [Fact]
    public void The_file_of_the_folder_is_read_and_one_that_cannot_be_is_a_problem()
    {
        var folder = Directory.CreateTempSubdirectory("ingestion-config-");
        try
        {
            Assert.NotNull(SettingsReader.ReadProcess(folder.FullName).Settings);
            var path = Path.Combine(folder.FullName, ".env");
            File.WriteAllText(path, "URL_ALLOWED_HOSTS=only.example\r\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
            Assert.Equal(["only.example"], SettingsReader.ReadProcess(folder.FullName).Settings!.UrlAllowedHosts);
            File.WriteAllBytes(path, [0x41, 0x3D, 0xF1]);
            Assert.Contains("UTF-8", Assert.Single(SettingsReader.ReadProcess(folder.FullName).Problems));
            File.Delete(path);
            Directory.CreateDirectory(path);
            Assert.Contains("cannot be read", Assert.Single(SettingsReader.ReadProcess(folder.FullName).Problems));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("", "127.0.0.1")]
    [InlineData("AUTH_DISABLED=true", "0.0.0.0")]
    [InlineData("AUTH_DISABLED=true\nHOST=::", "::")]
    [InlineData("AUTH_SECRET=0123456789abcdef0123456789abcdef", "0.0.0.0")]
    [InlineData("AUTH_AUTHORITY=http://localhost:9\nAUTH_AUDIENCE=me", "0.0.0.0")]
    [InlineData("API_KEYS=x", "0.0.0.0")]
    public void Without_authentication_only_this_machine_is_served_unless_the_operator_insists(string envFile, string host) =>
        Assert.Equal(host, Accepted(envFile).EffectiveHost);
}
