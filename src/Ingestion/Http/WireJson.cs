using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Ingestion.Http;

/// <summary>How answers are written: letters of every language as they are, and still escaped what HTML or a script could trip over.</summary>
public static class WireJson
{
    public static JavaScriptEncoder Encoder { get; } = JavaScriptEncoder.Create(UnicodeRanges.All);

    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = Encoder };

    /// <summary>The options of a generated context, for answers.</summary>
    public static JsonSerializerOptions Answering(JsonSerializerContext generated) => new(generated.Options) { Encoder = Encoder };
}
