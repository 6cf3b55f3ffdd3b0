using Ingestion.Config;
using Ingestion.Embedding.Pacing;
using Ingestion.Redis;
using Ingestion.Tests.Support;

namespace Ingestion.Tests.Embedding;

/// <summary>What every pace keeps to, whoever shares it.</summary>
public abstract class EmbeddingPaceTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    protected abstract IEmbeddingPace Pace { get; }

    /// <summary>Another process that shares the pace.</summary>
    protected abstract IEmbeddingPace Other { get; }

    protected abstract Task PassAsync(TimeSpan time);

    [Fact]
    public async Task A_few_calls_may_run_at_once_and_the_next_waits_for_a_turn_given_back()
    {
        var turns = await FillAsync();
        Assert.Equal(PaceRules.Start, turns.Count);
        var refused = await EnterAsync();
        Assert.True(refused is { Turn: null, IsPause: false, Wait.Ticks: > 0 });
        Assert.NotNull((await Pace.EnterAsync("another lane", Longest, TestContext.Current.CancellationToken)).Turn);

        await Pace.LeaveAsync(turns[0], CallEnd.Other, default);

        Assert.NotNull((await EnterAsync()).Turn);
    }

    [Fact]
    public async Task A_busy_provider_is_left_alone_for_its_time_and_then_asked_by_half_as_many()
    {
        var turns = await FillAsync();
        foreach (var turn in turns) await Pace.LeaveAsync(turn, CallEnd.Busy, Pause);

        var paused = await Other.EnterAsync("lane", Longest, TestContext.Current.CancellationToken);
        Assert.True(paused is { Turn: null, IsPause: true } && paused.Wait <= Pause && paused.Wait > TimeSpan.Zero, $"{paused}");

        await PassAsync(Pause + TimeSpan.FromMilliseconds(20));
        // All of them began before the first told: it is one cut.
        Assert.Equal(PaceRules.Start / 2, (await FillAsync()).Count);
    }

    [Fact]
    public async Task Calm_answers_bring_more_at_once_one_by_one()
    {
        for (var i = 0; i < PaceRules.Start + 1; i++) await Pace.LeaveAsync((await EnterAsync()).Turn!, CallEnd.Calm, default);

        Assert.Equal(PaceRules.Start + 1, (await FillAsync()).Count);
    }

    [Fact]
    public async Task However_busy_one_call_at_a_time_goes_on()
    {
        for (var i = 0; i < 6; i++)
        {
            await PassAsync(TimeSpan.FromMilliseconds(2));
            await Pace.LeaveAsync((await EnterAsync()).Turn!, CallEnd.Busy, TimeSpan.Zero);
        }
        await PassAsync(TimeSpan.FromMilliseconds(2));

        Assert.Single(await FillAsync());
    }

    private ValueTask<PaceAnswer> EnterAsync() => Pace.EnterAsync("lane", Longest, TestContext.Current.CancellationToken);

    private async Task<List<PaceTurn>> FillAsync()
    {
        var turns = new List<PaceTurn>();
        while ((await EnterAsync()).Turn is { } turn) turns.Add(turn);
        return turns;
    }
}

public sealed class ProcessPaceTests : EmbeddingPaceTests
{
    private readonly ManualTime _time = new();
    private readonly ProcessPace _pace;

    public ProcessPaceTests() => _pace = new ProcessPace(_time);

    protected override IEmbeddingPace Pace => _pace;

    protected override IEmbeddingPace Other => _pace;

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }
}

public sealed class RedisPaceTests : EmbeddingPaceTests, IAsyncLifetime
{
    private RedisServer _server = null!;
    private RedisConnection _one = null!, _other = null!;

    protected override IEmbeddingPace Pace => new RedisPace(_one);

    protected override IEmbeddingPace Other => new RedisPace(_other);

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        var address = RedisAddress.Read(new Settings { RedisHost = "127.0.0.1", RedisPort = _server.Port })!;
        (_one, _other) = (new RedisConnection(address), new RedisConnection(address));
    }

    public async ValueTask DisposeAsync()
    {
        _one.Dispose();
        _other.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task The_turn_of_an_instance_that_died_is_taken_back()
    {
        for (var i = 0; i < PaceRules.Start; i++) Assert.NotNull((await Other.EnterAsync("lane", TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken)).Turn);
        Assert.Null((await Pace.EnterAsync("lane", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)).Turn);

        await Task.Delay(150, TestContext.Current.CancellationToken);

        Assert.NotNull((await Pace.EnterAsync("lane", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)).Turn);
    }

    [Fact]
    public async Task While_Redis_is_away_calls_go_on()
    {
        await _server.KillAsync();

        var (turn, _, _) = await Pace.EnterAsync("lane", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        Assert.NotNull(turn);
        await Pace.LeaveAsync(turn, CallEnd.Calm, default);
    }
}
