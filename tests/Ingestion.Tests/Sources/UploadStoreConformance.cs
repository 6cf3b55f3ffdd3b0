using System.Security.Cryptography;
using Ingestion.Sources;

namespace Ingestion.Tests.Sources;

/// <summary>What each upload store must do.</summary>
public abstract class UploadStoreConformance
{
    protected const int Inline = UploadStore.InlineLimit;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract UploadStore Open();

    /// <summary>Names of what lies in the store, halves included.</summary>
    protected abstract string[] Names { get; }

    /// <summary>As if it had been written two hours ago.</summary>
    protected abstract void MakeOld(string name);

    /// <summary>As a crash in the middle of an upload leaves it. Returns the name.</summary>
    protected abstract string LeaveHalf(string key);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Inline - 1)]
    [InlineData(Inline)]
    [InlineData(Inline + 1)]
    [InlineData(81_920)]
    [InlineData(81_921)]
    [InlineData(1_000_003)]
    [InlineData(5 * 1024 * 1024)]
    [InlineData(5 * 1024 * 1024 + 1)]
    [InlineData(11_000_000)]
    public async Task What_is_saved_is_what_was_sent_however_the_bytes_arrive(int size)
    {
        var store = Open();
        var bytes = RandomNumberGenerator.GetBytes(size);
        foreach (var largestRead in new[] { 1_000, 7_777, int.MaxValue })
        {
            var seen = new List<long>();
            var outcome = await store.SaveAsync(new Trickle(bytes, largestRead), size, seen.Add, Cancel);
            var source = Assert.IsType<SaveOutcome.Saved>(outcome).Source;
            Assert.Equal((size, Convert.ToHexStringLower(SHA256.HashData(bytes))), (source.Size, source.Hash));
            Assert.Equal(size <= Inline, source.Inline is not null);
            Assert.Equal(size > Inline, source.FileKey is not null);
            await using var opened = (await Open().OpenAsync(source, Cancel))!;
            Assert.True(opened.CanSeek);
            Assert.Equal(0, opened.Position);
            var read = new MemoryStream();
            await opened.CopyToAsync(read, Cancel);
            Assert.Equal(bytes, read.ToArray());
            Assert.Equal(size, seen[^1]);
            Assert.Equal(seen.Order(), seen);
        }
        Assert.Equal(size <= Inline ? 0 : 3, Names.Length);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(Inline, Inline - 1)]
    [InlineData(Inline + 1, Inline)]
    [InlineData(500_000, 10)]
    [InlineData(500_000, 499_999)]
    [InlineData(6_000_000, 5_999_999)]
    public async Task One_byte_too_many_is_refused_and_leaves_nothing(int size, int maxBytes)
    {
        var outcome = await Open().SaveAsync(new MemoryStream(new byte[size]), maxBytes, Cancel);
        Assert.Equal(new SaveOutcome.TooLarge(maxBytes), outcome);
        Assert.Empty(Names);
    }

    [Fact]
    public async Task An_endless_body_is_read_no_further_than_the_limit()
    {
        var body = new Endless();
        Assert.IsType<SaveOutcome.TooLarge>(await Open().SaveAsync(body, 1_000_000, Cancel));
        Assert.InRange(body.Sent, 1_000_001, 1_000_000 + 200_000);
        Assert.Empty(Names);
    }

    [Theory]
    [InlineData(300_000)]
    [InlineData(12_000_000)]
    public async Task A_body_that_breaks_off_leaves_nothing_and_its_error_comes_through(int at)
    {
        var body = new Endless { FailAt = at };
        await Assert.ThrowsAsync<IOException>(() => Open().SaveAsync(body, long.MaxValue, Cancel));
        Assert.Empty(Names);
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        var body = new Endless { OnRead = sent => { if (sent > 300_000) stop.Cancel(); } };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Open().SaveAsync(body, long.MaxValue, stop.Token));
        Assert.Empty(Names);
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
    public async Task What_is_not_a_key_reaches_nothing(string key)
    {
        var store = Open();
        Assert.False(UploadStore.IsKey(key));
        await Assert.ThrowsAsync<ArgumentException>(() => store.OpenAsync(key, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => store.DeleteAsync(key));
    }

    [Fact]
    public async Task A_deleted_upload_is_gone_and_deleting_again_is_harmless()
    {
        var store = Open();
        var key = await SaveAsync(store);
        Assert.True(UploadStore.IsKey(key));
        Assert.True(await store.DeleteAsync(key));
        Assert.Null(await store.OpenAsync(key, Cancel));
        await store.DeleteAsync(key);
        Assert.Empty(Names);
    }

    [Fact]
    public async Task A_sweep_takes_old_orphans_and_halves_and_nothing_else()
    {
        var store = Open();
        await store.ReadIdentityAsync(Cancel);
        var before = Names;
        var (orphan, referenced, young) = (await SaveAsync(store), await SaveAsync(store), await SaveAsync(store));
        var (oldHalf, youngHalf) = (LeaveHalf(new string('a', 32)), LeaveHalf(new string('b', 32)));
        foreach (var name in (string[])[orphan, referenced, oldHalf, .. before]) MakeOld(name);

        Assert.Equal(2, await store.SweepAsync(TimeSpan.FromHours(1), key => Task.FromResult(key == referenced), Cancel));
        Assert.Equal(before.Concat([referenced, young, youngHalf]).Order(), Names.Order());
    }

    [Fact]
    public async Task The_identity_is_made_once_however_many_ask()
    {
        var identities = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Open().ReadIdentityAsync(Cancel))));
        Assert.Equal(32, Assert.Single(identities.Distinct()).Length);
        Assert.Equal(identities[0], await Open().ReadIdentityAsync(Cancel));
    }

    protected static async Task<string> SaveAsync(UploadStore store)
    {
        var outcome = await store.SaveAsync(new Endless { End = 100_000 }, long.MaxValue, Cancel);
        return Assert.IsType<SaveOutcome.Saved>(outcome).Source.FileKey!;
    }

    private sealed class Trickle(byte[] bytes, int largestRead) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, largestRead)], cancellationToken);
    }
}
