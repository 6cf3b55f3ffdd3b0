using System.Globalization;
using System.Text.Json.Serialization;

namespace Ingestion.Http;

/// <summary>An error as the wire tells it: <c>{success: false, message, error{code, details}}</c>. The message says what to do.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">For programs: one of those in <see cref="Problems"/>.</param>
/// <param name="RetryAfter">Sent as a header, in whole seconds.</param>
public sealed record Problem(int Status, string Code, string Message, ProblemDetails? Details = null, TimeSpan? RetryAfter = null) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture);
        if (Status == StatusCodes.Status401Unauthorized) response.Headers.WWWAuthenticate = "Bearer";
        await response.WriteAsJsonAsync(new ErrorResponse(false, Message, new ErrorBody(Code, Details)), ErrorJson.Answers.ErrorResponse);
    }
}

public sealed record ErrorResponse(bool Success, string Message, ErrorBody Error);

public sealed record ErrorBody(string Code, ProblemDetails? Details);

/// <summary>What a program may want to know of an error; what does not apply is left out.</summary>
public sealed record ProblemDetails
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Fields { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Field { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxSize { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TaskId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MediaType { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Supported { get; init; }
}
