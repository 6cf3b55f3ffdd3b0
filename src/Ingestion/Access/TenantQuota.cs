using System.Text.Json;
using System.Text.Json.Serialization;
using Ingestion.Config;
using Ingestion.Http;
using Ingestion.Tasks;

namespace Ingestion.Access;

/// <summary>What one tenant may use. Null is what the environment says for all, 0 is no limit.</summary>
public sealed record TenantQuota
{
    public long? RequestsPerMinute { get; init; }

    /// <summary>Tasks that wait.</summary>
    public int? QueuedTasks { get; init; }

    /// <summary>Tasks that have not ended: waiting, running, or waiting for vectors.</summary>
    public int? OpenTasks { get; init; }

    /// <summary>Bytes of the stored documents, as they were sent.</summary>
    public long? StoredBytes { get; init; }

    public long? StoredChunks { get; init; }

    /// <summary>Sockets and event streams that are open at one instance.</summary>
    public int? OpenStreams { get; init; }

    internal bool IsValid => !(RequestsPerMinute < 0 || QueuedTasks < 0 || OpenTasks < 0 || StoredBytes < 0 || StoredChunks < 0 || OpenStreams < 0);
}

/// <summary>Every tenant's quota: defaults of the environment, and what TENANT_LIMITS_FILE says otherwise.</summary>
public sealed class TenantQuotas
{
    private readonly TenantQuota _default;
    private readonly Dictionary<string, TenantQuota> _own;

    /// <exception cref="InvalidDataException">The file; the message completes "TENANT_LIMITS_FILE=…: ".</exception>
    public TenantQuotas(Settings settings)
    {
        _default = new TenantQuota
        {
            RequestsPerMinute = settings.RateLimitPerMinute,
            QueuedTasks = settings.MaxTenantQueueDepth,
            OpenTasks = settings.MaxTenantTasks,
            StoredBytes = settings.MaxTenantBytes,
            StoredChunks = settings.MaxTenantChunks,
            OpenStreams = settings.MaxTenantStreams,
        };
        _own = settings.TenantLimitsFile is { } path ? ReadFile(path) : [];
    }

    /// <summary>Whether any tenant has a limit of requests a minute.</summary>
    public bool CountsRequests => _default.RequestsPerMinute > 0 || _own.Values.Any(quota => quota.RequestsPerMinute > 0);

    /// <summary>With every limit filled in.</summary>
    public TenantQuota Of(string tenant) => !_own.TryGetValue(tenant, out var own) ? _default : new()
    {
        RequestsPerMinute = own.RequestsPerMinute ?? _default.RequestsPerMinute,
        QueuedTasks = own.QueuedTasks ?? _default.QueuedTasks,
        OpenTasks = own.OpenTasks ?? _default.OpenTasks,
        StoredBytes = own.StoredBytes ?? _default.StoredBytes,
        StoredChunks = own.StoredChunks ?? _default.StoredChunks,
        OpenStreams = own.OpenStreams ?? _default.OpenStreams,
    };

    /// <summary>For the engine.</summary>
    public TenantLimits TaskLimitsOf(string tenant)
    {
        var quota = Of(tenant);
        return new(
            quota.QueuedTasks is > 0 and var waiting ? waiting : int.MaxValue, quota.OpenTasks is > 0 and var open ? open : int.MaxValue);
    }

    private static Dictionary<string, TenantQuota> ReadFile(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var quotas = JsonSerializer.Deserialize(file, TenantQuotaJson.Default.DictionaryStringTenantQuota) ?? [];
            foreach (var (tenant, quota) in quotas)
                if (quota is null || !quota.IsValid || !RequestIds.IsValid(tenant))
                    throw new InvalidDataException($"the limits of {tenant} must be whole numbers from 0");
            return quotas;
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException(
                $"must be a JSON object of tenants and their limits; look at line {fault.LineNumber + 1}", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException("cannot be read; let this user read it", fault);
        }
    }
}

/// <summary>The file of limits: a misspelt limit is an error, not none.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true)]
[JsonSerializable(typeof(Dictionary<string, TenantQuota>))]
internal sealed partial class TenantQuotaJson : JsonSerializerContext;
