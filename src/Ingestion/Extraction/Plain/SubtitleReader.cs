using System.Globalization;
using System.Net;
using System.Text;

namespace Ingestion.Extraction.Plain;

/// <summary>Subtitles (SRT, WebVTT) as running text: paragraphs that start with their time, broken at pauses, speakers and sentence ends.</summary>
public sealed class SubtitleReader : IDocumentReader
{
    private const int ParagraphLength = 400;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    public IReadOnlyList<string> MediaTypes => [Extraction.MediaTypes.SubRip, Extraction.MediaTypes.WebVtt];

    public async Task<ExtractedDocument> ReadAsync(DocumentContent content, CancellationToken cancel)
    {
        var decoded = await TextDecoding.ReadAsync(content, cancel);
        var writer = new MarkdownWriter(content.Limits);
        foreach (var warning in decoded.Warnings) writer.Warn(warning);

        var paragraph = new StringBuilder();
        var (end, last, cues) = (TimeSpan.Zero, "", 0);
        foreach (var cue in Cues(MarkdownWriter.Clean(decoded.Text)))
        {
            if ((++cues & 0x3FF) == 0) cancel.ThrowIfCancellationRequested();
            // Captions that roll up show each line twice.
            if (cue.Text.Length == 0 || cue.Text == last) continue;
            var full = paragraph.Length > ParagraphLength && last is [.., '.' or '!' or '?' or '…' or '"'];
            if (paragraph.Length > 0 && (full || cue.Start - end > Pause || cue.Text.StartsWith('-') || IsSpeaker(cue.Text))) Close();
            if (paragraph.Length == 0) paragraph.Append(CultureInfo.InvariantCulture, $"[{(int)cue.Start.TotalHours:00}:{cue.Start.Minutes:00}:{cue.Start.Seconds:00}]");
            paragraph.Append(' ').Append(cue.Text);
            (end, last) = (cue.End, cue.Text);
        }
        Close();
        if (cues == 0) throw new ExtractionException(ExtractionFailure.Corrupt, "The subtitles hold no line with times, such as \"00:00:01,000 --> 00:00:02,000\". Check the file's type.");
        return writer.ToDocument(content.MediaType);

        void Close()
        {
            writer.Paragraph(paragraph.ToString());
            paragraph.Clear();
        }
    }

    private static IEnumerable<(TimeSpan Start, TimeSpan End, string Text)> Cues(string text)
    {
        var lines = new List<string>();
        (TimeSpan Start, TimeSpan End)? times = null;
        using var reader = new StringReader(text);
        while (reader.ReadLine() is { } line)
        {
            if (Times(line) is { } next)
            {
                if (times is { } before) yield return (before.Start, before.End, Joined(lines));
                lines.Clear();
                times = next;
            }
            else if (times is not null)
            {
                if (string.IsNullOrWhiteSpace(line))
                {
                    yield return (times.Value.Start, times.Value.End, Joined(lines));
                    lines.Clear();
                    times = null;
                }
                else lines.Add(line);
            }
        }
        if (times is { } final) yield return (final.Start, final.End, Joined(lines));
    }

    private static (TimeSpan Start, TimeSpan End)? Times(string line)
    {
        var arrow = line.IndexOf("-->", StringComparison.Ordinal);
        if (arrow < 0) return null;
        var after = line[(arrow + 3)..].Trim();
        var space = after.IndexOf(' ', StringComparison.Ordinal);
        return Time(line[..arrow]) is { } start && Time(space < 0 ? after : after[..space]) is { } end ? (start, end) : null;
    }

    private static TimeSpan? Time(string text)
    {
        var parts = text.Trim().Replace(',', '.').Split(':');
        if (parts.Length is < 2 or > 3 || !double.TryParse(parts[^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            || !int.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)) return null;
        var hours = 0;
        if (parts.Length == 3 && !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out hours)) return null;
        return hours > 10_000 || minutes > 10_000 || seconds > 100_000 ? null : new TimeSpan(hours, minutes, 0) + TimeSpan.FromSeconds(seconds);
    }

    private static string Joined(List<string> lines) => WithoutMarks(string.Join(' ', lines)).Trim();

    // <i>, <c.yellow>, {\an8}; <v Ana> names who speaks.
    private static string WithoutMarks(string text)
    {
        if (text.AsSpan().IndexOfAny('<', '{', '&') < 0) return text;
        var plain = new StringBuilder(text.Length);
        int lastTag = text.LastIndexOf('>'), lastBrace = text.LastIndexOf('}');
        for (var at = 0; at < text.Length; at++)
        {
            var close = text[at] == '<' ? '>' : text[at] == '{' && at + 1 < text.Length && text[at + 1] == '\\' ? '}' : '\0';
            var end = close == '\0' || at > (close == '>' ? lastTag : lastBrace) ? -1 : text.IndexOf(close, at);
            if (end < 0)
            {
                plain.Append(text[at]);
                continue;
            }
            if (text.AsSpan(at).StartsWith("<v ")) plain.Append(text.AsSpan(at + 3, end - at - 3)).Append(": ");
            at = end;
        }
        return WebUtility.HtmlDecode(plain.ToString());
    }

    private static bool IsSpeaker(string text) => text.IndexOf(':', StringComparison.Ordinal) is > 1 and < 30 and var colon && char.IsUpper(text[0]) && !text[..colon].Contains('.');
}
