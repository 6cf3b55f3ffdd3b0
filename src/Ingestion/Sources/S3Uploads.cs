using System.Buffers;
using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Ingestion.Sources;

/// <summary>Uploads as objects of an S3 bucket, for instances that share no disk.</summary>
/// <remarks>
/// Region and credentials come from the usual AWS environment. The operator names the address, so it may be a private one: this is the
/// one HTTP client beside <see cref="GuardedHttp"/>'s, and no client of the service can influence where it connects to.
/// </remarks>
public sealed class S3Uploads : UploadStore, IDisposable
{
    /// <summary>The least that S3 takes as a part; all that an upload holds in memory.</summary>
    private const int PartSize = 5 * 1024 * 1024;

    private const string IdentityObject = ".identity";

    private readonly AmazonS3Client s3;
    private readonly string bucket, prefix;

    /// <param name="address"><c>s3://bucket/prefix</c>; the prefix may be empty.</param>
    /// <param name="endpoint">Of a store that only speaks like S3; null for AWS itself.</param>
    /// <param name="credentials">Null for those of the environment.</param>
    public S3Uploads(string address, string? endpoint, AWSCredentials? credentials = null)
    {
        var uri = new Uri(address);
        bucket = uri.Host;
        prefix = uri.AbsolutePath.Trim('/') is { Length: > 0 } path ? path + "/" : "";
        var config = new AmazonS3Config
        {
            MaxErrorRetry = 3,
            Timeout = TimeSpan.FromMinutes(1),
            // Stores that only speak like S3 do not know the newer checksums; the SHA-256 of each body is signed anyway.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (endpoint is not null)
        {
            config.ServiceURL = endpoint;
            config.ForcePathStyle = true;
            config.AuthenticationRegion = Environment.GetEnvironmentVariable("AWS_REGION") ?? "us-east-1";
        }
        s3 = credentials is null ? new AmazonS3Client(config) : new AmazonS3Client(credentials, config);
    }

    public void Dispose() => s3.Dispose();

    /// <remarks>Readers seek, so the object is brought into a file that is gone when it is closed.</remarks>
    public override async Task<Stream?> OpenAsync(string key, CancellationToken cancel)
    {
        var name = NameOf(key);
        var file = new FileStream(
            Path.Combine(Path.GetTempPath(), "ingestion-" + Guid.NewGuid().ToString("N")),
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
        try
        {
            using var found = await AskAsync(() => s3.GetObjectAsync(bucket, name, cancel));
            if (found is not null)
            {
                await AskAsync(async () =>
                {
                    await found.ResponseStream.CopyToAsync(file, cancel);
                    return file;
                });
                if (file.Length != found.ContentLength) throw new UnavailableException("The S3 store broke off in the middle of an upload.");
                file.Position = 0;
                return file;
            }
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
        await file.DisposeAsync();
        return null;
    }

    public override async Task<bool> DeleteAsync(string key)
    {
        var name = NameOf(key);
        try
        {
            await s3.DeleteObjectAsync(bucket, name);
            return true;
        }
        catch (Exception fault) when (IsFault(fault))
        {
            return false;
        }
    }

    public override async Task<int> SweepAsync(TimeSpan olderThan, Func<string, Task<bool>> isReferenced, CancellationToken cancel)
    {
        var (deleted, before) = (0, DateTime.UtcNow - olderThan);
        try
        {
            await foreach (var one in s3.Paginators.ListObjectsV2(new() { BucketName = bucket, Prefix = prefix }).S3Objects.WithCancellation(cancel))
            {
                var key = one.Key[prefix.Length..];
                if (!IsKey(key) || !(one.LastModified?.ToUniversalTime() < before) || await isReferenced(key)) continue;
                if (await DeleteAsync(key)) deleted++;
            }
            await foreach (var one in s3.Paginators.ListMultipartUploads(new() { BucketName = bucket, Prefix = prefix }).Uploads.WithCancellation(cancel))
            {
                if (!one.Key.StartsWith(prefix, StringComparison.Ordinal) || !IsKey(one.Key[prefix.Length..])) continue;
                if (!(one.Initiated?.ToUniversalTime() < before)) continue;
                await s3.AbortMultipartUploadAsync(bucket, one.Key, one.UploadId, cancel);
                deleted++;
            }
        }
        catch (Exception fault) when (IsFault(fault))
        {
            throw Away(fault);
        }
        return deleted;
    }

    public override async Task<string> ReadIdentityAsync(CancellationToken cancel)
    {
        if (await ReadTextAsync(IdentityObject, cancel) is { } there) return there;
        try
        {
            await s3.PutObjectAsync(
                new() { BucketName = bucket, Key = prefix + IdentityObject, ContentBody = NewIdentity(), IfNoneMatch = "*", UseChunkEncoding = false }, cancel);
        }
        catch (AmazonS3Exception fault) when (fault.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            // Another process was faster.
        }
        catch (Exception fault) when (IsFault(fault))
        {
            throw Away(fault);
        }
        return await ReadTextAsync(IdentityObject, cancel) ?? throw new UnavailableException("The S3 store does not keep what is written to it.");
    }

    protected override Task<Upload> BeginAsync(string key, CancellationToken cancel) => Task.FromResult<Upload>(new PartsUpload(this, NameOf(key)));

    protected override bool IsFault(Exception fault) => fault is AmazonServiceException or AmazonClientException or HttpRequestException
        or IOException or TimeoutException or TaskCanceledException { InnerException: TimeoutException };

    private static UnavailableException Away(Exception fault) => new("The S3 store (FILE_STORE) cannot be used: " + fault.Message, fault);

    private string NameOf(string key) => prefix + Checked(key);

    private async Task<string?> ReadTextAsync(string name, CancellationToken cancel)
    {
        using var found = await AskAsync(() => s3.GetObjectAsync(bucket, prefix + name, cancel));
        if (found is null) return null;
        using var reader = new StreamReader(found.ResponseStream);
        return await AskAsync(() => reader.ReadToEndAsync(cancel));
    }

    /// <summary>Null where there is no such object.</summary>
    private async Task<T?> AskAsync<T>(Func<Task<T>> ask) where T : class
    {
        try
        {
            return await ask();
        }
        catch (AmazonS3Exception fault) when (fault.StatusCode == HttpStatusCode.NotFound && fault.ErrorCode != "NoSuchBucket")
        {
            return null;
        }
        catch (Exception fault) when (IsFault(fault))
        {
            throw Away(fault);
        }
    }

    /// <summary>Part by part; a small upload in one piece.</summary>
    private sealed class PartsUpload(S3Uploads store, string name) : Upload
    {
        private readonly byte[] part = ArrayPool<byte>.Shared.Rent(PartSize);
        private readonly List<PartETag> parts = [];
        private string? id;
        private int filled;
        private bool isKept;

        public override async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
        {
            while (!bytes.IsEmpty)
            {
                if (filled == PartSize) await SendPartAsync(isLast: false, cancel);
                var some = Math.Min(bytes.Length, PartSize - filled);
                bytes[..some].CopyTo(part.AsMemory(filled));
                filled += some;
                bytes = bytes[some..];
            }
        }

        public override async Task CompleteAsync(CancellationToken cancel)
        {
            if (id is null)
            {
                using var body = new MemoryStream(part, 0, filled, writable: false);
                await store.s3.PutObjectAsync(
                    new() { BucketName = store.bucket, Key = name, InputStream = body, AutoCloseStream = false, UseChunkEncoding = false }, cancel);
            }
            else
            {
                await SendPartAsync(isLast: true, cancel);
                await store.s3.CompleteMultipartUploadAsync(
                    new() { BucketName = store.bucket, Key = name, UploadId = id, PartETags = parts }, cancel);
            }
            isKept = true;
        }

        public override async ValueTask DisposeAsync()
        {
            ArrayPool<byte>.Shared.Return(part);
            if (isKept || id is null) return;
            try
            {
                await store.s3.AbortMultipartUploadAsync(store.bucket, name, id);
            }
            catch (Exception fault) when (store.IsFault(fault))
            {
                // The sweep takes it.
            }
        }

        private async Task SendPartAsync(bool isLast, CancellationToken cancel)
        {
            id ??= (await store.s3.InitiateMultipartUploadAsync(store.bucket, name, cancel)).UploadId;
            using var body = new MemoryStream(part, 0, filled, writable: false);
            var sent = await store.s3.UploadPartAsync(
                new()
                {
                    BucketName = store.bucket, Key = name, UploadId = id, PartNumber = parts.Count + 1, PartSize = filled,
                    InputStream = body, IsLastPart = isLast, UseChunkEncoding = false,
                },
                cancel);
            parts.Add(new PartETag(parts.Count + 1, sent.ETag));
            filled = 0;
        }
    }
}
