using System.Security.Cryptography;
using Ingestion.Sources;

namespace Ingestion.Tests.Sources;

public sealed class UploadStoreTests : IDisposable
{
    private const int Inline = UploadStore.InlineLimit;

    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    private readonly string dataDir = Path.Combine(Directory.CreateTempSubdirectory("ingestion-uploads-").FullName, "data");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(dataDir)!, recursive: true);

    private string Uploads => Path.Combine(dataDir, "uploads");

    private string[] Files => Directory.GetFiles(Uploads);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Inline - 1)]
    [InlineData(Inline)]
    [InlineData(Inline + 1)]
    [InlineData(81_920)]
    [InlineData(81_921)]
    [InlineData(1_000_003)]
    public async Task What_is_saved_is_what_was_sent_however_the_bytes_arrive(int size)
    {
        var store = new UploadStore(dataDir);
        var bytes = RandomNumberGenerator.GetBytes(size);
        foreach (var largestRead in new[] { 1_000, 7_777, int.MaxValue })
        {
            var seen = new List<long>();
            var outcome = await store.SaveAsync(new Trickle(bytes, largestRead), size, seen.Add, Cancel);
            var source = Assert.IsType<SaveOutcome.Saved>(outcome).Source;
            Assert.Equal((size, Convert.ToHexStringLower(SHA256.HashData(bytes))), (source.Size, source.Hash));
            Assert.Equal(size <= Inline, source.Inline is not null);
            Assert.Equal(size > Inline, source.FileKey is not null);
            await using var opened = store.Open(source)!;
            Assert.True(opened.CanSeek);
            var read = new MemoryStream();
            await opened.CopyToAsync(read, Cancel);
            Assert.Equal(bytes, read.ToArray());
            Assert.Equal(size, seen[^1]);
            Assert.Equal(seen.Order(), seen);
        }
        Assert.Equal(size <= Inline ? 0 : 3, Files.Length);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(Inline, Inline - 1)]
    [InlineData(Inline + 1, Inline)]
    [InlineData(500_000, 10)]
    [InlineData(500_000, 499_999)]
    public async Task One_byte_too_many_is_refused_and_leaves_nothing(int size, int maxBytes)
    {
        var outcome = await new UploadStore(dataDir).SaveAsync(new MemoryStream(new byte[size]), maxBytes, Cancel);
        Assert.Equal(new SaveOutcome.TooLarge(maxBytes), outcome);
        Assert.Empty(Files);
    }

    [Fact]
    public async Task An_endless_body_is_read_no_further_than_the_limit()
    {
        var body = new Endless();
        Assert.IsType<SaveOutcome.TooLarge>(await new UploadStore(dataDir).SaveAsync(body, 1_000_000, Cancel));
        Assert.InRange(body.Sent, 1_000_001, 1_000_000 + 200_000);
        Assert.Empty(Files);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_upload()
    {
        var largestGap = 0L;
        var body = new Endless { End = 20_000_000, OnRead = sent => largestGap = Math.Max(largestGap, sent - Files.Sum(LengthOf)) };
        await new UploadStore(dataDir).SaveAsync(body, long.MaxValue, Cancel);
        Assert.InRange(largestGap, 1, 256 * 1024);

        static long LengthOf(string path) => new FileInfo(path).Length;
    }

    [Fact]
    public async Task A_body_that_breaks_off_leaves_nothing_and_its_error_comes_through()
    {
        var body = new Endless { FailAt = 300_000 };
        await Assert.ThrowsAsync<IOException>(() => new UploadStore(dataDir).SaveAsync(body, long.MaxValue, Cancel));
        Assert.Empty(Files);
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        var body = new Endless { OnRead = sent => { if (sent > 300_000) stop.Cancel(); } };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new UploadStore(dataDir).SaveAsync(body, long.MaxValue, stop.Token));
        Assert.Empty(Files);
    }

    [Fact]
    public async Task A_full_disk_is_an_outcome_and_the_half_file_is_removed()
    {
        var store = new UploadStore(dataDir, (path, options) => new FullDisk(path, options, room: 200_000));
        var outcome = await store.SaveAsync(new Endless { End = 1_000_000 }, long.MaxValue, Cancel);
        var failure = Assert.IsType<SaveOutcome.NotStored>(outcome);
        Assert.True(failure.IsDiskFull);
        Assert.Contains("no room", failure.Message);
        Assert.DoesNotContain(dataDir, failure.Message);
        Assert.Empty(Files);
    }

    [Fact]
    public async Task A_disk_that_fills_up_at_the_flush_is_an_outcome_too()
    {
        var store = new UploadStore(dataDir, (path, options) => new FullDisk(path, options, room: long.MaxValue));
        var outcome = await store.SaveAsync(new Endless { End = 1_000_000 }, long.MaxValue, Cancel);
        Assert.True(Assert.IsType<SaveOutcome.NotStored>(outcome).IsDiskFull);
        Assert.Empty(Files);
    }

    [Fact]
    public async Task A_folder_that_is_gone_is_an_outcome()
    {
        var store = new UploadStore(dataDir);
        Directory.Delete(Uploads);
        var outcome = await store.SaveAsync(new Endless { End = 100_000 }, long.MaxValue, Cancel);
        Assert.False(Assert.IsType<SaveOutcome.NotStored>(outcome).IsDiskFull);
        Directory.CreateDirectory(Uploads);
    }

    [Fact]
    public async Task Only_the_owner_may_read_uploads()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no such modes");
        else
        {
            await new UploadStore(dataDir).SaveAsync(new MemoryStream(new byte[100_000]), long.MaxValue, Cancel);
            Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(dataDir), 8));
            Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(Uploads), 8));
            Assert.Equal("600", Convert.ToString((int)File.GetUnixFileMode(Assert.Single(Files)), 8));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../secrets")]
    [InlineData("/etc/passwd")]
    [InlineData("0123456789abcdef0123456789abcde")]
    [InlineData("0123456789abcdef0123456789abcdef0")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("../../../../../../../../etc/hosts")]
    [InlineData("0123456789abcdef0123456789abcde/")]
    [InlineData("0123456789abcdef0123456789abcde\0")]
    [InlineData("0123456789abcdef0123456789abcd٣٤")]
    public void What_is_not_a_key_reaches_no_file(string key)
    {
        var store = new UploadStore(dataDir);
        Assert.False(UploadStore.IsKey(key));
        Assert.Throws<ArgumentException>(() => store.Open(key));
        Assert.Throws<ArgumentException>(() => store.Delete(key));
    }

    [Fact]
    public async Task A_deleted_upload_is_gone_and_deleting_again_is_harmless()
    {
        var store = new UploadStore(dataDir);
        var key = await SaveFileAsync(store);
        Assert.True(UploadStore.IsKey(key));
        Assert.True(store.Delete(key));
        Assert.Null(store.Open(key));
        Assert.False(store.Delete(key));
    }

    [Fact]
    public async Task A_sweep_takes_old_orphans_and_half_files_and_nothing_else()
    {
        var store = new UploadStore(dataDir);
        var keys = new List<string>();
        for (var i = 0; i < 3; i++)
            keys.Add(await SaveFileAsync(store));
        var (orphan, referenced, young) = (keys[0], keys[1], keys[2]);
        var (oldPart, youngPart) = (new string('a', 32) + ".part", new string('b', 32) + ".part");
        foreach (var name in new[] { oldPart, youngPart, "notes.txt" }) File.WriteAllText(Path.Combine(Uploads, name), "x");
        foreach (var name in new[] { orphan, referenced, oldPart, "notes.txt" })
            File.SetLastWriteTimeUtc(Path.Combine(Uploads, name), DateTime.UtcNow.AddHours(-2));

        Assert.Equal(2, store.Sweep(TimeSpan.FromHours(1), key => key == referenced));
        Assert.Equal(new[] { referenced, young, youngPart, "notes.txt" }.Order(), Files.Select(Path.GetFileName).Order());
    }

    private static async Task<string> SaveFileAsync(UploadStore store)
    {
        var outcome = await store.SaveAsync(new Endless { End = 100_000 }, long.MaxValue, Cancel);
        return Assert.IsType<SaveOutcome.Saved>(outcome).Source.FileKey!;
    }

    private sealed class Trickle(byte[] bytes, int largestRead) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, largestRead)], cancellationToken);
    }

    private sealed class FullDisk(string path, FileStreamOptions options, long room) : FileStream(path, options)
    {
        private static readonly IOException Full = new("No space left on device", 28);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position + buffer.Length > room ? throw Full : base.WriteAsync(buffer, cancellationToken);

        public override void Flush(bool flushToDisk) => throw Full;
    }
}
