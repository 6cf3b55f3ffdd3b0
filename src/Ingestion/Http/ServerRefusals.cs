using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;

namespace Ingestion.Http;

/// <summary>
/// What is not even a request (broken HTTP, <c>%00</c> in the address, headers without end) the server refuses before any of our code
/// runs, with an empty answer. Here that answer gets the body that every error has.
/// </summary>
/// <remarks>It is known by its head, which is written in one piece: 4xx, nothing in it, and the connection closed.</remarks>
internal sealed class ServerRefusals(PipeWriter inner) : PipeWriter
{
    private static readonly byte[] Empty = "\r\nContent-Length: 0\r\n"u8.ToArray();
    private Memory<byte> _written;

    public static ConnectionDelegate Explain(ConnectionDelegate next) => connection =>
    {
        connection.Transport = new Pipes(connection.Transport.Input, new ServerRefusals(connection.Transport.Output));
        return next(connection);
    };

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _written = inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes) => inner.Advance(IsRefusal(_written.Span[..bytes]) ? AddBody(_written.Span, bytes) : bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(source, cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private static bool IsRefusal(ReadOnlySpan<byte> head) =>
        head.StartsWith("HTTP/1.1 4"u8) && head.EndsWith("\r\n\r\n"u8)
        && head.IndexOf(Empty) > 0 && head.IndexOf("\r\nConnection: close\r\n"u8) > 0;

    /// <summary>How many bytes there are then.</summary>
    private static int AddBody(Span<byte> memory, int length)
    {
        var head = Encoding.ASCII.GetString(memory[..length]);
        var problem = Problems.NotARequest(int.Parse(head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture));
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ErrorResponse(false, problem.Message, new ErrorBody(problem.Code, null)), ErrorJson.Answers.ErrorResponse);
        var whole = Encoding.ASCII.GetBytes(head.Replace(
            Encoding.ASCII.GetString(Empty), $"\r\nContent-Length: {body.Length}\r\nContent-Type: application/json; charset=utf-8\r\n", StringComparison.Ordinal));
        if (whole.Length + body.Length > memory.Length) return length;
        whole.CopyTo(memory);
        body.CopyTo(memory[whole.Length..]);
        return whole.Length + body.Length;
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
