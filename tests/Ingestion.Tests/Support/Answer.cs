using System.Net.Http.Headers;
using System.Text.Json;

namespace Ingestion.Tests.Support;

/// <summary>What the service answered.</summary>
/// <param name="Type">Media type without parameters; empty where there is no body.</param>
public sealed record Answer(int Status, string Type, string Body, HttpResponseHeaders Headers)
{
    public JsonElement Json => Type == "application/json"
        ? JsonElement.Parse(Body)
        : throw new InvalidOperationException($"The answer {Status} is not JSON but '{Type}': {Body}");

    public string? Code => Json.Text("error.code");

    public string TaskId => Status == 202 ? Json.Text("task.task_id")! : throw new InvalidOperationException($"Not accepted: {Status} {Body}");

    public static async Task<Answer> OfAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType ?? "", await response.Content.ReadAsStringAsync(), response.Headers);
}
