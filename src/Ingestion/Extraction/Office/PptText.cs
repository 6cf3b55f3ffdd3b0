using System.Text;

namespace Ingestion.Extraction.Office;

/// <summary>One text of a PPT: its kind, its characters, and what is of use of its formatting.</summary>
internal sealed class PptText(Dictionary<uint, string> links)
{
    private const int MaxMark = 10_000;

    private readonly record struct Format(int Length, int Level, bool? Bullet);

    private readonly List<Format> _formats = [];
    private readonly List<(int Start, int End, string Address)> _links = [];
    private string? _address;
    private string _text = "";

    /// <summary>What the text is for: 0 and 6 are titles, 1, 7 and 8 bodies with bullets, 2 notes, 5 subtitles, 4 any other.</summary>
    public int Kind { get; private set; } = 4;

    public bool IsTitle => Kind is 0 or 6;

    public static string Wide(ReadOnlySpan<byte> bytes) => Encoding.Unicode.GetString(bytes);

    public void Take(PptRecord record)
    {
        switch (record.Type)
        {
            case PptType.TextHeader:
                Kind = (int)Math.Min(record.Word(0), 8);
                break;
            case PptType.TextChars:
                _text = Wide(record.Bytes);
                break;
            case PptType.TextBytes:
                // The lower halves of UTF-16.
                _text = Encoding.Latin1.GetString(record.Bytes);
                break;
            case PptType.TextStyle:
                ReadFormats(record);
                break;
            case PptType.Interaction:
                _address = record.Child(PptType.InteractionAtom) is { } atom ? links.GetValueOrDefault(atom.Word(4)) : null;
                break;
            case PptType.TextInteraction when _address is not null:
                _links.Add(((int)Math.Min(record.Word(0), int.MaxValue), (int)Math.Min(record.Word(4), int.MaxValue), _address));
                _address = null;
                break;
        }
    }

    public string Line() => string.Join(' ', Paragraphs().Select(paragraph => paragraph.Text)).Trim();

    /// <param name="numbered">Whether its list has numbers instead of bullets.</param>
    public IEnumerable<OfficeBlock> Blocks(bool numbered)
    {
        var numbers = new int[6];
        foreach (var (text, level, bullet) in Paragraphs())
        {
            if (!(bullet ?? Kind is 1 or 7 or 8))
            {
                numbers.AsSpan().Clear();
                yield return new OfficeBlock(ElementKind.Paragraph, text);
                continue;
            }
            numbers.AsSpan(level + 1).Clear();
            var mark = numbered && ++numbers[level] < MaxMark ? $"{numbers[level]}." : "-";
            yield return new OfficeBlock(ElementKind.ListItem, text, level + 1, mark);
        }
    }

    private IEnumerable<(string Text, int Level, bool? Bullet)> Paragraphs()
    {
        var (run, left) = (0, _formats.Count > 0 ? _formats[0].Length : int.MaxValue);
        for (var start = 0; start <= _text.Length;)
        {
            var end = _text.IndexOf('\r', start);
            if (end < 0) end = _text.Length;
            var format = run < _formats.Count ? _formats[run] : default;
            var text = WithLinks(start, end).Replace('\v', ' ').Trim();
            if (text.Length > 0) yield return (text, Math.Min(format.Level, 4), format.Bullet);

            for (left -= end + 1 - start; left <= 0 && run < _formats.Count; left += run < _formats.Count ? _formats[run].Length : 0) run++;
            start = end + 1;
        }
    }

    private string WithLinks(int start, int end)
    {
        var text = new StringBuilder();
        var at = start;
        foreach (var (from, to, address) in _links)
        {
            if (from < at || to > end || to <= from) continue;
            text.Append(_text, at, from - at).Append('[').Append(_text, from, to - from).Append("](").Append(address).Append(')');
            at = to;
        }
        return text.Append(_text, at, end - at).ToString();
    }

    /// <summary>
    /// Runs of paragraphs: how many characters, the level, a mask that says which values follow, and those.
    /// They cover the text and the paragraph mark that is thought behind it; the runs of characters after them are not needed.
    /// </summary>
    private void ReadFormats(PptRecord record)
    {
        const uint HasBullet = 1, AnyBulletFlag = 0xF, Words = 0x0040_0000 - 1, TabStops = 0x10_0000, WrapFlags = 0xE_0000, Color = 0x20;
        var covered = 0L;
        for (var at = 0; covered <= _text.Length && at + 10 <= record.Bytes.Length;)
        {
            var (length, level, mask) = (record.Word(at), record.Short(at + 4), record.Word(at + 6));
            at += 10;
            bool? bullet = (mask & HasBullet) != 0 ? (record.Short(at) & 1) != 0 : null;
            if ((mask & AnyBulletFlag) != 0) at += 2;
            var others = mask & Words & ~(AnyBulletFlag | TabStops | WrapFlags | Color | 0x200 | 0x8_0000);
            at += 2 * System.Numerics.BitOperations.PopCount(others);
            if ((mask & Color) != 0) at += 4;
            if ((mask & WrapFlags) != 0) at += 2;
            if ((mask & TabStops) != 0) at += 2 + (record.Short(at) * 4);
            covered += length;
            _formats.Add(new Format((int)Math.Clamp(length, 1, int.MaxValue / 2), level, bullet));
        }
    }
}
