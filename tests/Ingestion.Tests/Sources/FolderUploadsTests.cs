using Ingestion.Sources;

namespace Ingestion.Tests.Sources;

public sealed class FolderUploadsTests : UploadStoreConformance, IDisposable
{
    private readonly string dataDir = Path.Combine(Directory.CreateTempSubdirectory("ingestion-uploads-").FullName, "data");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(dataDir)!, recursive: true);

    private string Uploads => Path.Combine(dataDir, "uploads");

    private string[] Files => Directory.GetFiles(Uploads);

    protected override UploadStore Open() => new FolderUploads(dataDir);

    protected override string[] Names => [.. Files.Select(path => Path.GetFileName(path)!)];

    protected override void MakeOld(string name) => File.SetLastWriteTimeUtc(Path.Combine(Uploads, name), DateTime.UtcNow.AddHours(-2));

    protected override string LeaveHalf(string key)
    {
        File.WriteAllText(Path.Combine(Uploads, key + ".part"), "x");
        return key + ".part";
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_upload()
    {
        var largestGap = 0L;
        var body = new Endless { End = 20_000_000, OnRead = sent => largestGap = Math.Max(largestGap, sent - Files.Sum(LengthOf)) };
        await Open().SaveAsync(body, long.MaxValue, Cancel);
        Assert.InRange(largestGap, 1, 256 * 1024);

        static long LengthOf(string path) => new FileInfo(path).Length;
    }

    [Fact]
    public async Task A_sweep_leaves_what_is_not_an_upload()
    {
        var store = Open();
        File.WriteAllText(Path.Combine(Uploads, "notes.txt"), "x");
        MakeOld("notes.txt");
        Assert.Equal(0, await store.SweepAsync(TimeSpan.FromHours(1), _ => Task.FromResult(false), Cancel));
        Assert.Equal(["notes.txt"], Names);
    }

    [Fact]
    public async Task A_full_disk_is_an_outcome_and_the_half_file_is_removed()
    {
        var store = new FolderUploads(dataDir, (path, options) => new FullDisk(path, options, room: 200_000));
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
        var store = new FolderUploads(dataDir, (path, options) => new FullDisk(path, options, room: long.MaxValue));
        var outcome = await store.SaveAsync(new Endless { End = 1_000_000 }, long.MaxValue, Cancel);
        Assert.True(Assert.IsType<SaveOutcome.NotStored>(outcome).IsDiskFull);
        Assert.Empty(Files);
    }

    [Fact]
    public async Task A_folder_that_is_gone_is_an_outcome()
    {
        var store = Open();
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
            await Open().SaveAsync(new MemoryStream(new byte[100_000]), long.MaxValue, Cancel);
            Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(dataDir), 8));
            Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(Uploads), 8));
            Assert.Equal("600", Convert.ToString((int)File.GetUnixFileMode(Assert.Single(Files)), 8));
        }
    }

    private sealed class FullDisk(string path, FileStreamOptions options, long room) : FileStream(path, options)
    {
        private static readonly IOException Full = new("No space left on device", 28);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position + buffer.Length > room ? throw Full : base.WriteAsync(buffer, cancellationToken);

        public override void Flush(bool flushToDisk) => throw Full;
    }
}
