using System.Collections.Concurrent;
using Ingestion.Sqlite;

namespace Ingestion.Tests.Sqlite;

public sealed class ProcessLocksTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ingestion-locks-");

    [Fact]
    public async Task Whose_lock_is_free_is_told_once_and_forgotten()
    {
        using var living = new ProcessLocks(_folder.FullName);
        using var other = new ProcessLocks(_folder.FullName);
        var dead = new ProcessLocks(_folder.FullName);
        dead.Dispose();
        Assert.Equal(dead.Own, Assert.Single(await DeadAsync(living)));
        Assert.Empty(await DeadAsync(other));
        Assert.Equal(new[] { living.Own, other.Own }.Order(), _folder.GetFiles().Select(file => file.Name).Order());
    }

    [Fact]
    public async Task Who_could_not_be_buried_is_told_again()
    {
        using var living = new ProcessLocks(_folder.FullName);
        new ProcessLocks(_folder.FullName).Dispose();
        await Assert.ThrowsAsync<UnavailableException>(() => living.ForgetDeadAsync(_ => throw new UnavailableException("Away.")));
        Assert.Single(await DeadAsync(living));
    }

    [Fact]
    public async Task Who_comes_while_others_look_is_never_taken_for_dead()
    {
        using var looker = new ProcessLocks(_folder.FullName);
        var (told, done) = (new ConcurrentBag<string?>(), false);
        var looking = Task.Run(async () =>
        {
            while (!Volatile.Read(ref done)) foreach (var name in await DeadAsync(looker)) told.Add(name);
        }, TestContext.Current.CancellationToken);
        var come = Enumerable.Range(0, 500).Select(_ => new ProcessLocks(_folder.FullName)).ToArray();
        Volatile.Write(ref done, true);
        await looking;
        Assert.All(come, one => Assert.NotNull(one.Own));
        Assert.Empty(come.Select(one => one.Own).Intersect(told));
        Assert.Empty(come.Select(one => one.Own).Except(_folder.GetFiles().Select(file => file.Name)));
        foreach (var one in come) one.Dispose();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<List<string>> DeadAsync(ProcessLocks looker)
    {
        var dead = new List<string>();
        await looker.ForgetDeadAsync(name =>
        {
            dead.Add(name);
            return Task.CompletedTask;
        });
        return dead;
    }
}
