using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ingestion.Redis;
using StackExchange.Redis;

namespace Ingestion.Inboxes;

/// <summary>
/// A Redis list that other services push to, read so that no item is lost: what is taken stays in a list of this reader until it is
/// handled, and goes back should the reader die.
/// </summary>
/// <param name="queue">The list, byte for byte as the environment names it.</param>
public sealed class RedisInbox(RedisConnection redis, string queue)
{
    /// <summary>A reader that was not seen for this long is gone.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private static readonly RedisScript Take = new("Inboxes.take");

    /// <summary>People read dead letters, and nobody puts them into a page as they are.</summary>
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _reader = Guid.NewGuid().ToString("N");

    public string Queue => queue;

    private string DeadLetters => queue + ":dead";

    /// <summary>In a cluster these must lie where the list itself lies; a name with a tag of its own brings it along.</summary>
    private string Beside(string what) => queue.Contains('{', StringComparison.Ordinal) ? $"{queue}:{what}" : $"{{{queue}}}:{what}";

    private RedisKey Mine => Beside("reader:" + _reader);

    /// <summary>The item that this reader has, else the oldest, which is then this reader's; null where there is none.</summary>
    public async Task<byte[]?> TakeAsync()
    {
        RedisValue[] arguments = [_reader, (long)Silence.TotalMilliseconds, Beside("reader:")];
        return (byte[]?)await Take.RunAsync(redis, [queue, Mine, Beside("readers")], arguments);
    }

    public Task DoneAsync(byte[] item) => redis.AskAsync(database => database.ListRemoveAsync(Mine, item, 1));

    /// <summary>Back to the front, for this reader or another.</summary>
    public Task GiveBackAsync() => redis.AskAsync(database => database.ListMoveAsync(Mine, queue, ListSide.Right, ListSide.Left));

    /// <summary>Back to the end.</summary>
    public Task PutBehindAsync() => redis.AskAsync(database => database.ListMoveAsync(Mine, queue, ListSide.Right, ListSide.Right));

    /// <summary>Puts an item that cannot be read aside, whole, with the reason.</summary>
    public async Task BuryAsync(byte[] item, string reason, DateTimeOffset now)
    {
        var letter = new JsonObject
        {
            ["reason"] = reason,
            ["queue"] = queue,
            ["received_at"] = now,
            ["item"] = Encoding.UTF8.GetString(item),
        };
        await redis.AskAsync(database => database.ListRightPushAsync(DeadLetters, letter.ToJsonString(Readable)));
        await DoneAsync(item);
    }

    /// <summary>Nobody has to wait until this reader counts as gone, for what it still has neither.</summary>
    public async Task LeaveAsync()
    {
        await GiveBackAsync();
        await redis.AskAsync(database => database.SortedSetRemoveAsync(Beside("readers"), _reader));
    }
}
