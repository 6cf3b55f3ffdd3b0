using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>What is done to a text before it is divided. It is the first no more where its beginning goes.</summary>
internal delegate Word Normalizer(Word text);

/// <summary>Reads the kinds of normalizer that are known.</summary>
internal static partial class Normalizers
{
    /// <exception cref="InvalidDataException">It is of a kind that is not supported.</exception>
    public static Normalizer Read(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Null) return text => text;
        var kind = json.GetProperty("type").GetString();
        return kind switch
        {
            "Sequence" => Chain(json.GetProperty("normalizers")),
            "Precompiled" => Each(CharacterMap.Parse(json.GetProperty("precompiled_charsmap").GetBytesFromBase64()).Apply),
            "NFC" => Each(text => InForm(text, NormalizationForm.FormC)),
            "NFD" => Each(text => InForm(text, NormalizationForm.FormD)),
            "NFKC" => Each(text => InForm(text, NormalizationForm.FormKC)),
            "NFKD" => Each(text => InForm(text, NormalizationForm.FormKD)),
            // The one capital whose small form is two characters, whatever the language.
            "Lowercase" => Each(text => text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant()),
            "StripAccents" => StripAccents,
            "Strip" => Strip(json.GetProperty("strip_left").GetBoolean(), json.GetProperty("strip_right").GetBoolean()),
            "Prepend" when json.GetProperty("prepend").GetString() is { } before => Each(text => text.Length == 0 ? text : before + text),
            "Replace" => Replace(json.GetProperty("pattern"), json.GetProperty("content").GetString()!),
            _ => throw new InvalidDataException($"has a tokenizer with the normalizer {kind}, which is not supported"),
        };
    }

    private static Normalizer Each(Func<string, string> change) => text => text with { Text = change(text.Text) };

    private static Normalizer Chain(JsonElement all)
    {
        var steps = all.EnumerateArray().Select(Read).ToArray();
        return text => steps.Aggregate(text, (done, step) => step(done));
    }

    /// <summary>.NET refuses U+FFFE. It is changed by no form, nor by what stands beside it.</summary>
    private static string InForm(string text, NormalizationForm form) =>
        text.Contains('\uFFFE') ? string.Join('\uFFFE', text.Split('\uFFFE').Select(part => part.Normalize(form))) : text.Normalize(form);

    private static Normalizer Strip(bool left, bool right) => text =>
    {
        var from = left ? text.Text.TrimStart() : text.Text;
        return new Word(right ? from.TrimEnd() : from, text.IsFirst && from.Length == text.Text.Length);
    };

    private static Word StripAccents(Word text)
    {
        var kept = new StringBuilder(text.Text.Length);
        foreach (var rune in text.Text.EnumerateRunes())
            if (!IsMark(rune)) kept.Append(rune);
        return new Word(kept.ToString(), text.IsFirst && !text.Text.EnumerateRunes().Take(1).Any(IsMark));
    }

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static Normalizer Replace(JsonElement pattern, string by)
    {
        var expression = pattern.TryGetProperty("String", out var plain) ? Regex.Escape(plain.GetString()!)
            : pattern.TryGetProperty("Regex", out var regex) ? regex.GetString()! : "";
        // What means the same in every dialect, and takes no more time than the text is long.
        if (!SimplePattern().IsMatch(expression))
            throw new InvalidDataException($"has a tokenizer that replaces {pattern}, which is not supported");
        var matches = new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        if (matches.IsMatch("")) throw new InvalidDataException($"has a tokenizer that replaces {pattern}, which matches nothing at all");
        return text => new Word(matches.Replace(text.Text, _ => by), text.IsFirst && !TakesFirst(matches.Match(text.Text), by));
    }

    /// <summary>One character for another leaves the beginning where it is.</summary>
    private static bool TakesFirst(Match match, string by) =>
        match is { Success: true, Index: 0 } && (by.Length == 0 || match.Value.EnumerateRunes().Count() > 1);

    /// <summary>Characters, some of them escaped, and how often each comes.</summary>
    [GeneratedRegex(@"^(?:(?:[^\\()\[\]{}.*+?^$|]|\\[\\()\[\]{}.*+?^$|#nrtfs ])(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})?)+$", RegexOptions.CultureInvariant)]
    private static partial Regex SimplePattern();
}
