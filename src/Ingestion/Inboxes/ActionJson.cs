using System.Text.Json;
using Ingestion.Http;

namespace Ingestion.Inboxes;

/// <summary>Reads the JSON of an action as other services write it.</summary>
internal static class ActionJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Null where it cannot be read. What Python writes for a number that is none (NaN) is read as "": whoever wanted a number
    /// refuses it, and knows for whom the action is.</summary>
    /// <param name="reason">Why, for the sender.</param>
    public static JsonDocument? Parse(byte[] item, out string reason)
    {
        reason = "";
        JsonDocument? json = null;
        try
        {
            json = JsonDocument.Parse(item, Strict);
        }
        catch (JsonException fault)
        {
            reason = "It is not JSON: " + fault.Message;
            if (WithoutNoNumbers(item) is not { } mended) return null;
            try
            {
                json = JsonDocument.Parse(mended, Strict);
            }
            catch (JsonException)
            {
                return null;
            }
        }
        if (MayHoldSurrogates(item) && !RequestJson.IsUnicode(json.RootElement))
        {
            reason = "A string of it holds half a surrogate pair. Send valid Unicode.";
            json.Dispose();
            return null;
        }
        return json;
    }

    private static bool MayHoldSurrogates(ReadOnlySpan<byte> item) => item.IndexOf(@"\ud"u8) >= 0 || item.IndexOf(@"\uD"u8) >= 0;

    /// <summary>Null where there are none.</summary>
    private static byte[]? WithoutNoNumbers(byte[] item)
    {
        byte[]? mended = null;
        var isString = false;
        for (var i = 0; i < item.Length; i++)
        {
            if (item[i] == '"') isString = !isString;
            else if (isString && item[i] == '\\') i++;
            else if (!isString && LengthOfNoNumber(item.AsSpan(i)) is var length and > 0)
            {
                mended ??= [.. item];
                mended.AsSpan(i, length).Fill((byte)' ');
                mended[i] = mended[i + 1] = (byte)'"';
                i += length - 1;
            }
        }
        return mended;
    }

    private static int LengthOfNoNumber(ReadOnlySpan<byte> text) =>
        text.StartsWith("NaN"u8) ? 3 : text.StartsWith("Infinity"u8) ? 8 : text.StartsWith("-Infinity"u8) ? 9 : 0;
}
