using Ingestion.Sqlite;

namespace Ingestion.Tests.Sqlite;

/// <summary>What is told when the disk does not take the log.</summary>
public sealed class LogSyncTests
{
    [Fact]
    public async Task A_write_that_the_disk_refuses_is_told_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only here is there a file that cannot be synced.");
        // The kernel refuses to sync it.
        using var sync = new LogSync("/dev/zero");
        var (first, second) = (new Waiting(), new Waiting());
        sync.Add(first);
        sync.Add(second);

        foreach (var write in new[] { first, second })
        {
            var fault = await Assert.ThrowsAsync<UnavailableException>(() => write.Told);
            Assert.Contains("The disk did not take the write", fault.Message, StringComparison.Ordinal);
        }
    }

    private sealed class Waiting : IWaitForDisk
    {
        private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Told => _told.Task;

        public void Complete() => _told.TrySetResult();

        public void Fail(Exception fault) => _told.TrySetException(fault);
    }
}
